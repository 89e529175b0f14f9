import Engine
import Telemetry

/// Writes what each event cost the served model, in the order in which labels came: CSV with the columns
/// event, loss and error, as detectors and `bootstrap` read it.
final class LossFile {
  let file: OutputFile

  init(path: String, keeping: Int = 0) throws {
    file = try OutputFile(path: path, keeping: keeping)
    if keeping == 0 { try file.append("event,loss,error\n") }
  }

  func append(_ losses: [EventLoss]) throws {
    for loss in losses {
      try file.append(String(loss.event))
      try file.append(atMost: 2 * NumberWriter.mostBytes + 3) { out in
        out[0] = UInt8(ascii: ",")
        var count = 1 + NumberWriter.write(loss.loss, to: out + 1)
        out[count] = UInt8(ascii: ",")
        count += 1
        count += NumberWriter.write(loss.error, to: out + count)
        out[count] = UInt8(ascii: "\n")
        return count + 1
      }
    }
    try file.flush()
  }
}
