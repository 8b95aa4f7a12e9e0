import Simulation

/// The distributions of a simulation as tables for pictures and reports:
///
///     histogram.csv   policy,from,to,share,standardError,unit
///     fan.csv         policy,seconds,quantity,level,value,standardError,unit
///
/// One row per bin of the profit, open ends left empty, and one per instant, quantity and quantile. Numbers have all their digits.
/// *Verified by* `DistributionCommandTests`.
public struct DistributionFiles {
  /// Quantiles of a fan: its middle, halves, nine tenths and what lies in 98 of 100 paths.
  public static let levels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

  private var histograms = "policy,from,to,share,standardError,unit\n"
  private var fans = "policy,seconds,quantity,level,value,standardError,unit\n"
  private let underlying: String
  private let quote: String

  /// - Parameters:
  ///   - underlying: the unit of what is held.
  ///   - quote: the unit of profits.
  public init(underlying: String, quote: String) {
    (self.underlying, self.quote) = (underlying, quote)
  }

  public mutating func add(_ policy: String, histogram: SampleLaw.Histogram) {
    for (bin, share) in histogram.shares.enumerated() {
      let from = bin > 0 ? "\(histogram.edges[bin - 1])" : ""
      let to = bin < histogram.edges.count ? "\(histogram.edges[bin])" : ""
      histograms += row([policy, from, to, "\(share.mean)", "\(share.standardError)", quote])
    }
  }

  public mutating func add(_ policy: String, fan: Fan) {
    for (instant, seconds) in fan.seconds.enumerated() {
      for quantity in Fan.Quantity.allCases {
        let unit = quantity == .profit ? quote : underlying
        for level in Self.levels {
          let found = fan.quantile(quantity, instant: instant, level: level)
          fans += row(
            [
              policy, "\(seconds)", quantity.rawValue, "\(level)", "\(found.mean)", "\(found.standardError)", unit,
            ])
        }
      }
    }
  }

  /// RFC 4180: what holds a comma or a quotation mark is quoted.
  private func row(_ fields: [String]) -> String {
    fields.map { field in
      field.contains(where: { ",\"\n\r".contains($0) })
        ? "\"" + field.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\"" : field
    }.joined(separator: ",") + "\n"
  }

  /// Writes both files, each whole or not at all; makes the directory if need be.
  ///
  /// - Returns: their paths.
  /// - Throws: `InterchangeError.cannotWrite`.
  public func write(to directory: String) throws(InterchangeError) -> [String] {
    try AtomicFile.makeDirectory(directory)
    let files = [("histogram.csv", histograms), ("fan.csv", fans)].map { ("\(directory)/\($0.0)", $0.1) }
    for (path, text) in files { try AtomicFile.write(text, to: path) }
    return files.map(\.0)
  }
}
