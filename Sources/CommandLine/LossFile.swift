import Engine
import Telemetry

/// Writes what each event cost the served model, in the order in which labels came: CSV with the columns
/// event, loss and error, as detectors and `bootstrap` read it.
final class LossFile {
  private let file: OutputFile

  init(path: String) throws {
    file = try OutputFile(path: path)
    try file.append("event,loss,error\n")
  }

  func append(_ losses: [EventLoss]) throws {
    for loss in losses {
      try file.append { bytes in
        bytes.append(contentsOf: String(loss.event).utf8)
        bytes.append(UInt8(ascii: ","))
        NumberWriter.append(loss.loss, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        NumberWriter.append(loss.error, to: &bytes)
        bytes.append(UInt8(ascii: "\n"))
      }
    }
    try file.flush()
  }
}
