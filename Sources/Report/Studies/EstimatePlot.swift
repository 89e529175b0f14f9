import Glibc

/// Estimates with their intervals on one axis, a row for each: a table whose middle column is the picture.
struct EstimatePlot: Sendable {
  /// Rows that are shown.
  private static let mostRows = 200

  /// What tells the picture from others of the page.
  let title: String
  let estimates: [StudyReport.Estimate]
  let unit: String
  let reference: Double?
  let isLogarithmic: Bool

  /// Where a value stands on the axis.
  private func height(_ value: Double) -> Double? {
    guard value.isFinite else { return nil }
    guard isLogarithmic else { return value }
    return value > 0 ? log10(value) : nil
  }

  var html: String {
    let shown = estimates.prefix(EstimatePlot.mostRows)
    let heights = shown.flatMap { [$0.value, $0.low, $0.high, reference] }
      .compactMap { $0 }.compactMap(height)
    let axis = Axis(
      covering: (heights.min() ?? 0)...(heights.max() ?? 1), marks: 4,
      isRounded: !isLogarithmic)
    let name = Markup.plain("\(title): \(unit)")
    var text = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(name)\">"
    text += "<table class=\"trials\"><caption>\(Markup.escaped(unit))"
    if let reference { text += "; the line stands at \(Numerals.value(reference))" }
    text += "</caption><thead><tr><th scope=\"col\">configuration</th>"
    text += "<th scope=\"col\"><span class=\"sr\">picture</span></th>"
    text +=
      "<th scope=\"col\" class=\"n\">estimate</th><th scope=\"col\" class=\"n\">95 % interval</th>"
    text += "</tr></thead><tbody>\n"
    for estimate in shown { text += row(estimate, axis) }
    text += "</tbody></table></div>"
    guard estimates.count > shown.count else { return text }
    return text + "<p class=\"note\">The first \(shown.count) of \(estimates.count).</p>"
  }

  private func row(_ estimate: StudyReport.Estimate, _ axis: Axis) -> String {
    func place(_ value: Double?) -> Double? { value.flatMap(height).map(axis.place) }
    var text =
      "<tr><th scope=\"row\">\(Markup.name(estimate.name, most: 80))</th><td class=\"dumb\">"
    if let at = place(reference) {
      text += "<span class=\"zero\" style=\"left:\(percentage(at))\"></span>"
    }
    // What has no upper end, or on a logarithmic axis no lower one, goes on to the edge.
    let (low, high) = (place(estimate.low) ?? 0, place(estimate.high) ?? 1)
    if estimate.value != nil, estimate.low != nil || estimate.high != nil {
      text += "<span class=\"bar whole\" style=\"left:\(percentage(low));"
      text += "width:\(percentage(max(0, high - low)))\"></span>"
    }
    if let at = place(estimate.value) {
      text += "<i class=\"dot whole\" style=\"left:\(percentage(at))\"></i>"
    }
    text += "</td><td class=\"n\">\(Numerals.value(estimate.value))</td><td class=\"n\">"
    text += "\(Numerals.value(estimate.low)) … \(Numerals.value(estimate.high))</td></tr>\n"
    return text
  }
}
