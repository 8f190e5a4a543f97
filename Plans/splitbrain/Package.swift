// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "splitbrain",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "testground", path: "../.."),
        .package(path: "../sockets"),
    ],
    targets: [
        .executableTarget(
            name: "splitbrain",
            dependencies: [
                .product(name: "Testground", package: "testground"),
                .product(name: "PlanSockets", package: "sockets"),
            ])
    ]
)
