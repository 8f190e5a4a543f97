// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "placebo",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "testground", path: "../..")],
    targets: [
        .executableTarget(
            name: "placebo", dependencies: [.product(name: "Testground", package: "testground")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    ]
)
