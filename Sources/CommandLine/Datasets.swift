import Glibc

/// Finds the data sets that come with the program.
enum Datasets {
  /// A data set: its file below the folder of data sets, and the columns that hold its clock.
  struct DataSet {
    let name: String
    let files: [String]
    let time: [String]
    let summary: String
    /// The column to be learned, one that tells rows apart, and those that would tell the label.
    let target: String
    var id: String?
    var withheld: [String] = []
  }

  static let all = [
    DataSet(
      name: "bikes", files: ["bikes/hour.csv"], time: ["dteday", "hr"],
      summary: "hourly bike rentals, Washington 2011–2012 (17,379 events)", target: "cnt",
      id: "instant", withheld: ["casual", "registered"]),
    DataSet(
      name: "fraud", files: ["fraud/creditcard-sample.csv.gz"], time: ["Time"],
      summary: "card payments, every fraud and a tenth of the rest (28,930 events)", target: "Class"
    ),
    DataSet(
      name: "fraud-full", files: ["fraud/creditcard.csv"], time: ["Time"],
      summary: "card payments, all 284,807; fetched by Datasets/fetch", target: "Class"),
  ]

  /// The file of a data set, looked for in $WEIR_DATASETS, in ./Datasets, and beside the program.
  static func path(of set: DataSet) throws -> String {
    let folders = candidates
    for folder in folders {
      for file in set.files where access("\(folder)/\(file)", R_OK) == 0 {
        return "\(folder)/\(file)"
      }
    }
    throw Failure(
      message:
        "data set \(set.name): \(set.files[0]) is not in \(folders.joined(separator: ", ")); "
        + (set.name == "fraud-full"
          ? "fetch it with Datasets/fetch fraud-full" : "set WEIR_DATASETS to its folder"),
      code: Exit.inputOutput)
  }

  private static var candidates: [String] {
    var folders: [String] = []
    if let named = getenv("WEIR_DATASETS") { folders.append(String(cString: named)) }
    folders.append("Datasets")
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
    guard count > 0 else { return folders }
    var parts = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      .split(separator: "/").dropLast()
    // The program may stand in .build/release below the project, or in bin beside share.
    for _ in 0..<4 where !parts.isEmpty {
      folders.append("/" + parts.joined(separator: "/") + "/Datasets")
      folders.append("/" + parts.joined(separator: "/") + "/share/weir/Datasets")
      parts = parts.dropLast()
    }
    return folders.filter { $0 == "Datasets" || access($0, R_OK) == 0 }
  }
}
