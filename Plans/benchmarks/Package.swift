// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "testground", path: "../..")],
    targets: [
        .executableTarget(
            name: "benchmarks", dependencies: [.product(name: "Testground", package: "testground")])
    ]
)
