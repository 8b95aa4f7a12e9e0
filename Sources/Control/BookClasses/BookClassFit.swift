import Formulation
import Glibc

/// Finds the parameters of a class at which J, weighted over the regimes, is least.
///
/// Newton's method on central differences. Edges that move by a part of a spacing between nodes leave a small noise in J, so that differences are taken over steps that stand out from it, and a step that
/// does not lower J ends the search. J is flat at its least: parameters within a per cent of the best cost a ten-thousandth of
/// the loss. A width and a ratio of one regime are taken together, regimes apart: they meet only through switching.
struct BookClassFit {
  /// Where the search begins: one width per regime, as a logarithm, then one ratio per regime or none.
  let start: [Double]
  let hasRatios: Bool
  /// Weights of the regimes.
  let weights: [Double]
  /// J per regime at some parameters.
  let evaluate: ([Double]) -> [Double]

  /// The search ends when its model promises less than this share of J, which that last step still takes: what is left is of the
  /// order of its square.
  private static let settled = 1e-3
  private static let steps = 8
  /// Steps of the differences, of logarithms and ratios alike.
  private static let difference = 0.08
  /// Parameters change by no more in one step.
  private static let reach = 0.5
  /// An inner target nearer to its edge than this trades almost without end.
  static let mostRatio = 0.9
  /// Curvatures are taken for no less than this share of J: a parameter that hardly matters moves little.
  private static let leastCurvature = 1e-4
  /// What a search that stopped short may still promise, as a share of J.
  private static let acceptable = 5e-3
  /// A step that did what its model promised ends the search when what the model is wrong by leaves no more than this share of J:
  /// next to a least value with a third power in it Newton's step leaves `9/16 m²/p` of a promise p that failed by m.
  private static let left = 1e-4

  /// Shares of a step that are tried when the whole of it does not lower J.
  private static let retreats = [0.3, 0.1]

  private var regimes: Int { weights.count }

  private func clipped(_ parameters: [Double]) -> [Double] {
    parameters.enumerated().map { index, value in
      index < regimes ? value : min(Self.mostRatio, max(0, value))
    }
  }

  /// J, its slopes and curvatures, and the mixed curvature of each regime's width and ratio.
  private struct Model {
    var value: Double
    var gradient: [Double]
    var curvature: [Double]
    var mixed: [Double]
  }

  private func objective(_ values: [Double]) -> Double { zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } }

  /// - Parameter value: J there, where it is known.
  private func model(at: [Double], value: Double? = nil) -> Model? {
    let width = Self.difference
    var trials = [at]
    for i in at.indices {
      // A ratio near an end is differenced about a point further inside.
      let centre = i < regimes ? at[i] : min(Self.mostRatio - width, max(width, at[i]))
      for sign in [-1.0, 1] {
        var moved = at
        moved[i] = centre + sign * width
        trials.append(moved)
      }
    }
    if hasRatios {
      for e in 0..<regimes {
        var moved = at
        moved[e] += width
        moved[regimes + e] += at[regimes + e] < 0.5 ? width : -width
        trials.append(moved)
      }
    }
    let values = [value ?? objective(evaluate(at))] + trials.dropFirst().map { objective(evaluate($0)) }
    guard values.allSatisfy(\.isFinite) else { return nil }
    let count = at.count
    var model = Model(value: values[0], gradient: [], curvature: [], mixed: [])
    for i in 0..<count {
      // The parabola through three points, wherever they lie.
      let (low, high) = (trials[1 + 2 * i][i] - at[i], trials[2 + 2 * i][i] - at[i])
      let (down, up) = (values[1 + 2 * i] - values[0], values[2 + 2 * i] - values[0])
      guard low != 0, high != 0 else {
        let far = low == 0 ? (high, up) : (low, down)
        model.gradient.append(far.1 / far.0)
        model.curvature.append(0)
        continue
      }
      let half = (up / high - down / low) / (high - low)
      model.curvature.append(2 * half)
      model.gradient.append(up / high - half * high)
    }
    if hasRatios {
      for e in 0..<regimes {
        let trial = trials[1 + 2 * count + e]
        let (u, v) = (trial[e] - at[e], trial[regimes + e] - at[regimes + e])
        let plain =
          model.gradient[e] * u + model.gradient[regimes + e] * v
          + 0.5 * (model.curvature[e] * u * u + model.curvature[regimes + e] * v * v)
        model.mixed.append((values[1 + 2 * count + e] - values[0] - plain) / (u * v))
      }
    }
    return model
  }

  /// The step to the model's least, regime by regime.
  private func step(_ model: Model, at: [Double]) -> [Double] {
    let least = Self.leastCurvature * max(abs(model.value), .leastNormalMagnitude)
    var step = at.indices.map { -model.gradient[$0] / max(abs(model.curvature[$0]), least) }
    if hasRatios {
      for e in 0..<regimes {
        let f = regimes + e
        let (a, b, c) = (model.curvature[e], model.curvature[f], model.mixed[e])
        let determinant = a * b - c * c
        let isAtEnd = at[f] <= 0 && model.gradient[f] >= 0 || at[f] >= Self.mostRatio && model.gradient[f] <= 0
        if isAtEnd {
          step[f] = 0
        } else if a > least, b > least, determinant > 0 {
          step[e] = (c * model.gradient[f] - b * model.gradient[e]) / determinant
          step[f] = (c * model.gradient[e] - a * model.gradient[f]) / determinant
        }
      }
    }
    return step.map { min(Self.reach, max(-Self.reach, $0)) }
  }

  private func promise(_ model: Model, _ step: [Double]) -> Double {
    var sum = 0.0
    for i in step.indices { sum -= (model.gradient[i] + 0.5 * model.curvature[i] * step[i]) * step[i] }
    if hasRatios { for e in 0..<regimes { sum -= model.mixed[e] * step[e] * step[regimes + e] } }
    return sum
  }

  func run() -> [Double]? {
    var at = clipped(start)
    var left = Double.infinity
    guard var here = model(at: at) else { return nil }
    for _ in 0..<Self.steps {
      let next = clipped(zip(at, step(here, at: at)).map { $0 + $1 })
      let scale = max(abs(here.value), .leastNormalMagnitude)
      left = promise(here, zip(next, at).map { $0 - $1 }) / scale
      if left <= Self.settled {
        at = next
        break
      }
      let value = objective(evaluate(next))
      guard value.isFinite else { return nil }
      if value < here.value {
        let missed = abs(here.value - value - left * scale)
        at = next
        if missed * missed <= Self.left * scale * left * scale {
          left = 0
          break
        }
        guard let there = model(at: next, value: value) else { return nil }
        here = there
        continue
      }
      // The step has left the parabola: a shorter one, or the search is down to the noise.
      var isLower = false
      for share in Self.retreats where !isLower {
        let nearer = zip(at, next).map { $0 + share * ($1 - $0) }
        let value = objective(evaluate(nearer))
        if value < here.value, let there = model(at: nearer, value: value) {
          (at, here) = (nearer, there)
          isLower = true
        }
      }
      if !isLower { break }
    }
    return left <= Self.acceptable ? at : nil
  }
}
