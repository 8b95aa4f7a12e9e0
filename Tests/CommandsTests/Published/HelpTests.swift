import Testing

@testable import Commands

/// What a user reads, as literals.
@Suite struct HelpTests {
  @Test func unknownCommandSuggests() {
    let record = RecordingConsole()
    #expect(Program.run(["slove"], console: record.console) == .usage)
    #expect(
      record.words
        == "deadband: there is no command “slove”; the commands are solve, certify, check, calibrate, frontier, simulate, "
        + "models, help, completions, version; did you mean “solve”?\n")
    #expect(record.output == "")
  }

  @Test(arguments: [[], ["help"], ["--help"], ["-h"]]) func overview(_ arguments: [String]) {
    let record = RecordingConsole()
    #expect(record.run(arguments) == .done)
    #expect(record.words == "")
    #expect(
      record.output == """
        deadband — when should a hedge be rebalanced, and how far?

        Usage: deadband COMMAND …

        Commands:
          solve MODEL                find the bands and intervals, certify them, write the result
          certify DIRECTORY          ask a result's certificate again, from its files alone
          check MODEL                validate a model and print the problem as understood, with units
          calibrate PRICES.csv …     fit volatility regimes to prices, with standard errors
          frontier MODEL             cost against risk over risk aversion
          simulate MODEL             profit and loss of policies on the same random paths
          models [DIRECTORY]         list model files with what they are for
          help [COMMAND]             explain a command
          completions bash|zsh|fish  print a completion script for bash, zsh or fish
          version                    print the versions of the program and its libraries

        Exit status:
          0   done, and certified
          1   refused: a check failed, nothing was emitted
          2   failed: a file, the numerics, or the keyboard
          64  the command line is wrong
          65  the model or the data is wrong

        deadband help COMMAND explains a command. Data goes to standard output, words to standard error.

        """)
  }

  @Test(arguments: [["help", "simulate"], ["simulate", "--help"], ["simulate", "--nonsense", "-h"]])
  func oneCommand(_ arguments: [String]) {
    let record = RecordingConsole()
    #expect(record.run(arguments) == .done)
    #expect(
      record.output == """
        deadband simulate — profit and loss of policies on the same random paths

        Usage: deadband simulate MODEL [OPTION …]

        Solves the problem of a model file and finds the best policy of every class, then rolls policies out
        on common random numbers and prints the criterion, the law of the profit, costs, trades and
        turnover, each with its standard error, and which policies differ from the optimal one by more than
        chance. With execution.checkEvery the optimal bands are those for decisions at those intervals. With
        --world the policies stay the model's and the prices come from elsewhere, which shows what an error
        of the model costs. With --shard K/N one of N processes does its share of the paths and writes it to
        Results/<name>/shards/ by default; --merge puts all of them together, with the bytes of one process.
        With --out alone the distributions are written there for pictures: histogram.csv of the profit, and
        fan.csv, quantiles of net delta, hedge and profit over time. Nothing is certified and nothing else
        is written.

        The problem:
          --policy POLICY      a policy to roll out: optimal, edge, recentre, inner, constantBand,
                               gammaScaled, interval, priceMove, hybridAny, hybridAll, whalleyWilmott,
                               zakamouline, smallFixedCost, leland, hoggardWhalleyWilmott, sepp, hourly,
                               daily, never, frictionless; band:HALF[:TARGET] (net delta in units, back to
                               the edge or to TARGET, 0 ≤ TARGET ≤ HALF), every:TIME (to zero net delta,
                               such as every:4h), or a table of bands FILE.csv; may be repeated (default:
                               every named one)
          --world WORLD.json5  where prices come from: a file of Heston's model or of a history drawn again
                               in blocks (default: the model's)
          --set PATH=VALUE     replace a value of the model, e.g. market.regimes[0].volatility=0.9; may be
                               repeated

        The data:
          --merge DIR  put together the shares in this directory instead of rolling out; may be repeated

        The method:
          --paths N    paths of the independent simulation, a multiple of 16 (default: 8192)
          --sobol N    draw the coarse course of prices from Sobol's points in N independent scramblings,
                       each of a power of two of paths (default: pseudorandom paths)
          --seed N     seed of the random numbers; the same seed gives the same bytes (default: 1, for
                       calibrate 0)
          --shard K/N  roll out the K-th of N shares of the paths only, and write it for --merge
          --threads N  threads to use; no number depends on it (default: one per processor)

        The output:
          --out PATH  where to write the result
          --json      print JSON for machines instead of tables
          --quiet     print no progress and no remarks on standard error
          --help      print the help of the command

        Example: deadband simulate Models/btc-short-strangle.json5 --policy band:4 --policy every:4h

        """)
  }

  @Test func solve() {
    let record = RecordingConsole()
    #expect(record.run(["help", "solve"]) == .done)
    #expect(
      record.output.contains(
        """
        The method:
          --method NAME            what finds the bands: optimal (for option books finiteHorizon), or a
                                   formula that is followed and compared with it: whalleyWilmott,
                                   zakamouline, smallFixedCost, leland, hoggardWhalleyWilmott, sepp
                                   (default: optimal)
          --classes all|none|LIST  which policy classes of an option book to work out, with commas between
                                   them: edge, recentre, inner, constantBand, gammaScaled, interval,
                                   priceMove, hybridAny, hybridAll (default: all)
        """))
  }

  @Test func frontier() {
    let record = RecordingConsole()
    #expect(record.run(["help", "frontier"]) == .done)
    #expect(
      record.output == """
        deadband frontier — cost against risk over risk aversion

        Usage: deadband frontier MODEL [OPTION …]

        Solves the problem of a model file at a range of risk aversions and prints what each costs, what
        risk it leaves and how wide its bands are, each number with an error estimate. With
        preference.riskBudget the risk aversion that meets the budget is found first and marked. Nothing is
        certified and nothing is written.

        The problem:
          --set PATH=VALUE  replace a value of the model, e.g. market.regimes[0].volatility=0.9; may be
                            repeated

        The method:
          --points N   points of the frontier beside the model's own (default: 20)
          --span N     how far risk aversion ranges: from the model's own divided by N to N times it
                       (default: 30)
          --threads N  threads to use; no number depends on it (default: one per processor)

        The output:
          --json   print JSON for machines instead of tables
          --quiet  print no progress and no remarks on standard error
          --help   print the help of the command

        Example: deadband frontier Models/btc-short-strangle.json5 --points 30

        """)
  }

  /// Numbers that scripts rely on.
  @Test func statuses() {
    #expect(ExitStatus.allCases.map(\.rawValue) == [0, 1, 2, 64, 65])
  }

  @Test func modelsAreListedWithTheirPurpose() throws {
    try withTemporaryFolder { folder in
      try smallVault.write(toFile: folder + "/b.json5", atomically: true, encoding: .utf8)
      try "\n/* Second. */\n{}".write(toFile: folder + "/a.json5", atomically: true, encoding: .utf8)
      try "{}".write(toFile: folder + "/c.json5", atomically: true, encoding: .utf8)
      try "// none".write(toFile: folder + "/d.txt", atomically: true, encoding: .utf8)
      let record = RecordingConsole()
      #expect(record.run(["models", folder, "--json"]) == .done)
      #expect(
        record.output == """
          [
            {
              "file": "\(folder)/a.json5",
              "purpose": "Second."
            },
            {
              "file": "\(folder)/b.json5",
              "purpose": "A covered-call vault, small."
            },
            {
              "file": "\(folder)/c.json5"
            }
          ]

          """)
    }
  }
}
