// swift-tools-version: 6.2
// Measurements. A package of their own, so that nobody who builds the program builds them; run by `make bench`.

import PackageDescription

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    targets: [
        .executableTarget(name: "StartToVerdict", swiftSettings: [.swiftLanguageMode(.v6)]),
        .systemLibrary(name: "CEpoll"),
        .executableTarget(
            name: "SyncBenchmark", dependencies: ["CEpoll"], swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
