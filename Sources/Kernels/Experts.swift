import CLanes

/// Twelve linear models whose weights stand side by side (see `FirstOrderExperts`), a row at a time.
package enum Experts {
  /// Numbers that a feature takes: eight weights and four, and four inverse roots.
  package static let stride = 16

  /// The twelve predictors of a row of `count` features; indices from `known` on have no weights yet.
  @inline(__always)
  package static func predict(
    _ table: UnsafePointer<Double>, known: Int, _ indices: UnsafePointer<Int32>,
    _ values: UnsafePointer<Double>, _ count: Int, into z: UnsafeMutablePointer<Double>
  ) {
    weir_experts_predict(table, Int64(known), indices, values, Int64(count), z)
  }

  /// What a label teaches.
  package struct Lesson {
    let target: Double
    let importance: Double
    /// Σ value² of the row.
    let norm: Double
    /// The scale of the target.
    let scale: Double
    /// Whether the target is a class.
    let isLogistic: Bool

    package init(
      target: Double, importance: Double, norm: Double, scale: Double, isLogistic: Bool
    ) {
      (self.target, self.importance, self.norm) = (target, importance, norm)
      (self.scale, self.isLogistic) = (scale, isLogistic)
    }
  }

  /// Has the twelve, at `rates`, learn a row of which they `said` predictors, or probabilities of class 1.
  package static func learn(
    _ table: UnsafeMutablePointer<Double>, _ indices: UnsafePointer<Int32>,
    _ values: UnsafePointer<Double>, _ count: Int, said: UnsafePointer<Double>,
    rates: UnsafePointer<Double>, _ lesson: Lesson
  ) {
    var own = weir_lesson(
      target: lesson.target, importance: lesson.importance, norm: lesson.norm,
      scale: lesson.scale, is_logistic: lesson.isLogistic ? 1 : 0)
    weir_experts_learn(table, indices, values, Int64(count), said, rates, &own)
  }

  /// p ← 1/(1 + e⁻ᶻ) of `count` log-odds, clamped to ±most; `count` is a multiple of 4.
  @inline(__always)
  package static func probabilities(
    _ z: UnsafePointer<Double>, _ count: Int, most: Double, into p: UnsafeMutablePointer<Double>
  ) {
    weir_probabilities(z, Int64(count), most, p)
  }

  /// How a predictor of a number becomes a prediction of it.
  package enum Shape: Int32, Sendable {
    /// e^z − 1, 0 below 0.
    case exponential = 0
    case identity = 1
    /// z², 0 below 0.
    case square = 2
  }

  /// The predictions of `count` predictors, a multiple of 4, clamped to `least` … `most`; a NaN becomes `middle`.
  @inline(__always)
  package static func predictions(
    _ z: UnsafePointer<Double>, _ count: Int, _ shape: Shape, least: Double, most: Double,
    middle: Double, into p: UnsafeMutablePointer<Double>
  ) {
    weir_link_predictions(shape.rawValue, z, Int64(count), least, most, middle, p)
  }

  /// Σ weights·p over `count` experts.
  @inline(__always)
  package static func mix(
    _ weights: UnsafePointer<Double>, _ p: UnsafePointer<Double>, _ count: Int
  ) -> Double {
    weir_mix(weights, p, Int64(count))
  }

  /// Moves regrets, their squares and the weights that follow from them (see `MLpoly`).
  @inline(__always)
  package static func follow(
    _ p: UnsafePointer<Double>, _ count: Int, gradient: Double, mixed: Double,
    regrets: UnsafeMutablePointer<Double>, squares: UnsafeMutablePointer<Double>,
    weights: UnsafeMutablePointer<Double>, served: UnsafeMutablePointer<Double>
  ) {
    weir_follow_regrets(
      p, Int64(count), gradient, mixed, regrets, squares, weights, served)
  }
}
