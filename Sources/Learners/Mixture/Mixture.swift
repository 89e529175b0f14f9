import Batches
import Catalogues
import Glibc
import Kernels
import Snapshots

/// The model with nothing to set: many rates, links and baselines learn at once, and what is served is
/// their mixture by `MLpoly` in the loss that is scored.
///
/// Experts, for each link (identity, √ and log1p while no label is negative; log-odds for classes): eight
/// rates of implicit SGD and four of AdaGrad (`FirstOrderExperts`), and where the row is narrow enough or
/// on request second order (`SecondOrderExperts`): for numbers Kalman filters of weights that wander, at several
/// memories, and recursive least squares that forget; for classes online Newton at several forgetting factors. Beside them stand persistence ("same as last time") and, where a season is
/// known, the same of a season ago, and on request trees (for numbers a `ResidualForest`): a mixture is soon no
/// worse than the best of all these.
///
/// With `errors=on` the mixture's last error that had arrived is a feature too, so that an expert is a regression
/// whose noise remembers one step (extended least squares: L. Ljung, System Identification, 1999, ch. 11).
///
/// Rows are standardised by what came before them, clamped to ±5, and both predicted and learned so.
/// Predictions of numbers are clamped to the labels' range and half of it on both sides. The
/// mixture's loss is the absolute error for numbers and log loss for classes.
///
/// `mixture` beside other `--model`s mixes those instead of its own.
///
/// Memory: 128 bytes a feature and link; 8·d² for each second-order block.
struct Mixture: Learner {
  static let parameters: [Parameter] = [
    Parameter(
      "second-order", .choice(default: "auto", of: ["auto", "on", "off"]),
      "recursive least squares (numbers) or online Newton (classes) among the experts; auto: for "
        + "numbers, up to 256 weights"),
    Parameter(
      "forgetting", .reals(default: [], in: 0.5...1),
      "weight that least-squares experts keep from row to row (for numbers 0.998/1, for "
        + "classes 0.9995/0.998/1)"),
    Parameter(
      "memory", .reals(default: [], in: 1...1e15),
      "rows in which the weights of Kalman experts forget where they were (for numbers "
        + "100000/10000; past 256 weights the first of these and of forgetting, past 768 the first of "
        + "these alone)"),
    Parameter(
      "prior", .real(default: 1, in: 1e-9...1e9),
      "the variance of their weights before anything is known, in that of the noise"),
    Parameter("ridge", .real(default: 0.1, in: 1e-9...1e9), "their penalty on squared weights"),
    Parameter(
      "most", .integer(default: 2000, in: 1...8000),
      "weights that they take at most; memory is 8·most² bytes each"),
    Parameter(
      "errors", .choice(default: "off", of: ["off", "on"]),
      "for numbers: the last error of the mixture that had arrived, among the features"),
    Parameter(
      "links", .choice(default: "auto", of: ["auto", "identity"]),
      "auto: also the square root and the logarithm of a target that is never negative"),
    Parameter(
      "pool", .choice(default: "mean", of: ["mean", "log-odds"]),
      "what is mixed for classes: probabilities, or their log-odds"),
    Parameter(
      "trees", .choice(default: "off", of: ["off", "tree", "forest"]),
      "tree: also a Hoeffding tree, for classes an adaptive one; forest: for classes that, an adaptive "
        + "random forest and for two of them boosted trees, for numbers a forest of what a linear "
        + "expert leaves over"),
  ]

  /// The learners that `trees` adds; a forest for numbers is not one of its own.
  private static func trees(_ wish: String, _ task: Task) -> [String] {
    switch (wish, task) {
    case ("tree", .regression): ["hoeffding-tree-regressor"]
    case ("off", _), (_, .regression): []
    case ("tree", _): ["hoeffding-adaptive-tree"]
    case (_, .binary):
      ["hoeffding-adaptive-tree", "adaptive-random-forest", "gradient-boosted-trees"]
    default: ["hoeffding-adaptive-tree", "adaptive-random-forest"]
    }
  }

  static let entry = Entry<LearnerContext, any Learner>(
    "mixture", "many rates, links and baselines at once, mixed by MLpoly: nothing to set",
    parameters: parameters,
    make: { settings, context throws(SpecificationError) in try make(settings, context) })

  static func make(
    _ settings: Settings, _ context: LearnerContext
  ) throws(SpecificationError) -> any Learner {
    let trees = trees(settings.word("trees"), context.task)
    let companions = try Companions.make(context, beside: trees)
    guard context.task != .multiclass else {
      guard settings.isAsBorn || settings.onlyGiven(["trees"]) else {
        throw .unfit(
          entry: "mixture", reason: "for more than two classes it takes trees=… alone")
      }
      return ClassMixture(context, companions)
    }
    return Mixture(settings, context, companions)
  }

  let isBinary: Bool
  let poolsLogOdds: Bool
  private let most: Int
  /// Whether there are fewer second-order experts the more weights they take.
  private let thins: Bool
  /// Dense features of a batch's row; the layout may have one more.
  let denseWidth: Int
  let layout: LinearLayout
  let links: [Link]
  private let blank: Blank
  private(set) var scaler: FeatureScaler
  /// Nil while a call of `learn` has it.
  private var hand: Hand?
  private(set) var first: [FirstOrderExperts]
  private(set) var second: [SecondOrderExperts]
  private(set) var companions: Companions
  private(set) var forest: ResidualForest?
  private(set) var targets: TargetStatistics
  private(set) var pool: MLpoly
  private var tally: LossTally
  /// Nil where errors are no feature.
  private(set) var lastError: LastError?
  private let dissects: Bool
  private(set) var dissections = Dissections()
  private var learned = 0
  private var saidMemory = 0
  private var notices: [LearnerNotice] = []

  /// What is needed to begin again.
  private struct Blank: Sendable {
    let first: [FirstOrderExperts]
    let second: [SecondOrderExperts]
    let companions: Companions
  }

  init(_ settings: Settings, _ context: LearnerContext, _ companions: Companions) {
    isBinary = context.task == .binary
    dissects = context.dissects && !companions.areGiven
    poolsLogOdds = isBinary && settings.word("pool") == "log-odds"
    denseWidth = context.denseWidth
    lastError =
      settings.word("errors") == "on" && !isBinary && !companions.areGiven ? LastError() : nil
    layout = LinearLayout(denseWidth: denseWidth + (lastError == nil ? 0 : 1))
    let wish = settings.word("second-order")
    let isAlone = companions.areGiven
    most = wish == "on" ? settings.integer("most") : min(settings.integer("most"), 256)
    links =
      isAlone
      ? []
      : isBinary
        ? [.logistic] : settings.word("links") == "auto" ? [.identity, .log1p, .sqrt] : [.identity]
    let width = layout.denseCount
    let hasSecond =
      !isAlone && (wish == "on" || (wish == "auto" && !isBinary)) && width <= most
    let links = links
    let layout = layout
    thins = settings.reals("forgetting").isEmpty && settings.reals("memory").isEmpty
    first = links.map { FirstOrderExperts(link: $0, width: width) }
    second =
      hasSecond
      ? Mixture.inverses(settings, isBinary).map {
        SecondOrderExperts($0, links: links, inverse: $1, layout: layout)
      } : []
    self.companions = companions
    blank = Blank(first: first, second: second, companions: companions)
    scaler = FeatureScaler(.standard, limit: 0, width: context.denseWidth)
    targets = TargetStatistics(links: links)
    forest =
      !isAlone && !isBinary && settings.word("trees") == "forest" ? ResidualForest(context) : nil
    let experts =
      links.count * FirstOrderExperts.count + second.count * links.count + companions.count
      + (forest == nil ? 0 : 1)
    pool = MLpoly(experts: experts)
    tally = LossTally(experts: experts, isBinary: isBinary)
    hand = Hand(layout: layout, experts: experts, links: links.count)
  }

  /// The inverses of second-order experts by the experts' names, those first that stay longest.
  private static func inverses(
    _ settings: Settings, _ isBinary: Bool
  ) -> [(String, InverseGram)] {
    let (ridge, prior) = (settings.real("ridge"), settings.real("prior"))
    func wandering(_ memory: Double) -> (String, InverseGram) {
      ("kalman \(Int(memory))", InverseGram(forgetting: 1, ridge: 1 / prior, memory: memory))
    }
    func forgetting(_ factor: Double) -> (String, InverseGram) {
      let name = isBinary ? "newton" : "rls"
      return ("\(name) \(factor)", InverseGram(forgetting: factor, ridge: ridge))
    }
    let (memories, factors) = (settings.reals("memory"), settings.reals("forgetting"))
    guard memories.isEmpty, factors.isEmpty else {
      return memories.map(wandering) + factors.map(forgetting)
    }
    guard !isBinary else { return [0.9995, 0.998, 1].map(forgetting) }
    return [wandering(1e5), forgetting(0.998), wandering(1e4), forgetting(1)]
  }

  var outputs: Int { 1 }
  var memoryBytes: Int {
    first.reduce(0) { $0 + $1.memoryBytes } + second.reduce(0) { $0 + $1.memoryBytes }
      + scaler.memoryBytes + companions.memoryBytes + (forest?.memoryBytes ?? 0)
  }

  /// Places for second-order experts, of whom some may have been left out.
  var secondPlaces: Int { blank.second.count }
  private var firstSecond: Int { first.count * FirstOrderExperts.count }
  private var firstCompanion: Int { firstSecond + blank.second.count * links.count }

  // MARK: - Predicting

  func predict(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    var copy = self
    guard var own = copy.hand.take() else { return }
    copy.companions.predict(batch, rows)
    for i in rows { predictions[i] = copy.answer(batch, i, &own, lastError?.value) }
  }

  /// The mixture for a row, with the experts' answers in `hand`.
  ///
  /// Mutating though it changes nothing: otherwise it is handed a copy of the mixture, with a reference counted for
  /// each of its arrays; an eighth of a run with the defaults.
  private mutating func answer(
    _ batch: borrowing MicroBatch, _ i: Int, _ hand: inout Hand, _ error: Double?
  ) -> Double {
    hand.row.own = error
    hand.row.fill(batch, i, scaler)
    hand.left = forest?.answer(batch, i, hand.row.scaled) ?? 0
    return ask(i, &hand)
  }

  /// The mixture, the last label and the last error that had arrived, and what each expert said.
  var memoWidth: Int { Mixture.saidFrom + pool.weights.count }
  private static let saidFrom = 3

  mutating func predict(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafeMutablePointer<Double>,
    into predictions: inout Predictions
  ) {
    guard var own = hand.take() else { return }
    defer { hand = own }
    companions.predict(batch, row..<row + 1)
    predictions[row] = answer(batch, row, &own, lastError?.value)
    memo[0] = predictions[row]
    memo[1] = Double(companions.persistence.last)
    memo[2] = lastError?.value ?? 0
    own.lend { _, _, p in (memo + Mixture.saidFrom).update(from: p, count: pool.weights.count) }
  }

  /// Every expert's prediction of a row, and their mixture.
  private mutating func ask(_ i: Int, _ hand: inout Hand) -> Double {
    let left = hand.left
    let range = targets.range
    return hand.lend { row, z, p in
      var at = 0
      for l in 0..<first.count {
        first[l].predict(row, into: z + at)
        let link = links[l]
        range.predict(z + at, FirstOrderExperts.count, link, into: p + at)
        at += FirstOrderExperts.count
      }
      for s in 0..<second.count {
        second[s].predict(row, into: z + at)
        for l in 0..<links.count { p[at + l] = range.clamp(links[l].backward(z[at + l])) }
        at += links.count
      }
      replaceSilent(p)
      companions.say(i, into: p + firstCompanion)
      if forest != nil {
        p[firstCompanion + companions.count] = range.clamp(
          links[baseLink].backward(z[base] + left))
      }
      return mixed(p)
    }
  }

  /// The link of the expert whose errors the forest learns, and where its predictor stands.
  private var baseLink: Int { targets.areLinksOpen ? links.count - 1 : 0 }
  private var base: Int {
    second.isEmpty ? baseLink * FirstOrderExperts.count + 3 : firstSecond + baseLink
  }

  /// Experts that no longer speak say what their like at the same place does.
  private mutating func replaceSilent(_ p: UnsafeMutablePointer<Double>) {
    if !targets.areLinksOpen, links.count > 1 {
      for l in 1..<links.count {
        for k in 0..<FirstOrderExperts.count { p[l * FirstOrderExperts.count + k] = p[k] }
        for s in 0..<second.count {
          p[firstSecond + s * links.count + l] = p[firstSecond + s * links.count]
        }
      }
    }
    for k in (firstSecond + second.count * links.count)..<firstCompanion {
      p[k] = second.isEmpty ? p[3] : p[firstSecond + (k - firstSecond) % links.count]
    }
  }

  private mutating func mixed(_ p: UnsafePointer<Double>) -> Double {
    guard poolsLogOdds else {
      let sum = pool.mix(p)
      return isBinary ? LogOdds.clamp(sum) : sum
    }
    var sum = 0.0
    for k in 0..<pool.weights.count { sum += pool.weights[k] * log(p[k] / (1 - p[k])) }
    return LogOdds.probability(sum)
  }

  // MARK: - Learning

  mutating func learn(
    _ batch: borrowing MicroBatch, rows: Range<Int>, into predictions: inout Predictions
  ) {
    learn(batch, rows, memo: nil, into: &predictions)
  }

  mutating func learn(
    _ batch: borrowing MicroBatch, row: Int, memo: UnsafePointer<Double>,
    into scratch: inout Predictions
  ) {
    // What another model left behind says nothing of these experts.
    learn(batch, row..<row + 1, memo: memo[0].isNaN ? nil : memo, into: &scratch)
  }

  private mutating func learn(
    _ batch: borrowing MicroBatch, _ rows: Range<Int>, memo: UnsafePointer<Double>?,
    into predictions: inout Predictions
  ) {
    companions.learn(batch, rows)
    if dissects { dissections.removeAll() }
    // Taken out for as long, so that asking the experts and writing their answers do not overlap.
    guard var own = hand.take() else { return }
    defer { hand = own }
    for i in rows {
      let error = lastError.map { last in memo.map { $0[2] } ?? last.value }
      let mixture = answer(batch, i, &own, error)
      predictions[i] = mixture
      let y = batch.targets[i]
      guard !y.isNaN else { continue }
      if dissects { dissect(batch, i, y, &own) }
      learnResidual(batch, i, y, &own)
      learnRow(y, mixture, importance: batch.weights[i], memo, &own)
      scaler.observe(batch.dense(i))
      let known = memo.map { Int($0[1]) } ?? companions.persistence.last
      companions.persistence.observe(y, after: known)
      let link = links.isEmpty ? .identity : links[baseLink]
      lastError?.observe(link.forward(y) - link.forward(memo?[0] ?? mixture))
      learned += 1
    }
  }

  /// The weights of the mixture move by what the row has shown.
  private mutating func follow(
    _ y: Double, _ mixture: Double, _ p: UnsafeMutablePointer<Double>
  ) {
    tally.observe(y, p)
    if poolsLogOdds {
      // The experts have learned: their probabilities are not needed any more.
      for k in 0..<pool.weights.count { p[k] = log(p[k] / (1 - p[k])) }
      pool.update(gradient: mixture - y, mixed: log(mixture / (1 - mixture)), p)
      return
    }
    let gradient =
      isBinary
      ? (mixture - y) / (mixture * (1 - mixture)) : (mixture > y ? 1 : (mixture < y ? -1 : 0))
    pool.update(gradient: gradient, mixed: mixture, p)
  }

  private mutating func learnRow(
    _ y: Double, _ mixture: Double, importance: Double, _ memo: UnsafePointer<Double>?,
    _ hand: inout Hand
  ) {
    let isFirst = targets.count == 0
    targets.observe(y)
    for l in 0..<links.count { hand.targets[l] = links[l].forward(y) }
    let linkTargets = hand.targets
    hand.lend { row, z, p in
      grow(to: row.width)
      if isFirst, !isBinary {
        for l in 0..<first.count { first[l].startIntercepts(at: linkTargets[l], layout) }
        for s in 0..<second.count { second[s].startIntercepts(at: linkTargets) }
      } else {
        rectify(z, p)
        let live = targets.areLinksOpen ? links.count : min(1, links.count)
        for l in 0..<live {
          first[l].learn(
            row, said: (isBinary ? p : z) + l * FirstOrderExperts.count, target: linkTargets[l],
            importance: importance, scale: isBinary ? 1 : targets.deviation(l))
        }
        for s in 0..<second.count {
          let isSound = second[s].learn(
            row, z: z + firstSecond + s * links.count, targets: linkTargets,
            importance: importance)
          if !isSound { tellRestart(s) }
        }
      }
      guard let memo else { return follow(y, mixture, p) }
      // Weights go by what was said when the row was asked for.
      p.update(from: memo + Mixture.saidFrom, count: pool.weights.count)
      follow(y, memo[0], p)
    }
  }

  /// Experts of numbers as they are learn from what was said for them, so that where a prediction was held at 0 the
  /// row pulls no further: a line that is cut off at 0 fits counts better than one that is not. Mutating, as others are
  /// handed a copy of the mixture.
  private mutating func rectify(_ z: UnsafeMutablePointer<Double>, _ p: UnsafePointer<Double>) {
    guard links.first == .identity else { return }
    for k in 0..<FirstOrderExperts.count { z[k] = p[k] }
    for s in 0..<second.count {
      let at = firstSecond + s * links.count
      z[at] = p[at]
    }
  }

  /// Has the forest learn what its base left over before it learns the row itself.
  private mutating func learnResidual(
    _ batch: borrowing MicroBatch, _ i: Int, _ y: Double, _ hand: inout Hand
  ) {
    guard forest != nil, targets.count > 0 else { return }
    guard y >= 0 || baseLink == 0 else {
      // From here on the base is another.
      forest?.reset()
      return
    }
    let at = base
    let z = hand.lend { _, z, _ in z[at] }
    let residual = links[baseLink].forward(y) - z
    forest?.learn(batch, i, hand.row.scaled, residual: residual, weight: batch.weights[i])
  }

  /// Takes the row apart as the last link's expert sees it: the first of second order, or else the
  /// first-order one that has cost least.
  private mutating func dissect(
    _ batch: borrowing MicroBatch, _ i: Int, _ y: Double, _ hand: inout Hand
  ) {
    let link = links.count - 1
    var best = 0
    if second.isEmpty {
      let own = link * FirstOrderExperts.count
      for k in 1..<FirstOrderExperts.count
      where (tally.mean(own + k) ?? 0) < (tally.mean(own + best) ?? 0) { best = k }
    }
    let block = second.first
    let expert = first[link]
    func weight(_ j: Int) -> Double { block?.weight(j) ?? expert.weight(best, j) }
    let limit = hand.row.limit
    let scaled = hand.row.scaled
    for j in 0..<denseWidth {
      dissections.add(weight(j) * max(-limit, min(limit, scaled[j])))
    }
    let sparse = batch.sparse(i)
    for s in 0..<sparse.count {
      let value = max(-limit, min(limit, sparse.values[s]))
      dissections.add(weight(layout.sparseOffset + Int(sparse.indices[s])) * value)
    }
    // What is no column and no family counts with the intercept.
    var constant = weight(layout.intercept)
    if let own = hand.row.own { constant += weight(denseWidth) * max(-limit, min(limit, own)) }
    dissections.endRow(intercept: constant, target: links[link].forward(y))
  }

  private mutating func tellRestart(_ s: Int) {
    note(
      "inverse-restarted",
      "the inverse of \(second[s].name) lost its positive definiteness; it starts "
        + "again from the prior")
  }

  private mutating func grow(to width: Int) {
    for l in first.indices { first[l].grow(to: width) }
    guard !second.isEmpty, width > second[0].width else { return }
    guard width <= most else {
      second = []
      // Its base is another from here on.
      forest?.reset()
      note(
        "second-order-left",
        "\(width) weights: the second-order experts, which take \(most) at most, are left out "
          + "(second-order=on, most=…)")
      return
    }
    let kept = thins ? Mixture.kept(width, isBinary) : second.count
    if second.count > kept { second.removeLast(second.count - kept) }
    for s in second.indices { second[s].grow(to: width) }
    let bytes = second.reduce(0) { $0 + $1.memoryBytes }
    if bytes > max(1 << 23, 2 * saidMemory) {
      saidMemory = bytes
      note(
        "second-order-memory",
        "the inverses of \(second.count) second-order experts now take \(bytes >> 20) MB (8·d² "
          + "bytes each, \(most) weights at most)")
    }
  }

  /// How many second-order experts so many weights may have.
  private static func kept(_ width: Int, _ isBinary: Bool) -> Int {
    guard width > 256 else { return .max }
    return width <= (isBinary ? 512 : 768) ? 2 : 1
  }

  private mutating func note(_ kind: String, _ text: String) {
    notices.append(LearnerNotice(kind: kind, text: text, learned: learned))
  }

  // MARK: - Reactions

  /// Everything is forgotten, and the window learned row by row.
  mutating func refit(on window: borrowing MicroBatch) -> RefitReport {
    first = blank.first
    second = blank.second
    companions = blank.companions
    forest?.reset()
    scaler.reset()
    targets = TargetStatistics(links: links)
    if lastError != nil { lastError = LastError() }
    pool.reset()
    var scratch = Predictions(rows: window.count, width: 1)
    let before = learned
    // These rows have been counted when they came.
    let counted = tally
    learn(window, rows: 0..<window.count, into: &scratch)
    tally = counted
    guard learned > before else {
      return RefitReport(
        rows: 0, method: "replay of the window", failure: "the window holds no labels")
    }
    return RefitReport(rows: learned - before, method: "replay of the window")
  }

  mutating func refresh() {
    for l in first.indices { first[l].refresh() }
    for s in second.indices { second[s].refresh() }
    scaler.forget(to: 256)
    pool.reset()
  }

  mutating func takeNotices() -> [LearnerNotice] {
    defer { notices.removeAll() }
    return notices
  }

  // MARK: - Accounts

  var experts: [ExpertAccount] {
    var names: [String] = []
    for link in links {
      let suffix = links.count > 1 ? " of \(link.rawValue)" : ""
      names += FirstOrderExperts.names.map { $0 + suffix }
    }
    for block in blank.second {
      names += links.map { link in
        block.name + (links.count > 1 ? " of \(link.rawValue)" : "")
      }
    }
    var seconds: [Double?] = names.map { _ in nil }
    names += companions.names
    seconds += companions.seconds
    if let forest {
      names.append("residual forest")
      seconds.append(forest.seconds)
    }
    return names.indices.map {
      ExpertAccount(
        name: names[$0], weight: pool.weights[$0], share: pool.shares[$0],
        regret: pool.regrets[$0], loss: tally.mean($0), seconds: seconds[$0])
    }
  }

  /// The first-order experts of the plain link, weighted as they are served; nil where none is.
  var linearWeights: LinearWeights? {
    guard let block = first.first else { return nil }
    let own = Array(pool.weights[..<FirstOrderExperts.count])
    let total = own.reduce(0, +)
    guard total > 0 else { return nil }
    var sum: [Double] = []
    for (k, weight) in own.enumerated() {
      let weights = block.weights(k)
      if sum.isEmpty { sum = Array(repeating: 0, count: weights.count) }
      for j in sum.indices { sum[j] += weight / total * weights[j] }
    }
    return LinearWeights(
      dense: Array(sum[..<denseWidth]), sparse: Array(sum[layout.sparseOffset...]),
      intercept: sum[layout.intercept])
  }

  func explainable(
    _ batch: borrowing MicroBatch, _ row: Int, output: Int
  ) -> ExplainableForm {
    form(batch, row)
  }

  func write(to writer: inout SnapshotWriter) {
    writer.write([learned, saidMemory, second.count])
    scaler.write(to: &writer)
    for block in first { block.write(to: &writer) }
    for block in second { block.write(to: &writer) }
    companions.write(to: &writer)
    forest?.write(to: &writer)
    targets.write(to: &writer)
    lastError?.write(to: &writer)
    pool.write(to: &writer)
    tally.write(to: &writer)
  }

  mutating func restore(from reader: inout SnapshotReader) throws(SnapshotError) {
    let numbers = try reader.readInts()
    guard numbers.count == 3, (0...blank.second.count).contains(numbers[2]) else { throw .corrupt }
    (learned, saidMemory) = (numbers[0], numbers[1])
    second = Array(blank.second[..<numbers[2]])
    try scaler.restore(from: &reader)
    for l in first.indices { try first[l].restore(from: &reader) }
    for s in second.indices { try second[s].restore(from: &reader) }
    try companions.restore(from: &reader)
    try forest?.restore(from: &reader)
    try targets.restore(from: &reader)
    try lastError?.restore(from: &reader)
    try pool.restore(from: &reader)
    try tally.restore(from: &reader)
  }
}

/// The row at hand: its features, and what the experts make of it.
private struct Hand: Sendable {
  var row: ActiveRow
  /// The links' targets.
  var targets: [Double]
  /// What the forest says that its base leaves over.
  var left = 0.0
  private var predictors: [Double]
  private var predictions: [Double]

  init(layout: LinearLayout, experts: Int, links: Int) {
    row = ActiveRow(layout: layout)
    targets = Array(repeating: 0, count: links)
    predictors = Array(repeating: 0, count: experts)
    predictions = predictors
  }

  @inline(__always)
  mutating func lend<Result>(
    _ body: (LentRow, UnsafeMutablePointer<Double>, UnsafeMutablePointer<Double>) -> Result
  ) -> Result {
    predictors.withUnsafeMutableBufferPointer { z in
      predictions.withUnsafeMutableBufferPointer { p in
        guard let z = z.baseAddress, let p = p.baseAddress else {
          preconditionFailure("a mixture of nothing")
        }
        return row.lend { body($0, z, p) }
      }
    }
  }
}
