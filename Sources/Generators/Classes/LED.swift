import Catalogues
package import Kernels

/// A digit shown by seven lights, each wrong with the chance `noise`, among lights that mean nothing.
///
/// Columns `a1` to `a7` are the segments (top, upper left, upper right, middle, lower left, lower right, bottom)
/// and then `irrelevant` random ones. With `drifting` k > 0 the first k segments change places with the first k
/// irrelevant lights: the relation moves, the inputs hardly do.
///
/// Reference: L. Breiman, J. Friedman, R. Olshen and C. Stone, Classification and regression trees (1984), §2.6.
package struct LED: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "led", "digits on seven lights among meaningless ones (Breiman et al. 1984)",
    parameters: [
      Parameter("noise", .real(default: 0.1, in: 0...1), "chance that a light is wrong"),
      Parameter("irrelevant", .integer(default: 17, in: 0...10_000), "lights that mean nothing"),
      Parameter(
        "drifting", .integer(default: 0, in: 0...7), "lights that change places with those"),
    ],
    make: { settings, _ throws(SpecificationError) in
      let (irrelevant, drifting) = (settings.integer("irrelevant"), settings.integer("drifting"))
      guard drifting <= irrelevant else {
        throw .unfit(
          entry: "led", reason: "\(drifting) lights cannot change places with \(irrelevant)")
      }
      return LED(noise: settings.real("noise"), irrelevant: irrelevant, drifting: drifting)
    })

  /// Segments of the digits 0 to 9, `a1` in the highest of seven bits.
  private static let digits: [UInt8] = [
    0b111_0111, 0b001_0010, 0b101_1101, 0b101_1011, 0b011_1010, 0b110_1011, 0b110_1111,
    0b101_0010, 0b111_1111, 0b111_1011,
  ]

  private let noise: Double
  private let irrelevant: Int
  private let drifting: Int

  package init(noise: Double, irrelevant: Int, drifting: Int) {
    (self.noise, self.irrelevant, self.drifting) = (noise, irrelevant, drifting)
  }

  package var columns: [StreamColumn] {
    (1...(7 + irrelevant)).map { .words("a\($0)", ["off", "on"]) }
      + [.words("digit", (0...9).map { "d\($0)" })]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    let digit = random.below(10)
    for k in 0..<7 {
      let isOn = (LED.digits[digit] >> (6 - k)) & 1 == 1
      row[k] = isOn != random.chance(noise) ? 1 : 0
    }
    for k in 0..<irrelevant { row[7 + k] = Double(random.below(2)) }
    for k in 0..<drifting { row.swapAt(k, 7 + k) }
    row[7 + irrelevant] = Double(digit)
  }
}
