import Engine
import Learners

/// A learned tree as text to be read, or as a graph for Graphviz.
struct TreePage {
  let drawing: TreeDrawing
  let denseNames: [String]
  /// What the sparse features are called that the tree asks for.
  let sparseNames: [Int: String]
  /// Names of the classes; empty for a number.
  let classNames: [String]

  private func name(_ index: Int) -> String { sparseNames[index] ?? "feature \(index)" }

  /// What a branch asks.
  private func condition(_ node: TreeDrawing.Node, child: Int) -> String {
    switch node.test {
    case .leaf: ""
    case .number(let feature, let threshold):
      "\(denseNames[feature]) \(child == 0 ? "≤" : ">") \(Figure.text(threshold))"
    case .level(let index):
      child == 0
        ? name(index) : name(index).replacing("=", with: " ≠ ", maxReplacements: 1)
    case .levels(let indices): name(indices[child])
    }
  }

  /// What a node answers: the likeliest class and its share, or the value.
  private func answer(_ node: TreeDrawing.Node) -> String {
    guard !classNames.isEmpty else {
      return node.answer.first.map { Figure.text($0) } ?? "–"
    }
    guard let best = node.answer.indices.max(by: { node.answer[$0] < node.answer[$1] }),
      node.answer[best] > 0
    else { return "–" }
    let name = best < classNames.count ? classNames[best] : "class \(best)"
    return "\(name) \(Figure.fixed(100 * node.answer[best], 1)) %"
  }

  /// One line a node, indented by its depth.
  var text: String {
    var lines: [String] = []
    func add(_ position: Int, _ label: String, _ depth: Int) {
      let node = drawing.nodes[position]
      var line = String(repeating: "│ ", count: max(0, depth - 1)) + (depth > 0 ? "├ " : "")
      line += label.isEmpty ? "all" : label
      line += ": \(answer(node)) of \(Figure.text(node.weight)) rows"
      lines.append(line)
      for (k, child) in node.children.enumerated() {
        add(child, condition(node, child: k), depth + 1)
      }
    }
    if !drawing.nodes.isEmpty { add(0, "", 0) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The same as a graph in DOT, for `dot -Tsvg`.
  var dot: String {
    func escaped(_ text: String) -> String {
      text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
    var lines = ["digraph tree {", "  node [shape=box, fontname=\"sans-serif\"];"]
    for (position, node) in drawing.nodes.enumerated() {
      let rows = Figure.text(node.weight)
      lines.append("  n\(position) [label=\"\(escaped(answer(node)))\\n\(rows) rows\"];")
      for (k, child) in node.children.enumerated() {
        lines.append(
          "  n\(position) -> n\(child) [label=\"\(escaped(condition(node, child: k)))\"];")
      }
    }
    return (lines + ["}", ""]).joined(separator: "\n")
  }
}
