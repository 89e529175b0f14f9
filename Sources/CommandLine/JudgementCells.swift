import Studies
import Telemetry

extension Judgement {
  /// What a table has of it, each figure with its 95 % interval.
  var cells: DataTable.Cells {
    let (delay, recallRange) = (delay, recallInterval)
    let alarms = falseAlarmsPerThousandInterval
    return [
      ("episodes", .int(episodes)), ("found", .int(delays.count)), ("missed", .int(missed)),
      ("recall", .number(recall)), ("recall_low", .number(recallRange.lowerBound)),
      ("recall_high", .number(recallRange.upperBound)), ("delay", .number(delay?.median)),
      ("delay_low", .number(delay?.interval.lowerBound)),
      ("delay_high", .number(delay?.interval.upperBound)),
      ("false_alarms", .int(falseAlarms)), ("false_per_1000", .number(falseAlarmsPerThousand)),
      ("false_low", .number(alarms.lowerBound)), ("false_high", .number(alarms.upperBound)),
      ("between_false", .number(meanTimeBetweenFalseAlarms)), ("repeats", .int(repeats)),
      ("f1", .number(f1)),
    ]
  }
}
