// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "testground", path: "../.."),
        .package(path: "../sockets"),
    ],
    targets: [
        .executableTarget(
            name: "benchmarks",
            dependencies: [
                .product(name: "Testground", package: "testground"),
                .product(name: "PlanSockets", package: "sockets"),
            ])
    ]
)
