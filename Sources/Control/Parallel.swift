import Dispatch

/// Runs the parts of a job side by side and waits for all of them; one part runs at once.
func parallel(_ parts: Int, _ body: @escaping @Sendable (Int) -> Void) {
  if parts == 1 { body(0) } else { DispatchQueue.concurrentPerform(iterations: parts, execute: body) }
}
