import Formulation
import Testing

/// Functions of the deviation: pieces, slopes, units, and what is refused.
@Suite struct DeviationFunctionTests {
  @Test("pieces hold from their knot on") func values() throws {
    let function = try DeviationFunction(
      knots: [-1, 0.5], pieces: [[2, 1], [1, 0], [0.25, 1, 1]], field: "")
    let rows: [(Double, Double)] = [(-3, -1), (-1, 1), (0, 1), (0.5, 1), (2, 6.25)]
    for (x, expected) in rows { #expect(function.value(at: x) == expected, "\(x)") }
    #expect(function.slope(at: -2) == 1)
    #expect(function.slope(at: 0) == 0)
    #expect(function.slope(at: 2) == 5)
  }

  @Test("points are joined by straight lines that go on") func points() throws {
    let function = try DeviationFunction(through: [(-1, 3), (0, 1), (2, 2)], field: "")
    for (x, expected) in [(-3.0, 7.0), (-1, 3), (-0.5, 2), (0, 1), (1, 1.5), (4, 3)] {
      #expect(abs(function.value(at: x) - expected) < 1e-15, "\(x)")
    }
  }

  @Test("other units are other coefficients of the same function") func units() throws {
    let function = try DeviationFunction(knots: [0.5], pieces: [[0, 1, 3], [0.25, 1, 0, 0, 0, 16]], field: "")
    let scaled = function.rescaled(argument: 0.3, by: 7)
    for x in [-4.0, -1, 0, 1, 1.6, 1.7, 3, 9] {
      let expected = 7 * function.value(at: 0.3 * x)
      #expect(abs(scaled.value(at: x) - expected) <= 1e-14 * abs(expected), "\(x)")
    }
  }

  @Test("a jump, knots out of order and too few polynomials are refused") func refuses() {
    func error(_ knots: [Double], _ pieces: [[Double]]) -> FormulationError? {
      do {
        _ = try DeviationFunction(knots: knots, pieces: pieces, field: "f")
        return nil
      } catch { return error }
    }
    #expect(error([1], [[0], [1]]) == .unsupported(field: "f", what: "a jump at 1.0, from 0.0 to 1.0"))
    #expect(error([1, 1], [[0], [0], [0]])?.field == "f.knots")
    #expect(error([1], [[0]]) == .wrongCount(field: "f.polynomials", found: 1, expected: 2))
    #expect(error([], [[.nan]])?.field == "f")
  }

  @Test("a running cost has to grow on either side") func grows() throws {
    func isAllowed(_ polynomial: [Double], weight: Double = 0) throws -> Bool {
      let regime = TrackingRegime(
        name: "a", volatility: 1, runningCost: .quadratic(weight),
        variation: DeviationVariation(runningCost: try DeviationFunction(polynomial: polynomial, field: "")))
      let problem = try? TrackingProblem(
        name: "x", criterion: .longRunAverage, regimes: [regime], generator: .frozen(count: 1), costs: [.fixed(1)])
      return problem != nil
    }
    #expect(try isAllowed([0, 0, 0, 0, 1]))
    #expect(try isAllowed([0, 5, -1, 0, 1]))
    #expect(try isAllowed([0, 5], weight: 1))
    #expect(try !isAllowed([0, 0, 0, 1]))
    #expect(try !isAllowed([0, 0, 0, 1], weight: 1))
    #expect(try !isAllowed([0, 0, -1], weight: 1))
    #expect(try !isAllowed([3]))
  }
}
