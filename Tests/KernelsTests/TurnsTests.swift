import Foundation
import TestSupport
import Testing

@testable import Kernels

@Suite struct TurnsTests {
  @Test(arguments: [0, 1, 3, 4, 7, 8, 9, 64], [1, 2] as [UInt64])
  func `cosines and sines are the C library's`(count: Int, seed: UInt64) {
    var random = SplitMix(seed: seed)
    for scale in [1e-9, 0.1, 1, 1000] {
      let turns = (0..<count).map { _ in scale * random.normal() }
      var (cosines, sines) = (
        [Double](repeating: 5, count: count), [Double](repeating: -5, count: count)
      )
      Turns.add(turns, cosines: &cosines, sines: &sines, count)
      for k in 0..<count {
        // Whole turns are taken away first: the C library's angle would be less exact than this.
        let angle = 2 * Double.pi * (turns[k] - turns[k].rounded())
        let error = max(abs(cosines[k] - 5 - cos(angle)), abs(sines[k] + 5 - sin(angle)))
        #expect(error < 2e-13, "seed \(seed): \(turns[k]) turns")
      }
    }
  }

  @Test func `eighths and quarters are exact where they can be`() {
    let turns = [0, 0.25, 0.5, 0.75, 1, -0.25, 0.125, 1e6 + 0.5]
    var (cosines, sines) = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
    Turns.add(turns, cosines: &cosines, sines: &sines, 8)
    #expect(cosines[..<6] == [1, 0, -1, 0, 1, 0])
    #expect(sines[..<6] == [0, 1, 0, -1, 0, -1])
    #expect(abs(cosines[6] - 0.5.squareRoot()) < 1e-13 && abs(sines[6] - 0.5.squareRoot()) < 1e-13)
    #expect(cosines[7] == -1 && sines[7] == 0)
  }
}
