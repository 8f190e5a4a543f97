// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "network",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "testground", path: "../.."),
        .package(path: "../sockets"),
    ],
    targets: [
        .executableTarget(
            name: "network",
            dependencies: [
                .product(name: "Testground", package: "testground"),
                .product(name: "PlanSockets", package: "sockets"),
            ])
    ]
)
