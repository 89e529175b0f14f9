import CLanes

/// A row of a block on its way through all rates of a grid at once (see `RateGrid`).
package struct GridRow {
  private var grid: weir_grid

  /// Shapes: `lanes` rates, a multiple of 4; cross products block × block; predictors and steps block × lanes; shrink
  /// one row more.
  package init(
    lanes: Int, block: Int, crossBefore: UnsafePointer<Double>, crossAfter: UnsafePointer<Double>,
    before: UnsafeMutablePointer<Double>, after: UnsafeMutablePointer<Double>,
    steps: UnsafeMutablePointer<Double>, shrink: UnsafeMutablePointer<Double>,
    rates: UnsafePointer<Double>, factors: UnsafePointer<Double>,
    intercepts: UnsafeMutablePointer<Double>, losses: UnsafeMutablePointer<Double>,
    decay: Double, clip: Double, isLogistic: Bool
  ) {
    grid = weir_grid(
      lanes: Int64(lanes), block: Int64(block), cross_before: crossBefore,
      cross_after: crossAfter, before: before, after: after, steps: steps, shrink: shrink,
      rates: rates, factors: factors, intercepts: intercepts, losses: losses, label: 0,
      weight: 1, decay: decay, clip: clip, bound: 0, is_logistic: isLogistic ? 1 : 0)
  }

  /// Makes `before` and `after` of row `i` its predictors at each rate; whether any of those that learn is further than
  /// `bound` from 0, or for numbers from the label.
  package mutating func predict(_ i: Int, label: Double, bound: Double) -> Bool {
    grid.label = label
    grid.bound = bound
    return weir_grid_predict(&grid, Int64(i)) != 0
  }

  /// Takes the label of row `i`: its cost to each rate, and each rate's step.
  package mutating func learn(_ i: Int, weight: Double) {
    grid.weight = weight
    weir_grid_learn(&grid, Int64(i))
  }
}
