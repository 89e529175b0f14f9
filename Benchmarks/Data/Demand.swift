import Glibc
import Kernels
import TestSupport

/// Bikes rented by the hour: ten numbers, two categories, and a count that has a Poisson's variance. From
/// six tenths of the rows on the demand is 30 % higher.
struct Demand: RowStream {
  private static let seasons = ["winter", "spring", "summer", "autumn"]
  private static let weathers = ["clear", "mist", "rain", "storm"]
  let columns =
    [
      "hour", "weekday", "month", "temp", "atemp", "hum", "windspeed", "holiday", "workingday",
      "lag",
    ].map { Column(name: $0) } + [
      Column(name: "season", levels: seasons), Column(name: "weather", levels: weathers),
    ]
  let target = Column(name: "count")

  private var random = RandomBits(seed: 202)

  mutating func next(_ index: Int, of count: Int, into row: inout TextRow) {
    let (hour, day) = (index % 24, index / 24)
    let (weekday, month) = (day % 7, day / 30 % 12 + 1)
    let season = (month - 1) / 3
    let isHoliday = random.unit() < 0.03
    let isWorkday = weekday < 5 && !isHoliday
    let temperature =
      15 + 10 * sin(2 * .pi * Double(month - 4) / 12) + 4 * sin(2 * .pi * Double(hour - 9) / 24)
      + 3 * random.normal()
    let felt = temperature - 1.5 + 1.2 * random.normal()
    let humidity = min(max(62 - 0.6 * (temperature - 15) + 14 * random.normal(), 5), 100)
    let wind = abs(12 + 7 * random.normal())
    let lag = abs(random.normal())
    let draw = random.unit()
    let weather = draw < 0.62 ? 0 : draw < 0.88 ? 1 : draw < 0.98 ? 2 : 3

    var mean = 60 + 7 * temperature - 1.3 * humidity - 1.1 * wind + 6.5 * Double(hour) + 12 * lag
    mean += [-25, 10, 20, 5][season] + [20, 0, -55, -95][weather]
    if isWorkday { mean += hour == 8 || hour == 17 ? 88 : 18 }
    if isHoliday { mean -= 30 }
    if hour < 6 { mean -= 30 }
    mean = max(mean, 2) * (index < count * 6 / 10 ? 1 : 1.3)

    for whole in [hour, weekday, month] { row.add(Double(whole), decimals: 0) }
    for value in [temperature, felt, humidity, wind] { row.add(value, decimals: 2) }
    for flag in [isHoliday, isWorkday] { row.add(flag ? 1 : 0, decimals: 0) }
    row.add(lag, decimals: 4)
    row.add(Demand.seasons[season])
    row.add(Demand.weathers[weather])
    row.target = counted(mean)
  }

  /// A count of this mean, by the normal distribution where the exact way would take long.
  private mutating func counted(_ mean: Double) -> Double {
    guard mean > 30 else { return Double(random.poisson(mean)) }
    return (mean + mean.squareRoot() * random.normal()).rounded()
  }
}
