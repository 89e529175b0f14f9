package import Catalogues

extension Catalogue where Context == Void, Product == any DriftDetector {
  /// Every drift detector that can be named, one line each.
  package static var detectors: Catalogue {
    Catalogue(
      "detector",
      [
        BlockConformal.entry,
        MarkovBetting.entry,
        EDetector.entry,
        ADWIN.entry,
        PageHinkley.entry,
        SEED.entry,
        KSWIN.entry,
        DistributionShift.kolmogorovSmirnov,
        DistributionShift.chiSquare,
        DistributionShift.stability,
        DistributionShift.jensenShannon,
        DistributionShift.wasserstein,
        MMD.entry,
        CUSUM.entry,
        GeometricMovingAverage.entry,
        DDM.entry,
        EDDM.entry,
        RDDM.entry,
        HDDMAverage.entry,
        HDDMWeighted.entry,
        EWMAChart.entry,
        STEPD.entry,
      ])
  }

  /// Makes what `text` names for rows of `width` numbers; throws also if it watches single numbers and these are
  /// several, or none.
  package func make(
    _ text: String, width: Int
  ) throws(SpecificationError) -> any DriftDetector {
    let detector = try make(text, ())
    guard width != 1 else { return detector }
    guard width > 0, var rows = detector as? any RowDetector else {
      let fit = names.filter { (try? make($0, ())) is any RowDetector }
      throw .unfit(
        entry: text,
        reason: width > 0
          ? "it watches one number, not rows of \(width); of rows: \(fit.joined(separator: ", "))"
          : "there is no number to watch")
    }
    rows.watch(width: width)
    return rows
  }
}
