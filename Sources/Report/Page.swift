/// One HTML file that needs nothing beside it: no network, no font, and not even its script.
struct Page: Sendable {
  /// The window's title; a plain text.
  let title: String
  let eyebrow: String
  /// HTML of the heading and of the line below it.
  let heading: String
  let about: String
  /// HTML of what comes first, before the list of parts.
  let opening: String
  let sections: [Section]
  /// What it was made by; a plain text.
  let footer: String

  var html: String {
    var text = """
      <!DOCTYPE html>
      <html lang="en" dir="ltr">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <meta name="generator" content="weir">
      <title>\(Markup.escaped(title))</title>
      <link rel="icon" href="data:,">
      <style>
      \(Page.style)
      </style>
      </head>
      <body>
      <a class="skip" href="#main">To the report</a>
      <header>
      <p class="eyebrow">\(Markup.escaped(eyebrow))</p>
      <h1>\(heading)</h1>
      <p class="about">\(about)</p>
      </header>
      <main id="main" tabindex="-1">
      \(opening)
      """
    if sections.count > 1 {
      text += "<nav aria-label=\"Parts of the report\"><ol>"
      for section in sections {
        text += "<li><a href=\"#\(section.id)\">\(Markup.escaped(section.title))</a></li>"
      }
      text += "</ol></nav>\n"
    }
    for section in sections {
      text += "<section id=\"\(section.id)\" aria-labelledby=\"\(section.id)-title\">"
      text += "<h2 id=\"\(section.id)-title\">\(Markup.escaped(section.title))</h2>\n"
      text += section.html + "</section>\n"
    }
    return text + """
      </main>
      <footer><p>Written by \(Markup.escaped(footer)). This page needs no network, and no script.</p></footer>
      <script>
      \(Page.script)
      </script>
      </body>
      </html>

      """
  }
}
