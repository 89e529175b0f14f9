import Batches
import Catalogues
import Detectors
import Glibc
import Kernels
import Learners
import TestSupport

/// Nanoseconds a row or a value, in process, on hot data: the measurements behind the choices between
/// the fused loop and the Gram form, and behind the costs that the essays state. Best of five.
/// `micro DETECTOR FILE` times one detector over a file of a value a line instead, once.

/// The shortest of five timings of `body`, in nanoseconds.
func best(_ body: () -> Void) -> Double {
  var shortest = Double.infinity
  for _ in 0..<5 {
    var (start, end) = (timespec(), timespec())
    clock_gettime(CLOCK_MONOTONIC, &start)
    body()
    clock_gettime(CLOCK_MONOTONIC, &end)
    let elapsed = Double(end.tv_sec - start.tv_sec) * 1e9 + Double(end.tv_nsec - start.tv_nsec)
    shortest = min(shortest, elapsed)
  }
  return shortest
}

func padded(_ value: Double) -> String {
  let text = value < 100 ? String(Double(Int(value * 10)) / 10) : String(Int(value))
  return String(repeating: " ", count: max(1, 10 - text.count)) + text
}

func measureLearner(_ text: String, width: Int, batch size: Int) -> Double {
  let rows = Rows.random(seed: 1, count: size, width: width, task: .regression, missing: false)
  var result = Double.nan
  rows.forEachBatch([size]) { batch in
    let context = LearnerContext(task: .regression, denseWidth: width)
    guard var learner = try? Catalogue.learners.make(text, context) else { return }
    var predictions = Predictions(rows: size, width: 1)
    let repeats = max(1, 2_000_000 / (size * width))
    result =
      best {
        for _ in 0..<repeats { learner.learn(batch, rows: 0..<size, into: &predictions) }
      } / Double(repeats * size)
  }
  return result
}

func measureDetector(_ text: String) -> Double {
  var random = SplitMix(seed: 2)
  let values = (0..<100_000).map { _ in random.unit() < 0.2 ? 1.0 : 0 }
  guard var detector = try? Catalogue.detectors.make(text, ()) else { return .nan }
  return best {
    values.withUnsafeBufferPointer { detector.observe($0) { _, _ in } }
  } / 100_000
}

func timeDetector(_ name: String, over path: String) {
  guard let file = fopen(path, "r"), var detector = try? Catalogue.detectors.make(name, ()) else {
    print("no detector '\(name)', or no file '\(path)'")
    exit(64)
  }
  defer { fclose(file) }
  var values: [Double] = []
  var line = [CChar](repeating: 0, count: 256)
  while fgets(&line, Int32(line.count), file) != nil { values.append(strtod(line, nil)) }
  var alarms = 0
  var (start, end) = (timespec(), timespec())
  clock_gettime(CLOCK_MONOTONIC, &start)
  values.withUnsafeBufferPointer {
    detector.observe($0) { _, alarm in alarms += alarm.level == .drift ? 1 : 0 }
  }
  clock_gettime(CLOCK_MONOTONIC, &end)
  let seconds = Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
  print("loop_seconds \(seconds) alarms \(alarms)")
}

func run() {
  let arguments = CommandLine.arguments
  if arguments.count == 3 { return timeDetector(arguments[1], over: arguments[2]) }
  BLAS.useOneThread()
  let widths = [10, 30, 100, 300, 1000, 3000]
  let batch = 64
  print("ns a row, batches of \(batch) (\(BLAS.configuration))")
  print("features" + widths.map { padded(Double($0)) }.joined())
  let table = [
    ("one rate, fused", "linear:optimizer=sgd,rate=1e-6,method=fused"),
    ("one rate, Gram", "linear:optimizer=sgd,rate=1e-6,method=gram"),
    ("8 rates, Gram", "linear:optimizer=sgd,rates=1e-6/2e-6/3e-6/4e-6/5e-6/6e-6/7e-6/8e-6"),
    ("adagrad, fused", "linear:optimizer=adagrad,rate=1e-6"),
  ]
  for (name, text) in table {
    let cells = widths.map { padded(measureLearner(text, width: $0, batch: batch)) }
    print(name + String(repeating: " ", count: 18 - name.count) + cells.joined())
  }
  let cells = widths.map { width in
    width > 300 ? "         –" : padded(measureLearner("rls", width: width, batch: batch))
  }
  print("rls               " + cells.joined())
  print("\nns a value")
  for name in ["adwin", "page-hinkley", "seed", "kswin", "mmd"] {
    print("\(name) \(padded(measureDetector(name)))")
  }
}

run()
