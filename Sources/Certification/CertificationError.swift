import Control
import Simulation

/// What could not be computed on the way to a certificate, as facts of the target that failed.
public enum CertificationError: Error, Equatable, Sendable {
  case control(ControlError)
  case stationary(StationaryError)
  case simulation(SimulationError)
}
