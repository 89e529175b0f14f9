import Glibc
import Kernels
import TestSupport

/// Short texts: 40 different words out of 200,000, word k about as often as 1/k has it, in the order of their
/// numbers. Each word has a weight, and their sum is the log-odds of a class that three rows in ten have.
struct Tokens: RowStream {
  let columns: [Column] = []
  let target = Column(name: "class", levels: ["0", "1"])

  private static let (vocabulary, length) = (200_000, 40)
  private var random = RandomBits(seed: 505)
  private var weights: [Double] = []
  private var intercept = 0.0
  private var words = [Int](repeating: 0, count: length)
  /// The draw in which each word was last taken.
  private var lastTaken = [Int](repeating: -1, count: vocabulary + 1)
  private var draws = 0

  init() {
    weights = (0...Tokens.vocabulary).map { _ in 0.4 * random.normal() }
    var samples = self
    intercept = Logit.intercept((0..<20_000).map { _ in samples.drawn() }, rate: 0.3)
  }

  mutating func next(_ index: Int, of count: Int, into row: inout TextRow) {
    let logOdds = drawn() + intercept
    for word in words { row.add(Double(word), decimals: 0) }
    row.target = random.unit() < Logit.probability(logOdds) ? 1 : 0
  }

  /// Draws the words of a row and returns the sum of their weights.
  private mutating func drawn() -> Double {
    draws += 1
    var sum = 0.0
    for taken in 0..<Tokens.length {
      var word = 0
      repeat {
        // A uniform power of the vocabulary's size has the density 1/k.
        word = Int(exp(random.unit() * log(Double(Tokens.vocabulary + 1))))
      } while lastTaken[word] == draws
      lastTaken[word] = draws
      sum += weights[word]
      var place = taken
      while place > 0, words[place - 1] > word {
        words[place] = words[place - 1]
        place -= 1
      }
      words[place] = word
    }
    return sum
  }
}
