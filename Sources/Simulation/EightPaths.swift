import VectorMath

/// Eight paths of a block: where their numbers are read and written. Lanes are independent of each other, so that a path's
/// numbers do not depend on which others it is taken with.
protocol EightPaths {
  /// How many of them, from the first on, are different paths; the rest repeat the last of these.
  var count: Int { get }
  /// The number in the block of the path on a lane.
  func path(_ lane: Int) -> Int
  /// A field's numbers on the paths.
  func load(_ field: UnsafeMutablePointer<Lanes>) -> Lanes
  func store(_ value: Lanes, in field: UnsafeMutablePointer<Lanes>)
  /// The paths' pairs, a pair per path of the block, one after the other; `room` is for eight.
  func pairs(
    _ pairs: UnsafeMutablePointer<SIMD2<Double>>, room: UnsafeMutablePointer<SIMD2<Double>>
  ) -> UnsafeMutablePointer<SIMD2<Double>>
}

extension EightPaths {
  /// Adds to a field's numbers on the paths.
  @inline(__always)
  func add(_ amount: Lanes, to field: UnsafeMutablePointer<Lanes>) { store(load(field) + amount, in: field) }

  /// Adds a product, with one rounding.
  @inline(__always)
  func add(product left: Lanes, _ right: Lanes, to field: UnsafeMutablePointer<Lanes>) {
    store(fusedMultiplyAdd(left, right, load(field)), in: field)
  }
}

/// Eight paths that are neighbours: a vector of the block.
struct NeighbouringPaths: EightPaths {
  let vector: Int

  @inline(__always) init(vector: Int) { self.vector = vector }

  @inline(__always) var count: Int { Lanes.scalarCount }

  @inline(__always) func path(_ lane: Int) -> Int { vector &* Lanes.scalarCount &+ lane }

  @inline(__always) func load(_ field: UnsafeMutablePointer<Lanes>) -> Lanes { field[vector] }

  @inline(__always) func store(_ value: Lanes, in field: UnsafeMutablePointer<Lanes>) { field[vector] = value }

  @inline(__always)
  func pairs(
    _ pairs: UnsafeMutablePointer<SIMD2<Double>>, room: UnsafeMutablePointer<SIMD2<Double>>
  ) -> UnsafeMutablePointer<SIMD2<Double>> { pairs + vector &* Lanes.scalarCount }
}

/// Eight paths from anywhere in the block.
struct ScatteredPaths: EightPaths {
  let count: Int
  private let numbers: UnsafePointer<Int32>

  @inline(__always)
  init(_ numbers: UnsafePointer<Int32>, count: Int) {
    self.numbers = numbers
    self.count = count
  }

  @inline(__always) func path(_ lane: Int) -> Int { Int(numbers[lane]) }

  @inline(__always)
  func load(_ field: UnsafeMutablePointer<Lanes>) -> Lanes {
    let values = UnsafeRawPointer(field).assumingMemoryBound(to: Double.self)
    return Lanes(
      values[path(0)], values[path(1)], values[path(2)], values[path(3)], values[path(4)], values[path(5)],
      values[path(6)], values[path(7)])
  }

  /// A path on several lanes has the same number on each.
  @inline(__always)
  func store(_ value: Lanes, in field: UnsafeMutablePointer<Lanes>) {
    let values = UnsafeMutableRawPointer(field).assumingMemoryBound(to: Double.self)
    for lane in 0..<Lanes.scalarCount { values[path(lane)] = value[lane] }
  }

  @inline(__always)
  func pairs(
    _ pairs: UnsafeMutablePointer<SIMD2<Double>>, room: UnsafeMutablePointer<SIMD2<Double>>
  ) -> UnsafeMutablePointer<SIMD2<Double>> {
    for lane in 0..<Lanes.scalarCount { room[lane] = pairs[path(lane)] }
    return room
  }
}

/// A switch that is settled when the kernel is compiled.
protocol CompileTimeFlag { static var isOn: Bool { get } }
enum On: CompileTimeFlag { static var isOn: Bool { true } }
enum Off: CompileTimeFlag { static var isOn: Bool { false } }
