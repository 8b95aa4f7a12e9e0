import Control
import Formulation
import Glibc

func now() -> Double {
  var t = timespec()
  clock_gettime(CLOCK_MONOTONIC, &t)
  return Double(t.tv_sec) + 1e-9 * Double(t.tv_nsec)
}
func straddle(
  k: Double, K: Double, a: Double, vols: [Double] = [0.5, 1.2], q: [[Double]] = [[-6, 6], [24, -24]],
  settlement: Settlement = .none, sign: Double = -1, days: Double = 30
) throws -> OptionBookProblem {
  let v = Instant("2026-01-01T00:00:00Z")!
  let e = v.adding(seconds: days * 86400)
  let regimes = vols.enumerated().map { Regime(name: "r\($0.offset)", volatility: $0.element) }
  let env = try EnvironmentChain(regimes: regimes, generator: vols.count == 1 ? .frozen(count: 1) : Generator(q))
  let m = Market(underlying: "X", quote: "USD", spot: 100, rate: 0, environment: env)
  let cost = TradeCost(fixed: K, proportionalBuy: k, proportionalSell: k)
  return try OptionBookProblem(
    name: "s", valuation: v, market: m,
    positions: [
      Position(
        name: "C", instrument: .option(kind: .call, strike: 100, expiry: e), quantity: sign, impliedVolatilities: [0.8]),
      Position(
        name: "P", instrument: .option(kind: .put, strike: 100, expiry: e), quantity: sign, impliedVolatilities: [0.8]),
    ],
    costs: vols.map { _ in cost }, preference: .quadratic(riskAversion: a), settlement: settlement)
}
let args = CommandLine.arguments.dropFirst().map { Double($0)! }
let k = args[args.startIndex]
let K = args[args.startIndex + 1]
let a = args[args.startIndex + 2]
let maxLevel = args.count > 3 ? Int(args[args.startIndex + 3]) : 2
let nreg = args.count > 4 ? Int(args[args.startIndex + 4]) : 2
let p = try straddle(k: k, K: K, a: a, vols: nreg == 1 ? [0.8] : [0.5, 1.2])

var f3 = [4.0, 4, 4]
if args.count > 7 { f3 = [args[args.startIndex + 5], args[args.startIndex + 6], args[args.startIndex + 7]] }
for l in 0...maxLevel {
  let f = pow(2.0, Double(l))
  let g = maxLevel == 0 ? f3 : [f, f, f]
  let s = GridSettings(spots: Int(100 * g[0]), holdings: Int(50 * g[1]) + 1, steps: Int(125 * g[2]))
  let t0 = now()
  let sol = try FiniteHorizon(settings: s, threads: 2).solve(p)
  let t1 = now()
  let unk = Double(sol.grid.logSpots.count * sol.grid.holdings.count * (sol.grid.times.count - 1) * nreg)
  print("level \(l) \(g) time \((t1 - t0)) ns \((t1 - t0) * 2e9 / unk)")
  for e in 0..<nreg {
    let b = sol.band(regime: e)
    print(
      "   V0 \(sol.value(regime: e, inventory: 0)) band \(b.lower) \(b.targetLower) \(b.targetUpper) \(b.upper)",
      terminator: "")
    let b2 = sol.band(time: 0, regime: e, logSpot: log(90))
    print("  @90: \(b2.lower) \(b2.targetLower) \(b2.targetUpper) \(b2.upper)")
  }
}
