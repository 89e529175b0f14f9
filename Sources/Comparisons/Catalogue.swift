package import Catalogues

extension Catalogue where Context == Void, Product == any PairedTest {
  /// Every test by which a challenger is promoted, one line each.
  package static var pairedTests: Catalogue {
    Catalogue(
      "paired test",
      [
        Betting.entry,
        EmpiricalBernstein.entry,
      ])
  }
}
