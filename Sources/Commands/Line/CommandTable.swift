import Control
import Simulation

// The one table of commands and options. The parser, the help, the completions and "did you mean" all read it.

/// The commands.
enum CommandName: String, CaseIterable, Sendable {
  case solve, certify, check, calibrate, frontier, simulate, models, help, completions, version
}

/// The options. The raw value is the name after `--`.
enum OptionName: String, CaseIterable, Sendable {
  case json, quiet, threads, seed, set, out, paths, points, span, policy, classes, method, regimes, column, from, clock,
    world, sobol, shard, merge, help
  case upTo = "up-to"
}

/// What stands after an option.
enum OptionValue: Equatable, Sendable {
  /// Nothing: the option is there or not.
  case none
  /// A whole number in a range.
  case integer(ClosedRange<Int>, multipleOf: Int = 1)
  /// One of these words, or else a whole number in the range if there is one.
  case choice([String], orInteger: ClosedRange<Int>? = nil)
  /// Some of these words, with commas between them, or one of the second kind alone.
  case list([String], orOne: [String])
  /// One of these words, or a rule or file that `PolicyRequest` reads.
  case policy([String])
  /// `path=value`.
  case assignment
  /// A date or instant.
  case time
  /// `K/N`, one of N equal shares.
  case share
  case text
  case file
  case directory
}

/// Where an option stands in the help.
enum OptionCategory: String, CaseIterable, Sendable {
  case problem = "The problem"
  case data = "The data"
  case method = "The method"
  case output = "The output"
}

/// One option as its help describes it.
struct OptionSpecification: Sendable {
  let name: OptionName
  let value: OptionValue
  /// What the help calls the value; empty for a flag.
  var placeholder = ""
  /// The value without the option, in words; empty when there is none.
  var standard = ""
  /// The unit of the value; empty when it has none.
  var unit = ""
  var isRepeatable = false
  let category: OptionCategory
  let help: String
}

/// What stands on a command line without a name.
struct OperandSpecification: Sendable {
  let placeholder: String
  let count: ClosedRange<Int>
  /// The words it can be; empty: anything.
  var choices: [String] = []
  /// Whether a shell should offer files.
  var isFile = false
}

/// One command as its help describes it.
struct CommandSpecification: Sendable {
  let name: CommandName
  var operand: OperandSpecification?
  let options: [OptionName]
  /// One line for the list of commands.
  let summary: String
  /// What it does, in a few lines.
  let description: String
  let example: String
}

enum CommandTable {
  /// Paths of a roll-out: at least one block, at most an hour's work.
  static let pathRange = 256...16_777_216
  /// What every reader of JSON keeps: whole numbers up to 2⁵³.
  static let seedRange = 0...(1 << 53)
  static let threadRange = 1...1024
  /// The filter's recursion holds at most eight states.
  static let regimeRange = 1...8
  /// Two ends make a frontier; more than this is a long wait for a smooth line.
  static let pointRange = 2...1000
  /// Beyond a thousand times the model's risk aversion its grid resolves nothing.
  static let spanRange = 2...1000

  /// Fewer scramblings than these have standard errors that are a guess; more are pseudorandom paths in all but name.
  static let scramblingRange = 4...1024
  /// Nobody has more processes.
  static let shardRange = 1...65_536

  /// The solver, and the formulas beside it.
  static let optimal = "optimal"
  static let methods = [optimal, FiniteHorizon.name] + Formula.allCases.map(\.rawValue)
  static let policies =
    [optimal] + classes + Formula.allCases.map(\.rawValue) + ["hourly", "daily", "never", "frictionless"]

  /// Policy classes of an option book; the optimum is always there.
  static let classes = BookClass.allCases.filter { $0 != .optimal }.map(\.rawValue)
  static let (everyClass, noClass) = ("all", "none")

  static let options: [OptionSpecification] = [
    OptionSpecification(
      name: .set, value: .assignment, placeholder: "PATH=VALUE", isRepeatable: true, category: .problem,
      help: "replace a value of the model, e.g. market.regimes[0].volatility=0.9"),
    OptionSpecification(
      name: .policy, value: .policy(CommandTable.policies), placeholder: "POLICY", standard: "every named one",
      isRepeatable: true, category: .problem,
      help: "a policy to roll out: \(CommandTable.policies.joined(separator: ", ")); \(PolicyRequest.forms)"),
    OptionSpecification(
      name: .world, value: .file, placeholder: "WORLD.json5", standard: "the model's", category: .problem,
      help: "where prices come from: a file of Heston's model or of a history drawn again in blocks"),
    OptionSpecification(
      name: .method, value: .choice(CommandTable.methods), placeholder: "NAME", standard: optimal, category: .method,
      help:
        "what finds the bands: optimal (for option books finiteHorizon), or a formula that is followed and compared with it: "
        + Formula.allCases.map(\.rawValue).joined(separator: ", ")),
    OptionSpecification(
      name: .classes, value: .list(CommandTable.classes, orOne: [CommandTable.everyClass, CommandTable.noClass]),
      placeholder: "all|none|LIST", standard: CommandTable.everyClass, category: .method,
      help: "which policy classes of an option book to work out, with commas between them: "
        + CommandTable.classes.joined(separator: ", ")),
    OptionSpecification(
      name: .column, value: .text, placeholder: "NAME", standard: "close, or the only column of numbers",
      category: .data, help: "the column that holds the price"),
    OptionSpecification(
      name: .from, value: .time, placeholder: "TIME", standard: "the first row", unit: "UTC", category: .data,
      help: "leave out rows before this instant"),
    OptionSpecification(
      name: .upTo, value: .time, placeholder: "TIME", standard: "the last row", unit: "UTC", category: .data,
      help: "leave out rows from this instant on"),
    OptionSpecification(
      name: .clock, value: .choice(["calendar", "tradingDays"]), placeholder: "CLOCK", standard: "calendar",
      category: .data,
      help: "how time passes between rows: as on a calendar (365 days a year) or one trading day per row"),
    OptionSpecification(
      name: .regimes, value: .choice(["auto"], orInteger: CommandTable.regimeRange), placeholder: "auto|N",
      standard: "auto", category: .method, help: "how many regimes to fit; auto: the number with the least BIC, up to 4"
    ),
    OptionSpecification(
      name: .points, value: .integer(CommandTable.pointRange), placeholder: "N", standard: "20", category: .method,
      help: "points of the frontier beside the model's own"),
    OptionSpecification(
      name: .span, value: .integer(CommandTable.spanRange), placeholder: "N", standard: "30", category: .method,
      help: "how far risk aversion ranges: from the model's own divided by N to N times it"),
    OptionSpecification(
      name: .paths, value: .integer(CommandTable.pathRange, multipleOf: RollOut.antitheticGroup), placeholder: "N",
      standard: "8192", category: .method,
      help: "paths of the independent simulation, a multiple of \(RollOut.antitheticGroup)"),
    OptionSpecification(
      name: .sobol, value: .integer(CommandTable.scramblingRange), placeholder: "N", standard: "pseudorandom paths",
      category: .method,
      help:
        "draw the coarse course of prices from Sobol's points in N independent scramblings, each of a power of two of paths"
    ),
    OptionSpecification(
      name: .shard, value: .share, placeholder: "K/N", category: .method,
      help: "roll out the K-th of N shares of the paths only, and write it for --merge"),
    OptionSpecification(
      name: .merge, value: .directory, placeholder: "DIR", isRepeatable: true, category: .data,
      help: "put together the shares in this directory instead of rolling out"),
    OptionSpecification(
      name: .seed, value: .integer(CommandTable.seedRange), placeholder: "N",
      standard: "1, for calibrate 0", category: .method,
      help: "seed of the random numbers; the same seed gives the same bytes"),
    OptionSpecification(
      name: .threads, value: .integer(CommandTable.threadRange), placeholder: "N", standard: "one per processor",
      category: .method, help: "threads to use; no number depends on it"),
    OptionSpecification(
      name: .out, value: .directory, placeholder: "PATH", category: .output, help: "where to write the result"),
    OptionSpecification(
      name: .json, value: .none, category: .output, help: "print JSON for machines instead of tables"),
    OptionSpecification(
      name: .quiet, value: .none, category: .output, help: "print no progress and no remarks on standard error"),
    OptionSpecification(name: .help, value: .none, category: .output, help: "print the help of the command"),
  ]

  static let commands: [CommandSpecification] = [
    CommandSpecification(
      name: .solve, operand: OperandSpecification(placeholder: "MODEL", count: 1...1, isFile: true),
      options: [.method, .classes, .set, .paths, .seed, .threads, .out, .json, .quiet, .help],
      summary: "find the bands and intervals, certify them, write the result",
      description: """
        Solves the problem of a model file, checks the solution (grid refinement, the equations, an independent
        simulation), prints what a desk needs and writes the result directory, Results/<name>/ by default.
        When a check fails nothing is emitted, the reasons are printed and the exit status is 1.
        With --method a published formula is followed instead: its bands are emitted with what they cost more than the
        optimum, which is solved and certified beside it. A formula that does not cover the problem is refused.
        """,
      example: "deadband solve Models/btc-short-strangle.json5 --set costs[0].proportional.basisPoints=3"),
    CommandSpecification(
      name: .certify, operand: OperandSpecification(placeholder: "DIRECTORY", count: 1...1, isFile: true),
      options: [.paths, .seed, .threads, .json, .quiet, .help],
      summary: "ask a result's certificate again, from its files alone",
      description: """
        Reads a result directory, checks the digests of its files, solves the problem that it states once more, and puts
        the emitted table, not a new one, to every question of the certificate: values and bands as stated, decisions as
        stated, independent simulation, the bound from below. Without --seed and --paths they are the result's.
        Nothing is written. When a check fails the reasons are printed and the exit status is 1.
        """,
      example: "deadband certify Results/btc-short-strangle --seed 2"),
    CommandSpecification(
      name: .check, operand: OperandSpecification(placeholder: "MODEL", count: 1...1, isFile: true),
      options: [.set, .json, .quiet, .help],
      summary: "validate a model and print the problem as understood, with units",
      description: """
        Reads a model file, reports the first error with its line and column, and otherwise prints the problem as it
        was understood: market, regimes, book with its sensitivities, costs, preference, the grid that would be used,
        and the widths that small-cost formulas suggest.
        """,
      example: "deadband check Models/btc-short-strangle.json5"),
    CommandSpecification(
      name: .calibrate, operand: OperandSpecification(placeholder: "PRICES.csv", count: 1...64, isFile: true),
      options: [.column, .from, .upTo, .clock, .regimes, .seed, .out, .json, .quiet, .help],
      summary: "fit volatility regimes to prices, with standard errors",
      description: """
        Fits a Markov chain of volatility regimes to each file of prices and prints regimes, switching rates, sojourns
        and the comparison by BIC. With --out the market is written as a file that a model can name:
        market: { regimes: { calibrated: "market.json5" } }.
        """,
      example: "deadband calibrate Models/data/sp500_index_1990_2022_1d.csv --clock tradingDays"),
    CommandSpecification(
      name: .frontier, operand: OperandSpecification(placeholder: "MODEL", count: 1...1, isFile: true),
      options: [.set, .points, .span, .threads, .json, .quiet, .help],
      summary: "cost against risk over risk aversion",
      description: """
        Solves the problem of a model file at a range of risk aversions and prints what each costs, what risk it
        leaves and how wide its bands are, each number with an error estimate. With preference.riskBudget the risk
        aversion that meets the budget is found first and marked.
        Nothing is certified and nothing is written.
        """,
      example: "deadband frontier Models/btc-short-strangle.json5 --points 30"),
    CommandSpecification(
      name: .simulate, operand: OperandSpecification(placeholder: "MODEL", count: 1...1, isFile: true),
      options: [
        .policy, .world, .set, .merge, .paths, .sobol, .seed, .shard, .threads, .out, .json, .quiet, .help,
      ],
      summary: "profit and loss of policies on the same random paths",
      description: """
        Solves the problem of a model file and finds the best policy of every class, then rolls policies out on common
        random numbers and prints the criterion, the law of the profit, costs, trades and turnover, each with its
        standard error, and which policies differ from the optimal one by more than chance. With execution.checkEvery
        the optimal bands are those for decisions at those intervals. With --world the policies stay the model's and the
        prices come from elsewhere, which shows what an error of the model costs.
        With --shard K/N one of N processes does its share of the paths and writes it to Results/<name>/shards/ by default;
        --merge puts all of them together, with the bytes of one process. With --out alone the distributions are written
        there for pictures: histogram.csv of the profit, and fan.csv, quantiles of net delta, hedge and profit over time.
        Nothing is certified and nothing else is written.
        """,
      example: "deadband simulate Models/btc-short-strangle.json5 --policy band:4 --policy every:4h"),
    CommandSpecification(
      name: .models, operand: OperandSpecification(placeholder: "DIRECTORY", count: 0...1, isFile: true),
      options: [.json, .help], summary: "list model files with what they are for",
      description: "Lists the model files of a directory, Models by default, each with its first comment line.",
      example: "deadband models"),
    CommandSpecification(
      name: .help,
      operand: OperandSpecification(
        placeholder: "COMMAND", count: 0...1, choices: CommandName.allCases.map(\.rawValue)),
      options: [.help], summary: "explain a command",
      description: "Prints the list of commands, or one command with its options.", example: "deadband help solve"),
    CommandSpecification(
      name: .completions,
      operand: OperandSpecification(
        placeholder: "SHELL", count: 1...1, choices: Shell.allCases.map(\.rawValue)),
      options: [.help], summary: "print a completion script for bash, zsh or fish",
      description: "Prints a script that completes commands and options; load it in the shell's start-up file.",
      example: "source <(deadband completions bash)"),
    CommandSpecification(
      name: .version, options: [.json, .help], summary: "print the versions of the program and its libraries",
      description: "Prints the versions of the program, of the Swift that built it, and of the BLAS and LAPACK in use.",
      example: "deadband version --json"),
  ]

  /// The exit statuses that the help lists.
  static let statuses: [ExitStatus] = [.done, .refused, .failed, .usage, .badData]

  static func command(_ name: CommandName) -> CommandSpecification {
    commands.first { $0.name == name }!
  }

  static func option(_ name: OptionName) -> OptionSpecification {
    options.first { $0.name == name }!
  }
}
