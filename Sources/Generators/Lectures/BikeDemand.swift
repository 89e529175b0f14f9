import Catalogues
import Glibc
package import Kernels

/// Demand for bikes by the hour, whose riders change.
///
/// Hours follow each other; a day has a temperature that follows the year, and may be a working day. A rider is
/// a commuter or a tourist: their share comes with each hour as `commuters`, as if from membership cards. The
/// mean number of rentals is
///
///     share·commuters(hour, working day) + (1 − share)·tourists(hour, temperature)
///
/// and the count a Poisson draw. `population` is the mean share of commuters: another one is data drift: what
/// comes in shifts while the relation stays, so a model that has not seen such hours fails though nothing of
/// what it learned is wrong.
package struct BikeDemand: StreamGenerator {
  static let entry = Entry<GeneratorContext, any StreamGenerator>(
    "bike-demand", "bikes by the hour: data drift when commuters give way to tourists",
    parameters: [
      Parameter("population", .real(default: 0.8, in: 0...1), "mean share of commuters")
    ],
    make: { settings, _ in BikeDemand(population: settings.real("population")) })

  private let population: Double
  private var hour = 0
  private var warmth = 0.0

  package init(population: Double) { self.population = population }

  package var columns: [StreamColumn] {
    [
      .number("hour", decimals: 0), .words("workingday", ["no", "yes"]),
      .number("temperature", decimals: 1), .number("commuters", decimals: 3),
      .number("count", decimals: 0),
    ]
  }

  package mutating func next(
    _ row: UnsafeMutableBufferPointer<Double>, _ random: inout RandomBits
  ) {
    let (day, time) = (hour / 24, Double(hour % 24))
    if hour % 24 == 0 { warmth = 0.8 * warmth + 3 * random.normal() }
    hour += 1
    let isWorking = day % 7 < 5
    let season = -cos(2 * .pi * Double(day) / 365)
    let temperature = 14 + 11 * season + warmth + 4 * sin(2 * .pi * (time - 9) / 24)
    let share = min(1, max(0, population + 0.1 * random.normal()))
    func peak(_ at: Double, _ width: Double) -> Double {
      exp(-(time - at) * (time - at) / (2 * width * width))
    }
    let commuters = isWorking ? 10 + 350 * (peak(8, 1) + peak(17.5, 1.5)) : 10 + 80 * peak(13, 4)
    let tourists = 5 + max(0, temperature) * 12 * peak(14, 3.5)
    row[0] = time
    row[1] = isWorking ? 1 : 0
    row[2] = temperature
    row[3] = share
    let mean = share * commuters + (1 - share) * tourists
    // A Poisson draw by its normal limit.
    row[4] = max(0, (mean + mean.squareRoot() * random.normal()).rounded())
  }
}
