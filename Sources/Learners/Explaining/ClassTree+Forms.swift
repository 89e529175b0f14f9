/// What a single tree of classes says of its predictions.
extension ClassTree {
  /// Where it cuts the dense features.
  func form(_ attributes: TreeAttributes) -> PredictorForm {
    .stepwise(
      TreeCuts(
        CollectionOfOne(nodes), numbers: attributes.numbers,
        isConstantBetween: settings.leaf == .majority, isOneTree: true))
  }

  /// How it comes to the probability of class `output`; opaque where a leaf cannot say.
  func explainable(
    _ attributes: TreeAttributes, output: Int, _ sight: TreeSight, isBinary: Bool
  ) -> ExplainableForm {
    let made = explainable(
      attributes, output: output, nothing: sight.nothing(output, isBinary: isBinary))
    guard let made else { return .opaque() }
    return .trees(
      TreesForm(
        space: .probability, constant: 0, trees: [(1, made.tree)], isWhole: made.isWhole,
        attributes: attributes, scaler: nil))
  }
}
