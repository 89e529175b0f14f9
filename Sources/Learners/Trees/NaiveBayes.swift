import Batches
import Catalogues

/// Naive Bayes: every number normally distributed in every class, every category by its counts, all
/// independent of one another given the class.
///
///     P(c | x) ∝ P(c)·Πⱼ N(xⱼ; μⱼ꜀, σⱼ꜀²)·Πₐ n(a, c)/n(c)
///
/// A `HoeffdingTree` that never grows: what its root keeps (`ClassObservers`) is kept of all rows; O(d) a
/// row and class. A number that never varied in a class says nothing of it, nor does a level that it
/// never had. Answers are no surer than Laplace's rule allows for as many rows.
///
/// Reference: as River's `GaussianNB` for numbers; C. Bishop, Pattern Recognition and Machine Learning, 2006,
/// §4.2.
enum NaiveBayes {
  static let entry = Entry<LearnerContext, any Learner>(
    "naive-bayes", "Naive Bayes: normal distributions of numbers, counts of categories",
    parameters: [
      Parameter(
        "smoothing", .real(default: 1, in: 0...1e6), "rows that every class is given on top")
    ],
    make: { settings, context throws(SpecificationError) in
      try context.mustHaveClasses("naive-bayes")
      var own = ClassTreeSettings()
      own.leaf = .naiveBayes
      own.grace = .infinity
      own.smoothing = settings.real("smoothing")
      return HoeffdingTree(own, context)
    })
}
