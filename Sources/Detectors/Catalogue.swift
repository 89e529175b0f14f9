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
}
