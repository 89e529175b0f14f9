import Catalogues
package import Kernels

/// A series at hand, drawn anew: the stationary bootstrap.
///
/// What errors of a real model look like no formula says, and of one series of them there is only as much as there
/// is. Drawing single values from it would lose what makes alarms hard: that errors cling together. The stationary
/// bootstrap draws stretches: begin at a place drawn at random, go on to the next value, the first coming after the
/// last, and after each value begin anew elsewhere with the chance 1/block:
///
///     i ← any of 0 ..< n          with the chance 1/block
///     i ← (i + 1) mod n           otherwise
///
/// What comes out never drifts, is as long as one likes, has the mean of the series, and of its autocorrelation at
/// lag k the share (1 − 1/block)^k. Stretches are on average `block` long: longer ones keep longer memories, but from
/// a series that itself drifts they carry stretches of another level over.
///
/// A second law for `--drift` or `--to` is another part or another file of errors, as they are after a change, or the
/// same with a rise put in: `times` multiplies values, `extra` turns a 0 into a 1 with this chance. `block=0` draws
/// nothing: the values as they come, and from the first again after the last.
///
/// The file has a number a line, or is CSV with a header of which `column` is wanted: `weir learn --losses` writes
/// such. Lines without a value are left out. One column, `value`.
///
/// Reference: D. N. Politis and J. P. Romano, The stationary bootstrap, Journal of the American Statistical
/// Association 89 (1994), section 2.
///
/// Cost: 8 bytes a value of the file, which is read once for each law.
package struct Bootstrap: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "bootstrap",
    "stretches of the numbers in a file, drawn at random: without drift, alike in the short",
    parameters: [
      Parameter("file", .text, "numbers, one a line, or CSV with a header"),
      Parameter("column", .text, "of CSV, if there are several"),
      Parameter(
        "block", .integer(default: 200, in: 0...1_000_000_000),
        "mean length of a stretch; 0: the file as it is"),
      Parameter("from", .integer(default: 0, in: 0...Int.max), "first value that is used"),
      Parameter(
        "to", .integer(default: 0, in: 0...Int.max), "the first that is not; 0: none is"),
      Parameter("times", .real(default: 1, in: 0...1_000_000), "what values are multiplied by"),
      Parameter("extra", .real(default: 0, in: 0...1), "chance of a 0 to become 1"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let path = settings.word("file")
      guard !path.isEmpty else {
        throw .unfit(entry: "bootstrap", reason: "say of what: bootstrap:file=errors.txt")
      }
      let values = try NumberColumn.read(path, column: settings.word("column"))
      let end = settings.integer("to") == 0 ? values.count : settings.integer("to")
      let start = settings.integer("from")
      guard start < end, end <= values.count else {
        throw .unfit(
          entry: "bootstrap",
          reason: "\(path) has \(values.count) values, and none from \(start) to \(end)")
      }
      return Bootstrap(
        Array(values[start..<end]), block: settings.integer("block"),
        times: settings.real("times"), extra: settings.real("extra"))
    })

  private let values: [Double]
  private let block: Int
  private let times: Double
  private let extra: Double
  private let decimals: Int
  private var place = -1

  /// `values` must not be empty.
  package init(_ values: [Double], block: Int, times: Double = 1, extra: Double = 0) {
    precondition(!values.isEmpty, "a bootstrap of 0 values")
    (self.values, self.block, self.times, self.extra) = (values, block, times, extra)
    decimals = times == 1 && values.allSatisfy { $0 == $0.rounded() } ? 0 : 9
  }

  package var columns: [StreamColumn] { [.number("value", decimals: decimals)] }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    if block > 0, place < 0 || random.chance(1 / Double(block)) {
      place = random.below(values.count)
    } else {
      place = place + 1 == values.count ? 0 : place + 1
    }
    let value = values[place] * times
    row[0] = extra > 0 && value == 0 && random.chance(extra) ? 1 : value
  }
}
