import ArgumentParser
import Batches

/// The options of `weir replay` that make labels late.
struct LateReplayOptions: ParsableArguments {
  @Option(
    help:
      "Rows go out without their label, which follows on the same pipe as a row of its own with the id: so many events later, or by the data's clock: 24 or 24h."
  )
  var labelDelay: String?
  @Option(
    help: "Each label comes up to so much later still, by chance, so that they are out of order.")
  var labelJitter: String?
  @Option(help: "The share of labels that never come (0).")
  var labelLoss: Double?
  @Option(help: "The share of labels that come twice (0).")
  var labelRepeat: Double?
  @Option(help: "The label's column, of a file.")
  var target: String?
  @Option(
    help: "The column that tells rows apart; without one a column id with the row's number is made."
  )
  var id: String?
  @Option(help: "Columns that would tell the label and come with it: a,b,c.")
  var withhold: String?
  @Option(help: "Seed of chance: the same gives the same bytes.")
  var seed = 1

  /// What is to be done; nil: labels stay where they are.
  func plan() throws -> LateReplay.Plan? {
    func usage(_ message: String) -> Failure { Failure(message: message, code: Exit.usage) }
    guard let labelDelay else {
      guard labelJitter == nil, labelLoss == nil, labelRepeat == nil else {
        throw usage("--label-jitter, --label-loss and --label-repeat need --label-delay")
      }
      return nil
    }
    func interval(_ text: String, _ name: String) throws -> StreamInterval {
      guard let interval = StreamInterval(text) else {
        throw usage("--\(name) \(text): expected events or time: 24, 36h, 7d")
      }
      return interval
    }
    var plan = LateReplay.Plan(delay: try interval(labelDelay, "label-delay"))
    plan.jitter = try labelJitter.map { try interval($0, "label-jitter") }
    switch (plan.delay, plan.jitter) {
    case (.events, .seconds?), (.seconds, .events?):
      throw usage("--label-delay and --label-jitter: both in events, or both in time")
    default: break
    }
    for (name, share) in [("loss", labelLoss), ("repeat", labelRepeat)] {
      guard (0...1).contains(share ?? 0) else {
        throw usage("--label-\(name) \(share ?? 0): expected a share from 0 to 1")
      }
    }
    (plan.loss, plan.repeats, plan.seed) = (labelLoss ?? 0, labelRepeat ?? 0, seed)
    return plan
  }
}
