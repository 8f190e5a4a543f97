// swift-tools-version: 6.2
// Measurements. A package of their own, so that nobody who builds the program builds them; run by `make bench`.

import PackageDescription

let settings: [SwiftSetting] = [.swiftLanguageMode(.v6)]

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "testground", path: "..")],
    targets: [
        .executableTarget(name: "StartToVerdict", dependencies: ["Rounds"], swiftSettings: settings),
        .systemLibrary(name: "CEpoll"),
        .executableTarget(
            name: "SyncBenchmark", dependencies: ["CEpoll", "Rounds"], swiftSettings: settings),
        .executableTarget(
            name: "NetworkProbe", dependencies: [.product(name: "Testground", package: "testground")],
            swiftSettings: settings),
        .executableTarget(name: "NetworkBenchmark", dependencies: ["Rounds"], swiftSettings: settings),
        // What rounds of a measurement come to.
        .target(name: "Rounds", swiftSettings: settings),
    ]
)
