/// Numbers or records per node or row in plain memory, which threads read and write side by side without counting references.
///
/// The owner deallocates. `@unchecked Sendable`: writers keep to disjoint places.
struct NodeArray<Element>: @unchecked Sendable {
  let start: UnsafeMutablePointer<Element>
  let count: Int

  init(repeating value: Element, count: Int) {
    start = .allocate(capacity: count)
    start.initialize(repeating: value, count: count)
    self.count = count
  }

  init(_ values: [Element]) {
    self.init(repeating: values[0], count: values.count)
    copy(from: values)
  }

  @inline(__always)
  subscript(index: Int) -> Element {
    get { start[index] }
    nonmutating set { start[index] = newValue }
  }

  var indices: Range<Int> { 0..<count }

  func copy(from values: [Element]) { for index in indices { start[index] = values[index] } }

  func deallocate() {
    start.deinitialize(count: count)
    start.deallocate()
  }
}
