import Batches
import Catalogues
import Learners
import Snapshots

/// A model as another run has left it, to take part in this one from its beginning: it goes on from what it knows.
///
/// Its learner alone comes along; scores, detectors, window and calibration are this run's and begin anew. It is made as any
/// other model of its specification and then takes the state over, so it has to have been made under the same
/// circumstances: whatever a learner is shaped by beside its parameters.
package struct ReadyModel: Sendable {
  /// What it is called in this run.
  package let name: String
  let specification: String
  /// The models of its own run that it mixes, if it is a mixture.
  let companions: [String]
  let circumstances: Circumstances
  /// The learner, as it writes itself.
  let state: [UInt8]

  /// What shapes a learner beside its parameters.
  struct Circumstances: Equatable {
    let schema: Schema
    let families: [String]
    let season: StreamInterval?
    let labelDelay: Int
    let hasLabelsByID: Bool
    let dissects: Bool

    /// Why a model that was made under others does not fit these; nil: it fits.
    func misfit(_ others: Circumstances) -> String? {
      if schema != others.schema { return "it was made for other features" }
      if families != others.families { return "it was made for other categories and crosses" }
      if season != others.season { return "it was made for another --season" }
      if labelDelay != others.labelDelay || hasLabelsByID != others.hasLabelsByID {
        return
          "its labels came later or earlier: give --label-delay, or --late-labels, as in its run"
      }
      if dissects != others.dissects { return "--screen is not as in its run" }
      return nil
    }
  }
}

extension Engine {
  private var circumstances: ReadyModel.Circumstances {
    ReadyModel.Circumstances(
      schema: schema, families: families.map(\.name), season: options.season,
      labelDelay: options.labelDelay, hasLabelsByID: options.waitRows > 0,
      dissects: options.screens)
  }

  /// The model that is served now, to take part in another run under this name.
  package func readyModel(named name: String) -> ReadyModel {
    let runner = runners[served]
    var writer = SnapshotWriter()
    runner.learner.write(to: &writer)
    return ReadyModel(
      name: name, specification: runner.specification, companions: runner.companions,
      circumstances: circumstances, state: writer.payload)
  }

  /// Takes a model in that knows something already.
  mutating func addRunner(_ ready: ReadyModel) throws(SpecificationError) {
    if let reason = circumstances.misfit(ready.circumstances) {
      throw .unfit(entry: ready.name, reason: reason)
    }
    try addRunner(
      ready.specification, born: 0,
      guest: ModelRunner.Guest(name: ready.name, companions: ready.companions))
    var state = SnapshotReader(payload: ready.state)
    do {
      try runners[runners.count - 1].take(ready: &state)
    } catch {
      throw .unfit(entry: ready.name, reason: "its state is \(error.message)")
    }
  }
}

extension ModelRunner {
  /// What a model that was another run's has from there, beside what it knows.
  struct Guest {
    let name: String
    let companions: [String]
  }

  /// What a model is called in snapshots: its specification; of a guest its name, its specification and the models that
  /// it mixes, on lines of their own.
  var written: String {
    isGuest ? ([name, specification] + companions).joined(separator: "\n") : specification
  }

  /// The specification, and whose guest it is.
  static func read(_ written: String) -> (specification: String, guest: Guest?) {
    let lines = written.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.count > 1 else { return (written, nil) }
    return (lines[1], Guest(name: lines[0], companions: Array(lines[2...])))
  }

  /// Goes on from what a learner of the same kind has written: there is nothing to warm up.
  mutating func take(ready state: inout SnapshotReader) throws(SnapshotError) {
    try learner.restore(from: &state)
    guard state.left == 0 else { throw .corrupt }
    isWarm = true
  }
}
