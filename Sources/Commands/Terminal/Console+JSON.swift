import Interchange

extension Console {
  /// Writes a value as JSON.
  func output(json value: JSONValue) throws(Failure) {
    do { output(try JSONWriter.text(of: value)) } catch { throw Failure(Explainer.message(error), .failed) }
  }
}
