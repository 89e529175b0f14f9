import Detectors
import Kernels

/// Says of an alarm what moved: which columns, which rows, and whether the inputs moved, the relation, or the data
/// are broken.
///
/// Rows before and after the estimated change are looked at through one column at a time: numbers fall into ten bins
/// of equally many rows before and two beyond them, categories into their levels (the most frequent, the others together). For each
/// column
///
/// - how far its distribution moved (Jensen–Shannon), beside how far the halves of what was before lie apart;
/// - how the loss's change divides between composition and relation (`LossDecomposition`);
/// - whether it is broken (`DataFault`).
///
/// The cause is *data* if a column is broken; else, where the loss changed by three standard errors, *inputs* if the
/// new distribution of one column explains half of that or more, and *relation* if none does; else *inputs* if a
/// column moved twice as far as is usual and visibly, and *unclear* if none did.
///
/// Columns that move on all the time, as dates and counters do, are left out. One column is looked at a time: an input that moved only jointly with others is taken for the relation. Standard
/// errors are those of independent losses: where they cling together, small changes look surer than they are.
///
/// Cost: 2,048 rows of 30 columns take about a millisecond. It is done for an alarm, not for an event.
package enum Localiser {
  private static let fewest = 16
  private static let bins = 10
  private static let mostLevels = 50
  private static let mostShifts = 3
  /// Errors of a loss or of a composition that are taken for a change.
  private static let errors = 3.0
  /// A distance that counts as visible, twice the usual or not.
  private static let visible = 0.2

  /// A column whose halves before lie so far apart moves on all the time, as dates and counters do: it explains
  /// anything, and so nothing.
  private static let restless = 0.8

  /// Compares the rows of events in `from ..< since` with those from `since` on.
  package static func localise(_ memory: RowMemory, since: Int, from: Int, to: Int) -> Localisation
  {
    let past = memory.rows(0..<max(since, 0))
    var before = past.filter { $0.event >= from }
    // An alarm so soon after the last one: what was before that is better than nothing.
    if before.count < fewest * 2 { before = past }
    let after = memory.rows(since..<max(to, since))
    var found = Localisation(since: since, rowsBefore: before.count, rowsAfter: after.count)
    guard min(before.count, after.count) >= fewest else { return found }
    var views: [View] = []
    for feature in 0..<memory.denseWidth where !memory.ignored.contains(feature) {
      views.append(View(numbers: feature, memory, before, after))
    }
    for position in memory.families.indices {
      // Levels are known from all that is remembered: a short stretch before need not have had them all.
      let levels = past.map { memory.level($0, position) }
      if let view = View(levels: position, levels, memory, before, after) { views.append(view) }
    }
    views.removeAll { $0.halves >= restless }
    found.fault = views.lazy.compactMap { view in view.fault.map { (view.feature, $0) } }.first
    let losses = Losses(memory, before, after)
    let splits = views.map { losses.decomposition($0) }
    let whole = splits.lazy.compactMap { $0 }.first
    if let whole { found.loss = losses.means(whole) }
    let hasChanged = whole.map { abs($0.changeInErrors) >= errors } ?? false
    var explanation: (view: Int, share: Double)?
    if hasChanged, let whole {
      for (index, split) in splits.enumerated() {
        guard let split, abs(split.compositionInErrors) >= errors else { continue }
        let share = split.composition / whole.change
        if share > explanation?.share ?? 0 { explanation = (index, share) }
      }
      found.explained = explanation?.share ?? 0
      found.segment = losses.segment(views, splits, change: whole.change)
    }
    let explains = (explanation?.share ?? 0) >= 0.5 ? explanation?.view : nil
    var moved: [Localisation.Shift] = []
    for (index, (view, split)) in zip(views, splits).enumerated() {
      let isVisible = view.distance > 2 * view.usual && view.distance >= visible
      guard isVisible || index == explains else { continue }
      moved.append(
        Localisation.Shift(
          feature: view.feature, distance: view.distance, usual: view.usual, means: view.means,
          composition: split?.composition, bins: view.bins))
    }
    moved.sort { $0.distance - $0.usual > $1.distance - $1.usual }
    // What explains the loss comes first, however little it moved.
    if let explains,
      let place = moved.firstIndex(where: { $0.feature == views[explains].feature })
    {
      moved.insert(moved.remove(at: place), at: 0)
    }
    found.shifts = Array(moved.prefix(mostShifts))
    if found.fault != nil {
      found.cause = .data
    } else if hasChanged {
      found.cause = explains != nil ? .inputs : .relation
    } else if !moved.isEmpty {
      found.cause = .inputs
    }
    return found
  }

  /// One column of the rows before and after: the bin of each, and what can be said of it without losses.
  private struct View {
    let feature: Localisation.Feature
    /// Rows of each bin, by their positions.
    let before: [Int]
    let after: [Int]
    let binCount: Int
    let distance: Double
    /// The distance of the halves of what was before.
    let halves: Double
    /// The greater of that and of what chance makes of so few rows.
    let usual: Double
    let means: (before: Double, after: Double)?
    let fault: DataFault?
    /// Upper ends of a number's bins but for the last.
    private var edges: [Double] = []
    /// Of categories, the level of each bin; the last bin, of all the others, has none.
    private var levelOfBin: [Int] = []

    init(
      numbers feature: Int, _ memory: RowMemory, _ before: [RowMemory.Place],
      _ after: [RowMemory.Place]
    ) {
      self.feature = .dense(feature)
      let had = before.map { memory.value($0, feature) }
      let has = after.map { memory.value($0, feature) }
      var sorted = had
      sorted.removeAll { $0.isNaN }
      sorted.sort()
      var edges: [Double] = []
      if let least = sorted.first, let most = sorted.last {
        // What lies beyond all that was seen before has bins of its own.
        edges = [least] + TwoSampleTest.edges(of: sorted, bins: Localiser.bins) + [most.nextUp]
      }
      // Missing values have a bin of their own, the last.
      func bin(_ value: Double) -> Int {
        guard !value.isNaN else { return edges.count + 1 }
        var bin = 0
        while bin < edges.count, value >= edges[bin] { bin += 1 }
        return bin
      }
      self.edges = edges
      self.before = had.map(bin)
      self.after = has.map(bin)
      binCount = edges.count + 2
      (distance, halves, usual) = View.distances(self.before, self.after, binCount)
      means = (View.mean(had), View.mean(has))
      fault = DataFault.ofNumbers(before: had, after: has, sorted: sorted)
    }

    /// Nil where rows have no such level: the family was not yet there, or is there no longer.
    init?(
      levels position: Int, _ past: [Int], _ memory: RowMemory, _ before: [RowMemory.Place],
      _ after: [RowMemory.Place]
    ) {
      feature = .family(memory.families[position])
      let had = before.map { memory.level($0, position) }
      let has = after.map { memory.level($0, position) }
      guard !had.contains(-1), !has.contains(-1) else { return nil }
      var counts: [Int: Int] = [:]
      for level in had + has { counts[level, default: 0] += 1 }
      let frequent = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        .prefix(Localiser.mostLevels).map(\.key)
      var binOfLevel: [Int: Int] = [:]
      for (bin, level) in frequent.enumerated() { binOfLevel[level] = bin }
      levelOfBin = frequent
      self.before = had.map { binOfLevel[$0] ?? frequent.count }
      self.after = has.map { binOfLevel[$0] ?? frequent.count }
      binCount = frequent.count + 1
      (distance, halves, usual) = View.distances(self.before, self.after, binCount)
      means = nil
      fault = DataFault.ofLevels(past: past, after: has)
    }

    private static func mean(_ values: [Double]) -> Double {
      var (sum, count) = (0.0, 0)
      for value in values where !value.isNaN {
        sum += value
        count += 1
      }
      return sum / Double(count)
    }

    private static func distances(
      _ before: [Int], _ after: [Int], _ count: Int
    ) -> (all: Double, halves: Double, usual: Double) {
      var (early, late) = ([Int](repeating: 0, count: count), [Int](repeating: 0, count: count))
      for (position, bin) in before.enumerated() {
        if position < before.count / 2 { early[bin] += 1 } else { late[bin] += 1 }
      }
      let halves = TwoSampleTest.jensenShannon(early, late)
      for bin in 0..<count { early[bin] += late[bin] }
      let used = Double((0..<count).count { early[$0] > 0 })
      late.withUnsafeMutableBufferPointer { $0.update(repeating: 0) }
      for bin in after { late[bin] += 1 }
      // Of samples of one distribution Σ (p − q)²/p has a mean of (k − 1)(1/n + 1/m), and the divergence, in bits, is
      // an 8·ln 2-th of it: few rows lie apart by chance.
      let size = 1 / Double(before.count) + 1 / Double(after.count)
      let chance = ((used - 1) * size / (8 * 0.6931471805599453)).squareRoot()
      return (TwoSampleTest.jensenShannon(early, late), halves, max(halves, chance))
    }

    /// How many rows each bin has.
    var bins: ShiftBins {
      func counts(_ rows: [Int]) -> [Int] {
        var counts = [Int](repeating: 0, count: binCount)
        for bin in rows { counts[bin] += 1 }
        return counts
      }
      switch feature {
      case .family:
        return ShiftBins(levels: levelOfBin, before: counts(before), after: counts(after))
      case .dense:
        // The last edge is just beyond the greatest value, which says more.
        let told = edges.isEmpty ? [] : edges.dropLast() + [edges[edges.count - 1].nextDown]
        return ShiftBins(edges: told, before: counts(before), after: counts(after))
      }
    }

    /// What the rows of a bin have in common; nil for the bin of all other levels, of missing values, or beyond what was
    /// seen before.
    func members(_ bin: Int) -> Localisation.Members? {
      switch feature {
      case .family(let family):
        return bin < levelOfBin.count ? .level(family: family, index: levelOfBin[bin]) : nil
      case .dense(let feature):
        guard bin > 0, bin < edges.count else { return nil }
        return .range(
          feature: feature, from: bin > 1 ? edges[bin - 1] : -.infinity,
          to: bin < edges.count - 1 ? edges[bin] : .infinity)
      }
    }
  }

  /// The losses of the rows before and after; NaN where no label came.
  private struct Losses {
    let before: [Double]
    let after: [Double]

    init(_ memory: RowMemory, _ before: [RowMemory.Place], _ after: [RowMemory.Place]) {
      self.before = before.map { memory.loss($0) }
      self.after = after.map { memory.loss($0) }
    }

    private func tallies(
      _ losses: [Double], _ bins: [Int], _ count: Int
    ) -> [LossDecomposition.Tally] {
      var tallies = [LossDecomposition.Tally](repeating: .init(), count: count)
      for (loss, bin) in zip(losses, bins) where !loss.isNaN { tallies[bin].add(loss) }
      return tallies
    }

    /// Nil where there are too few losses.
    func decomposition(_ view: View) -> LossDecomposition? {
      guard min(before.count { !$0.isNaN }, after.count { !$0.isNaN }) >= Localiser.fewest else {
        return nil
      }
      return LossDecomposition(
        before: tallies(before, view.before, view.binCount),
        after: tallies(after, view.after, view.binCount))
    }

    func means(_ whole: LossDecomposition) -> (before: Double, after: Double) {
      let known = before.filter { !$0.isNaN }
      let mean = known.reduce(0, +) / Double(known.count)
      return (mean, mean + whole.change)
    }

    /// The bin of any column whose loss rose or fell most beyond all others', if that is more than chance makes of
    /// so many bins.
    func segment(
      _ views: [View], _ splits: [LossDecomposition?], change: Double
    ) -> Localisation.Segment? {
      var best: (contrast: Double, view: Int, bin: Int)?
      var tried = 0
      for (index, split) in splits.enumerated() {
        guard let split else { continue }
        for (bin, contrast) in split.contrasts.enumerated() where contrast != 0 {
          tried += 1
          let strength = change > 0 ? contrast : -contrast
          guard strength > best?.contrast ?? 0, views[index].members(bin) != nil else { continue }
          best = (strength, index, bin)
        }
      }
      guard let best, let split = splits[best.view],
        best.contrast > Localiser.bar(tried),
        let members = views[best.view].members(best.bin)
      else { return nil }
      let view = views[best.view]
      let (b, a) = (
        tallies(before, view.before, view.binCount)[best.bin],
        tallies(after, view.after, view.binCount)[best.bin]
      )
      return Localisation.Segment(
        members: members, share: Double(view.after.count { $0 == best.bin }) / Double(after.count),
        lossBefore: b.mean, lossAfter: a.mean, part: split.within[best.bin] / change)
    }
  }

  /// Standard errors beyond which one of so many contrasts is by chance once in a hundred times (Bonferroni).
  private static func bar(_ tried: Int) -> Double {
    max(errors, -NormalDistribution.quantile(0.01 / Double(max(tried, 1))))
  }
}
