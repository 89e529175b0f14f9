import Batches
import TestSupport
import Testing

@testable import Ingest

/// Categories of some time ago, and crosses with a scale.
@Suite struct EarlierLevelTests {
  @Test func `a lag of a category is a category, and can be crossed`() throws {
    let text = "w,x,y\nsun,1,1\nrain,2,2\nrain,3,3\nsun,4,4\n"
    let taken = try take(
      text,
      options(target: "y") {
        $0.lags = ["w=1,2"]
        $0.crosses = ["w*w@1"]
      })
    #expect(
      taken.sparse == [
        ["w=sun": 1, "w@1=(unknown)": 1, "w@2=(unknown)": 1, "w=sun*w@1=(unknown)": 1],
        ["w=rain": 1, "w@1=sun": 1, "w@2=(unknown)": 1, "w=rain*w@1=sun": 1],
        ["w=rain": 1, "w@1=rain": 1, "w@2=sun": 1, "w=rain*w@1=rain": 1],
        ["w=sun": 1, "w@1=rain": 1, "w@2=rain": 1, "w=sun*w@1=rain": 1],
      ])
    // A number has lags as before.
    #expect(taken.names == ["x"])
  }

  @Test func `in event time gaps do not shift it, and keys are kept apart`() throws {
    let text = """
      t,k,w,y
      0,a,sun,1
      3600,b,fog,2
      3600,a,rain,3
      14400,a,sun,4
      18000,a,sun,5
      18000,b,sun,6

      """
    let taken = try take(
      text,
      options(target: "y") {
        $0.time = ["t"]
        $0.key = "k"
        $0.category = ["w"]
        $0.lags = ["w=1h"]
      })
    let earlier = taken.sparse.map { row in row.keys.filter { $0.hasPrefix("w@1h") } }
    #expect(
      earlier == [
        ["w@1h=(unknown)"], ["w@1h=(unknown)"], ["w@1h=sun"], ["w@1h=rain"], ["w@1h=sun"],
        ["w@1h=fog"],
      ])
  }

  @Test func `what cannot be a lag of a category is said`() {
    func message(_ lag: String) -> String {
      do {
        _ = try take("w,y\nsun,1\n", options(target: "y") { $0.lags = [lag] })
        return "taken"
      } catch { return (error as? IngestError)?.message ?? "\(error)" }
    }
    #expect(message("w=1h").contains("needs --time"))
    #expect(message("w=2000000").contains("at most 1,000,000 rows"))
    #expect(message("sqrt(w)=1").contains("is not a number"))
  }

  @Test func `a cross with a scale is that many times as large`() throws {
    let text = "w,x,y\nsun,1,1\nrain,2,2\nsun,4,3\nrain,8,4\n"
    func cross(_ text: String, _ cross: String) throws -> [Double] {
      let taken = try take(text, options(target: "y") { $0.crosses = [cross] })
      return taken.sparse.compactMap { row in
        row.first { $0.key.hasSuffix("*x") }?.value
      }
    }
    let (plain, scaled) = try (cross(text, "w*x"), cross(text, "w*x:0.25"))
    #expect(plain.count == 4)
    #expect(scaled == plain.map { 0.25 * $0 })
    #expect(throws: IngestError.self) { _ = try cross(text, "w*x:0") }
    #expect(throws: IngestError.self) { _ = try cross(text, "x*x:0.5") }
    // A column may be called so.
    let odd = text.replacing("x,y", with: "x:2,y")
    let taken = try take(odd, options(target: "y") { $0.crosses = ["w*x:2"] })
    #expect(taken.sparse.allSatisfy { row in row.keys.contains { $0.hasSuffix("*x:2") } })
  }

  @Test func `the recipe knows what lies even and what says the same`() {
    func column(_ texts: [String]) -> ColumnEvidence {
      var evidence = ColumnEvidence(name: "c")
      for (row, text) in texts.enumerated() {
        let bytes = Array(text.utf8) + Array(repeating: 0x0A, count: 32)
        bytes.withUnsafeBufferPointer { buffer in
          guard let start = buffer.baseAddress else { return }
          evidence.add(Field(start: start, end: start + text.utf8.count), row: row)
        }
      }
      return evidence
    }
    #expect(column(["a", "b", "a", "a"]).rarestShare == 0.25)
    #expect(column([]).rarestShare == 0)
    let x = column(["1", "2", "3", "4"])
    #expect(abs(x.correlation(with: column(["2", "4", "6", "8"])) - 1) < 1e-12)
    #expect(abs(x.correlation(with: column(["4", "3", "2", "1"])) + 1) < 1e-12)
    #expect(x.correlation(with: column(["5", "5", "5", "5"])) == 0)
    #expect(abs(x.correlation(with: column(["1", "-1", "-1", "1"]))) < 1e-12)
  }
}
