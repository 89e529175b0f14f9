/// Names that do harm where they can.
enum HostileNames {
  static let all: [(what: String, name: String)] = [
    ("a tag", "<script>alert(1)</script>"), ("an image", "<img src=x onerror=alert(1)>"),
    ("an end of everything", "</title></style></script></table></svg><h1>"),
    ("an attribute's end", "\" onmouseover=\"alert(1)"),
    ("a single quote", "' autofocus onfocus='x"),
    ("an entity", "&lt;b&gt; &amp;"), ("a comment", "<!-- --> ]]>"),
    ("Hebrew", "שלום עולם"), ("Arabic", "سعر < 5"), ("an override", "abc\u{202E}gpj.exe"),
    ("isolates that are not closed", "a\u{2067}b\u{2066}c"), ("a null", "a\u{0}b"),
    ("an escape", "\u{1B}[2J\u{1B}[31mred\u{7}"), ("a C1 control", "a\u{9B}31mb"),
    ("line ends", "a\nb\r\nc\u{2028}d"), ("nothing", ""), ("spaces", "   "),
    ("10,000 letters", String(repeating: "x", count: 10_000)),
    ("10,000 marks", "a" + String(repeating: "\u{301}", count: 10_000)),
    ("a template", "${alert(1)} `x` {{y}}"), ("an address", "javascript:alert(1)"),
    ("pictures", "👩‍👩‍👧‍👦🏳️‍🌈"), ("a byte order mark", "\u{FEFF}a"), ("a backslash", "a\\\"b"),
  ]
}
