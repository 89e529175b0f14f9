/// A page taken apart far enough to see whether its tags nest, and which tags and attributes there are.
struct HTMLOutline {
  private(set) var problems: [String] = []
  private(set) var tags: Set<String> = []
  private(set) var attributes: Set<String> = []

  private static let empty: Set = ["meta", "link", "path", "rect", "polyline", "!DOCTYPE", "br"]
  private static let (less, greater, quote) = (
    UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\"")
  )

  init(_ html: String) {
    let bytes = Array(html.utf8)
    var (open, at) = ([String](), 0)
    func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
    func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "!"): true
      default: false
      }
    }
    while let start = bytes[at...].firstIndex(of: HTMLOutline.less) {
      at = start + 1
      let isEnd = at < bytes.count && bytes[at] == UInt8(ascii: "/")
      if isEnd { at += 1 }
      let nameStart = at
      while at < bytes.count, isWord(bytes[at]) { at += 1 }
      let name = text(nameStart..<at)
      tags.insert(name)
      var isClosed = false
      while at < bytes.count, bytes[at] != HTMLOutline.greater {
        switch bytes[at] {
        case UInt8(ascii: " "), UInt8(ascii: "\n"): at += 1
        case UInt8(ascii: "/"):
          isClosed = true
          at += 1
        default:
          let wordStart = at
          while at < bytes.count, isWord(bytes[at]) { at += 1 }
          guard at > wordStart else {
            problems.append("'\(text(at..<min(at + 20, bytes.count)))' in a tag \(name)")
            return
          }
          attributes.insert(text(wordStart..<at))
          guard at < bytes.count, bytes[at] == UInt8(ascii: "=") else { continue }
          guard at + 1 < bytes.count, bytes[at + 1] == HTMLOutline.quote,
            let end = bytes[(at + 2)...].firstIndex(of: HTMLOutline.quote)
          else {
            problems.append("a value without quotes in a tag \(name)")
            return
          }
          if bytes[at..<end].contains(HTMLOutline.less) {
            problems.append("a tag within \(text(wordStart..<end).prefix(80))")
          }
          at = end + 1
        }
      }
      at += 1
      if isEnd {
        if open.last == name { open.removeLast() } else { problems.append("</\(name)> in \(open)") }
      } else if !isClosed, !HTMLOutline.empty.contains(name) {
        open.append(name)
        guard name == "script" || name == "style" else { continue }
        // What is in them is no HTML, up to their end.
        let close = Array("</\(name)>".utf8)
        while at < bytes.count, !bytes[at...].starts(with: close) { at += 1 }
      }
    }
    if !open.isEmpty { problems.append("left open: \(open)") }
  }
}
