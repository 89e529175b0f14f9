package import Catalogues

extension Catalogue where Context == GeneratorContext, Product == any StreamGenerator {
  /// Every synthetic stream that can be named, one line each.
  package static var generators: Catalogue {
    Catalogue(
      "stream",
      [
        SEA.entry, STAGGER.entry, Agrawal.entry, Hyperplane.entry, LED.entry, RandomTree.entry,
        RandomRBF.entry, Sine.entry, Mixed.entry,
        Friedman.entry,
        Flights.entry, BikeDemand.entry,
        Errors.entry, LatentErrors.entry, SwitchingErrors.entry, SeasonalErrors.entry,
        Bootstrap.entry,
      ])
  }
}
