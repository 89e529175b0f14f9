/// Delays against false alarms as a picture: SVG that stands for itself.
///
///     x   values per false alarm, logarithmic          each detector a line with its own colour, dashes and
///     y   median delay, logarithmic, with its interval  markers, named where it ends
///
/// A line further down is better at every rate it passes. Nothing but text and shapes: no script, no font, no file
/// beside it; dark where the reader's page is dark; title and description say what is drawn to who cannot see it.
package struct DelayCurve {
  /// What one detector came to at one rate.
  package struct Point: Sendable {
    package let valuesPerAlarm: Double
    package let delay: Double
    package let interval: ClosedRange<Double>
    /// Whether some changes were missed, and counted as the horizon.
    package let isCut: Bool

    package init(
      valuesPerAlarm: Double, delay: Double, interval: ClosedRange<Double>, isCut: Bool
    ) {
      (self.valuesPerAlarm, self.delay) = (valuesPerAlarm, delay)
      (self.interval, self.isCut) = (interval, isCut)
    }
  }

  /// A detector's points, in the order of their rates.
  package struct Line: Sendable {
    package let name: String
    package let points: [Point]

    package init(name: String, points: [Point]) {
      self.name = name
      self.points = points.sorted { $0.valuesPerAlarm < $1.valuesPerAlarm }
    }
  }

  private let stream: String
  private let changed: String
  private let lines: [Line]

  /// Points that cannot stand on logarithmic axes, such as those of a detector that never alarmed, are left out.
  package init(stream: String, to changed: String, lines: [Line]) {
    (self.stream, self.changed) = (stream, changed)
    self.lines = lines.map { line in
      Line(
        name: line.name,
        points: line.points.filter {
          $0.valuesPerAlarm.isFinite && $0.valuesPerAlarm > 0 && $0.delay >= 0
        })
    }.filter { !$0.points.isEmpty }
  }

  // MARK: - Geometry, in pixels

  private static let (left, plotWidth, plotHeight, bottom) = (64.0, 500.0, 340.0, 76.0)
  /// Width of a letter at the size that is used, on the safe side.
  private static let letter = 6.9
  private static let lineHeight = 16.0

  private var labelWidth: Double {
    Double(lines.map(\.name.count).max() ?? 0) * DelayCurve.letter + 34
  }
  private var width: Double { DelayCurve.left + DelayCurve.plotWidth + labelWidth }
  private var titleLines: [String] {
    let most = Int((width - 32) / DelayCurve.letter)
    return DelayCurve.wrapped(stream, most) + DelayCurve.wrapped("→ " + changed, most)
  }
  private var top: Double { 30 + DelayCurve.lineHeight * Double(titleLines.count + 1) }
  private var height: Double { top + DelayCurve.plotHeight + DelayCurve.bottom }

  /// Breaks a specification after commas, and wherever it must.
  static func wrapped(_ text: String, _ most: Int) -> [String] {
    var (lines, rest) = ([String](), text[...])
    while rest.count > most {
      let piece = rest.prefix(most)
      let end = piece.lastIndex(of: ",").map { piece.index(after: $0) } ?? piece.endIndex
      lines.append(String(rest[..<end]))
      rest = rest[end...]
    }
    return lines + [String(rest)]
  }

  /// Where labels stand so that none covers another, in the order of their wishes: the squares of how far they
  /// are from where their lines end add up to least, until the range's ends push.
  ///
  /// With i·apart taken off the i-th, that is a regression on a rising sequence: pool neighbours that fall.
  static func spread(
    _ wishes: [Double], apart: Double, within range: ClosedRange<Double>
  ) -> [Double] {
    let order = wishes.indices.sorted { (wishes[$0], $0) < (wishes[$1], $1) }
    var pools: [(sum: Double, count: Double)] = []
    for (rank, index) in order.enumerated() {
      pools.append((wishes[index] - Double(rank) * apart, 1))
      while pools.count > 1 {
        let (last, before) = (pools[pools.count - 1], pools[pools.count - 2])
        guard last.sum / last.count < before.sum / before.count else { break }
        pools.removeLast(2)
        pools.append((before.sum + last.sum, before.count + last.count))
      }
    }
    let levels = pools.flatMap { Array(repeating: $0.sum / $0.count, count: Int($0.count)) }
    var places = wishes
    let most = range.upperBound - Double(max(order.count - 1, 0)) * apart
    for (rank, index) in order.enumerated() {
      places[index] = max(range.lowerBound, min(levels[rank], most)) + Double(rank) * apart
    }
    return places
  }

  // MARK: - Text

  /// The picture as a file has it.
  package var svg: String {
    let all = lines.flatMap(\.points)
    let x = LogAxis(covering: all.map(\.valuesPerAlarm))
    let y = LogAxis(
      covering: all.flatMap { [$0.delay, $0.interval.lowerBound, $0.interval.upperBound] }
        .map { max($0, 1) })
    func place(_ point: Point) -> (x: Double, y: Double) {
      (across(x, point.valuesPerAlarm), down(y, max(point.delay, 1)))
    }
    var text = head + axes(x, y)
    let ends = lines.map { place($0.points[$0.points.count - 1]) }
    let labels = DelayCurve.spread(
      ends.map(\.y), apart: DelayCurve.lineHeight,
      within: (top + 4)...max(
        top + DelayCurve.plotHeight, top + Double(lines.count) * DelayCurve.lineHeight))
    for (index, line) in lines.enumerated() {
      let places = line.points.map(place)
      text += "<g class=\"s\(index % 8)\">\n"
      for (point, at) in zip(line.points, places) {
        let (from, to) = (point.interval.lowerBound, point.interval.upperBound)
        text +=
          "<path class=\"interval\" d=\"M\(f(at.x)) \(f(down(y, max(from, 1))))V\(f(down(y, max(to, 1))))\"/>\n"
      }
      let path = places.map { "\(f($0.x)) \(f($0.y))" }.joined(separator: "L")
      let dashes = DelayCurve.dashes[(index + index / 8 * 4) % DelayCurve.dashes.count]
      text += "<path class=\"line\" stroke-dasharray=\"\(dashes)\" d=\"M\(path)\"/>\n"
      for (point, at) in zip(line.points, places) {
        text +=
          "<path class=\"\(point.isCut ? "hollow" : "full")\" transform=\"translate(\(f(at.x)) \(f(at.y)))\" d=\"\(DelayCurve.markers[(index + index / 8 * 3) % 8])\"/>\n"
      }
      // From where the line ends to its name.
      let (start, end) = (ends[index], DelayCurve.left + DelayCurve.plotWidth + 10)
      text +=
        "<path class=\"leader\" d=\"M\(f(start.x + 7)) \(f(start.y))L\(f(end)) \(f(labels[index]))\"/>\n"
      text +=
        "<text class=\"name\" x=\"\(f(end + 4))\" y=\"\(f(labels[index] + 4))\">\(Markup.escaped(line.name))</text>\n</g>\n"
    }
    return text + "</svg>\n"
  }

  /// What is to be seen, for who cannot see it.
  package var description: String {
    let said = lines.map { line in
      let points = line.points.map {
        "\(LogAxis.text($0.delay.rounded())) at one in \(LogAxis.text($0.valuesPerAlarm.rounded()))"
      }
      return line.name + " " + points.joined(separator: ", ")
    }
    return
      "Median delay of each detector, in values, by the rate of false alarms it was set to: "
      + said.joined(separator: "; ") + "."
  }

  private var head: String {
    let size = "\(f(width)) \(f(height))"
    var text = """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size)" width="\(f(width))" height="\(f(height))" role="img" aria-labelledby="title description">
      <title id="title">\(Markup.escaped("Delay against false alarms: \(stream) → \(changed)"))</title>
      <desc id="description">\(Markup.escaped(description))</desc>
      <style>
      svg { color-scheme: light dark; font: 12px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace }
      .ground { fill: #ffffff } .ink { fill: #1f2328 } .quiet { fill: #59636e }
      .grid { stroke: #d1d9e0; fill: none } .frame { stroke: #59636e; fill: none }
      .line { fill: none; stroke-width: 2 } .interval { fill: none; stroke-width: 1; opacity: .55 }
      .leader { fill: none; stroke-width: 1; opacity: .45 } .full, .hollow { stroke-width: 1.5 }
      .strong { font-weight: bold }

      """
    for (index, colour) in DelayCurve.onLight.enumerated() {
      text += DelayCurve.rules(index, colour, ground: "#ffffff") + "\n"
    }
    text += "@media (prefers-color-scheme: dark) {\n"
    text += ".ground { fill: #0d1117 } .ink { fill: #f0f6fc } .quiet { fill: #9198a1 }\n"
    text += ".grid { stroke: #2a313a } .frame { stroke: #9198a1 }\n"
    for (index, colour) in DelayCurve.onDark.enumerated() {
      text += DelayCurve.rules(index, colour, ground: "#0d1117") + "\n"
    }
    text += "}\n</style>\n"
    text += "<rect class=\"ground\" width=\"\(f(width))\" height=\"\(f(height))\"/>\n"
    for (index, line) in titleLines.enumerated() {
      let y = 24 + DelayCurve.lineHeight * Double(index)
      text +=
        "<text class=\"ink strong\" x=\"16\" y=\"\(f(y))\">\(Markup.escaped(line))</text>\n"
    }
    return text
  }

  private static func rules(_ index: Int, _ colour: String, ground: String) -> String {
    ".s\(index) path { stroke: \(colour) } .s\(index) .full, .s\(index) .name { fill: \(colour) } "
      + ".s\(index) .hollow { fill: \(ground) }"
  }

  private func axes(_ x: LogAxis, _ y: LogAxis) -> String {
    let (left, right) = (DelayCurve.left, DelayCurve.left + DelayCurve.plotWidth)
    let bottom = top + DelayCurve.plotHeight
    var text = ""
    for value in x.marked {
      let at = f(across(x, value))
      let isNamed = x.labelled.contains(value)
      text += "<path class=\"grid\" d=\"M\(at) \(f(top))V\(f(bottom))\"/>\n"
      guard isNamed else { continue }
      text +=
        "<text class=\"quiet\" text-anchor=\"middle\" x=\"\(at)\" y=\"\(f(bottom + 18))\">\(LogAxis.text(value))</text>\n"
    }
    for value in y.marked {
      let at = down(y, value)
      text += "<path class=\"grid\" d=\"M\(f(left)) \(f(at))H\(f(right))\"/>\n"
      guard y.labelled.contains(value) else { continue }
      text +=
        "<text class=\"quiet\" text-anchor=\"end\" x=\"\(f(left - 8))\" y=\"\(f(at + 4))\">\(LogAxis.text(value))</text>\n"
    }
    text +=
      "<rect class=\"frame\" x=\"\(f(left))\" y=\"\(f(top))\" width=\"\(f(right - left))\" height=\"\(f(bottom - top))\"/>\n"
    text +=
      "<text class=\"ink\" x=\"16\" y=\"\(f(top - 12))\">median delay, in values, with its 95 % interval</text>\n"
    text +=
      "<text class=\"ink\" text-anchor=\"middle\" x=\"\(f((left + right) / 2))\" y=\"\(f(bottom + 40))\">values per false alarm, before the change</text>\n"
    guard lines.contains(where: { $0.points.contains(where: \.isCut) }) else { return text }
    return text
      + "<text class=\"quiet\" text-anchor=\"middle\" x=\"\(f((left + right) / 2))\" y=\"\(f(bottom + 60))\">hollow: some changes were missed, and counted as the horizon</text>\n"
  }

  private func across(_ axis: LogAxis, _ value: Double) -> Double {
    DelayCurve.left + DelayCurve.plotWidth * axis.place(value)
  }

  private func down(_ axis: LogAxis, _ value: Double) -> Double {
    top + DelayCurve.plotHeight * (1 - axis.place(value))
  }

  /// A tenth of a pixel is enough.
  private func f(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    return tenths == tenths.rounded() ? String(Int(tenths)) : "\(tenths)"
  }

  // MARK: - What tells lines apart

  /// Okabe and Ito's colours, which most who see some colours badly still tell apart; darker on light ground.
  private static let onLight = [
    "#0072b2", "#b34700", "#00724f", "#a0487a", "#8a6a00", "#00818f", "#4d4d4d", "#7a3db8",
  ]
  private static let onDark = [
    "#56b4e9", "#ff8c42", "#2fcf9f", "#e39bc4", "#e6c229", "#6fe3ee", "#c9c9c9", "#c59bff",
  ]
  private static let dashes = [
    "none", "7 3", "2 3", "9 3 2 3", "12 4", "5 2 1 2 1 2", "4 4", "1 2", "14 3 3 3 3 3",
  ]
  /// Circle, square, triangle, diamond, triangle upside down, cross, plus, hexagon.
  private static let markers = [
    "M-4.5 0A4.5 4.5 0 1 0 4.5 0A4.5 4.5 0 1 0 -4.5 0Z", "M-4 -4H4V4H-4Z", "M0 -5L5 4H-5Z",
    "M0 -5.5L5.5 0L0 5.5L-5.5 0Z", "M0 5L5 -4H-5Z",
    "M-5 -3L-3 -5L0 -2L3 -5L5 -3L2 0L5 3L3 5L0 2L-3 5L-5 3L-2 0Z",
    "M-1.5 -5H1.5V-1.5H5V1.5H1.5V5H-1.5V1.5H-5V-1.5H-1.5Z",
    "M-5 0L-2.5 -4.5H2.5L5 0L2.5 4.5H-2.5Z",
  ]
}
