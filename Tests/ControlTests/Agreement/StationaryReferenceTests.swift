import Formulation
import Testing

@testable import Control

/// Against a Python program written apart from this one (NumPy, full Newton on smooth fit, degree 26), which states its
/// own thresholds to 1e-11 or better.
@Suite struct StationaryReferenceTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var running: [Double]
    var volatility: [Double]
    var drift: [Double]
    var switching: [[Double]]
    var costs: [TradeCost]
    var discount: Double?
    /// Lower edge, lower target, upper target, upper edge.
    var bands: [[Double]]
    var cost: [Double]
    var runningPart: [Double]
    var trades: [Double]
    var turnover: [Double]
    var timeFromLowerTarget: [Double]
    var timeFromUpperTarget: [Double]
  }

  static let rows = [
    Row(
      testDescription: "two regimes, both costs", running: [1, 1], volatility: [0.6, 1.6], drift: [0, 0],
      switching: [[-0.5, 0.5], [0.5, -0.5]],
      costs: [StationaryExamples.both(0.3, 1), StationaryExamples.both(0.3, 1)], discount: nil,
      bands: [
        [-1.1636823619549985, -0.37697218648612074, 0.3769721864862043, 1.163682361954997],
        [-1.9309682939183814, -0.7134931157156567, 0.7134931157161719, 1.9309682939191162],
      ],
      cost: [1.2607244742898933, 1.2607244742898933], runningPart: [0.46698806135701115, 0.46698806135701115],
      trades: [0.21070452178761478, 0.36501604620815775],
      turnover: [0.1766222666301686, 0.44439797590406743],
      timeFromLowerTarget: [2.337776897904664, 1.3901302201700894],
      timeFromUpperTarget: [2.3377768979045936, 1.3901302201700745]),
    Row(
      testDescription: "drift and unequal costs", running: [1, 1], volatility: [0.6, 1.6], drift: [0.3, -0.2],
      switching: [[-0.5, 0.5], [0.5, -0.5]],
      costs: [StationaryExamples.both(0.3, 1), StationaryExamples.both(0.1, 2)], discount: nil,
      bands: [
        [-1.272295987397904, -0.5705470249683843, 0.1752882810996255, 1.0349214907866182],
        [-2.0113821097955222, -1.1744200309297854, 1.357944708721858, 2.16312603417271],
      ],
      cost: [1.6141201704100523, 1.6141201704100523], runningPart: [0.5731355297866807, 0.5731355297866807],
      trades: [0.2694691852406902, 0.41016646829634495],
      turnover: [0.24268043795093955, 0.338223400135136],
      timeFromLowerTarget: [2.4142371019382183, 1.0378211854897113],
      timeFromUpperTarget: [2.0733312953825385, 0.9858666748151952]),
    Row(
      testDescription: "discounted", running: [1, 1], volatility: [0.6, 1.6], drift: [0, 0],
      switching: [[-0.5, 0.5], [0.5, -0.5]],
      costs: [StationaryExamples.both(0.3, 1), StationaryExamples.both(0.3, 1)], discount: 2,
      bands: [
        [-2.1545063468180885, -1.0590557742054734, 1.059055774205631, 2.1545063468185552],
        [-2.713413130634381, -1.2463568166779497, 1.2463568166781525, 2.7134131306356872],
      ],
      cost: [0.16569947488430217, 0.4799098365640362], runningPart: [0.13854586920461956, 0.3657427533512128],
      trades: [0.07717854917210439, 0.20272513993298666],
      turnover: [0.08686366164853043, 0.2974091965365875],
      timeFromLowerTarget: [4.561553376890342, 3.1961794605965146],
      timeFromUpperTarget: [4.561553376890396, 3.1961794605971763]),
    Row(
      testDescription: "three regimes", running: [1, 2, 0.5], volatility: [0.4, 1, 2], drift: [0, 0, 0],
      switching: [[-2, 1.5, 0.5], [1, -3, 2], [0.2, 2, -2.2]],
      costs: [StationaryExamples.both(0.1, 0.5), StationaryExamples.both(0.2, 0.5), StationaryExamples.both(0.3, 1)],
      discount: nil,
      bands: [
        [-0.7434177433203851, -0.25008092831481005, 0.25008092831429835, 0.7434177433198191],
        [-1.1169282642954899, -0.30866087117474034, 0.30866087117391877, 1.1169282642948049],
        [-3.4758263882802694, -1.546499901762536, 1.5464999017627068, 3.475826388281223],
      ],
      cost: [1.1091747894899868, 1.1091747894899868, 1.1091747894899868],
      runningPart: [0.4578934359157594, 0.4578934359157594, 0.4578934359157594],
      trades: [0.17928193974978726, 0.58686116512919, 0.0586338864521949],
      turnover: [0.12321408836967511, 0.6473196126263763, 0.11312391013971111],
      timeFromLowerTarget: [1.5043147763175164, 1.1831797518830045, 0.6129779780231132],
      timeFromUpperTarget: [1.5043147763174858, 1.1831797518832436, 0.6129779780232548]),
  ]

  @Test("Bands, costs, rates and times agree", arguments: rows)
  func agree(_ row: Row) throws {
    let solution = try StationarySolver().solve(
      StationaryExamples.problem(
        running: row.running, volatility: row.volatility, drift: row.drift, switching: row.switching,
        costs: row.costs, discount: row.discount))
    #expect(solution.isVerified, "\(solution.residual)")
    for (e, regime) in solution.regimes.enumerated() {
      let expected = row.bands[e]
      let band = Band(lower: expected[0], upper: expected[3], targetLower: expected[1], targetUpper: expected[2])
      #expect(regime.band.distance(to: band) < 1e-10, "\(regime.band)")
      #expect(relative(regime.cost.total.value, row.cost[e]) < 1e-10)
      #expect(relative(regime.cost.running.value, row.runningPart[e]) < 1e-9)
      #expect(relative(try #require(regime.tradesPerTime).value, row.trades[e]) < 1e-9)
      #expect(relative(try #require(regime.turnover).value, row.turnover[e]) < 1e-9)
      #expect(relative(try #require(regime.timeFromLowerTarget).value, row.timeFromLowerTarget[e]) < 1e-9)
      #expect(relative(try #require(regime.timeFromUpperTarget).value, row.timeFromUpperTarget[e]) < 1e-9)
    }
  }
}
