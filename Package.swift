// swift-tools-version: 6.2
import PackageDescription

/// One place for the settings of every Swift target.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// A room of the library: its sources, and the floors below that it may stand on.
func room(
  _ name: String, on floors: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(name: name, dependencies: floors, exclude: exclude, swiftSettings: settings)
}

/// The tests of a room.
func tests(_ name: String, on floors: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: floors, swiftSettings: settings)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
  name: "weir-engine",
  products: [
    .executable(name: "weir", targets: ["weir"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CBLAS", providers: [.apt(["libopenblas-dev", "liblapacke-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .target(name: "CLanes"),
    room("Kernels", on: ["CBLAS", "CLanes"]),
    room("Catalogues"),
    room("Snapshots"),
    room("Batches", on: ["Snapshots"]),
    room("Statistics", on: ["Kernels", "Snapshots"]),
    room("Detectors", on: ["Catalogues", "Kernels", "Snapshots"]),
    room("Comparisons", on: ["Catalogues", "Kernels", "Snapshots"]),
    room("Generators", on: ["Catalogues", "Kernels"]),
    room("Ingest", on: ["Batches", "Catalogues", "CLanes", "CZlib", "Kernels", "Snapshots"]),
    room("Learners", on: ["Batches", "Catalogues", "Detectors", "Kernels", "Snapshots"]),
    room("Registry", on: ["CSQLite", "Kernels"], exclude: ["FORMAT.md"]),
    room("Scores", on: ["Catalogues", "Snapshots"]),
    room(
      "Monitors",
      on: ["Batches", "Catalogues", "Detectors", "Kernels", "Snapshots", "Statistics"],
      exclude: ["RUNBOOK.md"]),
    room("Telemetry", on: ["Snapshots", histogram]),
    room("Explanations", on: ["Batches", "Kernels", "Learners", "Snapshots"]),
    room(
      "Engine",
      on: [
        "Batches", "Catalogues", "Comparisons", "Detectors", "Explanations", "Kernels", "Learners",
        "Monitors", "Scores", "Snapshots", "Telemetry",
      ]),
    room("Studies", on: ["Catalogues", "Comparisons", "Detectors", "Generators", "Kernels"]),
    room("Report", on: ["Catalogues", "Scores", "Telemetry"]),
    room(
      "CommandLine",
      on: [
        "Batches", "Catalogues", "Comparisons", "Detectors", "Engine", "Explanations", "Generators",
        "Ingest", "Kernels", "Learners", "Monitors", "Registry", "Report", "Scores", "Snapshots",
        "Statistics", "Studies", "Telemetry", argumentParser,
      ], exclude: ["Checkpoints/FORMAT.md"]),
    .executableTarget(name: "weir", dependencies: ["CommandLine"], swiftSettings: settings),

    .executableTarget(
      name: "micro",
      dependencies: ["Batches", "Catalogues", "Detectors", "Kernels", "Learners", "TestSupport"],
      path: "Benchmarks/Micro", swiftSettings: settings),
    .executableTarget(
      name: "benchdata", dependencies: ["Kernels", "Telemetry", "TestSupport"],
      path: "Benchmarks/Data", swiftSettings: settings),
    .executableTarget(name: "latency", path: "Benchmarks/Latency", swiftSettings: settings),
    .target(
      name: "TestSupport", dependencies: ["Batches", "Kernels"], path: "Tests/TestSupport",
      swiftSettings: settings),
    tests("CataloguesTests", on: ["Catalogues"]),
    tests("SnapshotsTests", on: ["Snapshots", "TestSupport"]),
    tests("KernelsTests", on: ["Kernels", "TestSupport"]),
    tests(
      "DetectorsTests", on: ["Detectors", "Catalogues", "Kernels", "Snapshots", "TestSupport"]),
    tests(
      "ComparisonsTests", on: ["Comparisons", "Catalogues", "Kernels", "Snapshots", "TestSupport"]),
    tests("GeneratorsTests", on: ["Generators", "Catalogues", "Kernels", "TestSupport"]),
    tests(
      "IngestTests",
      on: ["Ingest", "Batches", "Catalogues", "CLanes", "Kernels", "Snapshots", "TestSupport"]),
    tests(
      "LearnersTests",
      on: ["Learners", "Batches", "Catalogues", "Kernels", "Snapshots", "TestSupport"]),
    tests("RegistryTests", on: ["Registry", "CSQLite", "Kernels", "TestSupport"]),
    tests("ScoresTests", on: ["Scores", "Catalogues", "TestSupport"]),
    tests(
      "MonitorsTests",
      on: [
        "Monitors", "Batches", "Catalogues", "Kernels", "Snapshots", "Statistics", "TestSupport",
      ]),
    tests("StatisticsTests", on: ["Statistics", "Kernels", "Snapshots", "TestSupport"]),
    tests(
      "ExplanationsTests",
      on: [
        "Explanations", "Batches", "Catalogues", "Kernels", "Learners", "Snapshots", "TestSupport",
      ]),
    tests("TelemetryTests", on: ["Telemetry", "TestSupport"]),
    tests(
      "EngineTests",
      on: [
        "Engine", "Batches", "Catalogues", "Comparisons", "Detectors", "Explanations", "Learners",
        "Scores", "Snapshots", "Telemetry", "TestSupport",
      ]),
    tests(
      "StudiesTests", on: ["Studies", "Catalogues", "Comparisons", "Detectors", "TestSupport"]),
    tests("ReportTests", on: ["Report", "Scores", "Telemetry", "TestSupport"]),
    .testTarget(
      name: "CommandLineTests", dependencies: ["weir", "TestSupport"], exclude: ["Cases"],
      swiftSettings: settings),
    tests("ArchitectureTests", on: ["TestSupport"]),
  ]
)
