import Calibration
import Foundation
import Interchange

/// `deadband calibrate`: from prices to regimes, with standard errors, and a market file.
struct CalibrateAction {
  let parsed: ParsedCommand
  let console: Console

  /// Trading days in a year: the usual count of sessions of United States equities, as in model files.
  static let tradingDaysPerYear = 252.0
  /// `auto` compares 1 to this many regimes by BIC, as in model files.
  static let mostRegimes = 4

  func run() throws(Failure) -> ExitStatus {
    let files = parsed.operands
    let out = parsed.text(.out)
    if out != nil, files.count > 1 {
      throw Failure(Explainer.message(.severalResults(command: .calibrate, inputs: files.count)), .usage)
    }
    Interruption.undo(of: console)
    defer { Interruption.nothingToUndo() }
    var encoded: [JSONValue] = []
    for file in files {
      let (fit, calibration) = try calibrate(file)
      let text: String
      do { text = try calibration.text() } catch { throw Failure(Explainer.message(error), .failed) }
      if let out {
        do { try AtomicFile.write(text, to: out) } catch { throw Failure(Explainer.message(error), .failed) }
      }
      if parsed.has(.json) {
        // The market file is JSON5; read back, it is the same content without comments.
        guard let document = try? JSON5Document(parsing: text) else {
          throw Failure("the market file is not JSON5", .failed)
        }
        encoded.append(JSONValue(document.root))
        continue
      }
      var screen = Screen(style: Style(isColoured: console.usesColour))
      CalibrationScreen(fit: fit, calibration: calibration).draw(on: &screen)
      if let out {
        screen.section("Written")
        screen.note(out)
      }
      console.output(screen.text)
    }
    if parsed.has(.json) { try console.output(json: encoded.count == 1 ? encoded[0] : .array(encoded)) }
    return .done
  }

  private func calibrate(_ file: String) throws(Failure) -> (MarketFit, MarketCalibration) {
    let options = PriceOptions(
      priceColumn: parsed.text(.column), from: parsed.text(.from).flatMap(PriceOptions.seconds),
      upTo: parsed.text(.upTo).flatMap(PriceOptions.seconds))
    let count = parsed.integer(.regimes).map { RegimeCount.fixed($0) } ?? .automatic(upTo: CalibrateAction.mostRegimes)
    let clock: Clock =
      parsed.text(.clock) == "tradingDays" ? .tradingDays(perYear: CalibrateAction.tradingDaysPerYear) : .calendar
    let fit: MarketFit
    do {
      let series = try PriceSeries(path: file, options: options)
      fit = try MarketFit.fit(
        series, clock: clock, options: RegimeOptions(count: count, seed: UInt64(parsed.integer(.seed) ?? 0)))
    } catch { throw Failure(Explainer.message(error, file: file), .badData) }
    do {
      let name = URL(filePath: file).lastPathComponent
      return (fit, MarketCalibration(fit, source: name, sha256: try Digest.sha256(ofFile: file)))
    } catch { throw Failure(Explainer.message(error), .failed) }
  }
}
