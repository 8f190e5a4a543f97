// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "sockets",
    platforms: [.macOS(.v15)],
    products: [.library(name: "PlanSockets", targets: ["PlanSockets"])],
    targets: [.target(name: "PlanSockets")]
)
