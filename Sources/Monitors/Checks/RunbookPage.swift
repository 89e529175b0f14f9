import Catalogues

/// The runbooks of all checks as one page, which also lies beside the code (`RUNBOOK.md`).
package enum RunbookPage {
  package static var text: String {
    """
    # Runbook: what to do when a check speaks

    `weir runbook NAME` prints one of these. A finding has the column, the event since which it is so, what was to be
    expected and what came instead; `severity` is what the run was told to do about it (`--check NAME:action=…`).


    """
      + CheckEntry.all.map(section).joined(separator: "\n")
  }

  package static func section(_ check: CheckEntry) -> String {
    var lines = ["## \(check.name)", "", "Finds \(check.entry.summary).", ""]
    lines += [check.runbook.meaning, "", "Look at:", ""]
    lines += check.runbook.lookAt.map { "- \($0)" }
    lines += ["", "Do:", ""]
    lines += check.runbook.toDo.map { "- \($0)" }
    lines += ["", "Parameters:", ""]
    lines += check.entry.parameters.map {
      "- `\($0.name)=\($0.defaultText)` (\($0.rangeText)): \($0.help)"
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
