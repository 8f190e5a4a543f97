// swift-tools-version: 6.2
// Two audiences, one manifest. A plan author depends on this package for the product
// `Testground` (the SDK), which needs no third-party package: with the trait `Platform` off, as it is by
// default, none is even cloned. Whoever builds the platform itself (`make build`, or `swift build --traits
// Platform`) turns the trait on and gets everything.

import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A product of a package that only the platform needs.
func platform(_ product: String, _ package: String) -> Target.Dependency {
    .product(name: product, package: package, condition: .when(traits: ["Platform"]))
}

let argumentParser = platform("ArgumentParser", "swift-argument-parser")
let grdb = platform("GRDB", "GRDB.swift")
let logging = platform("Logging", "swift-log")
let nioCore = platform("NIOCore", "swift-nio")
let nioHTTP1 = platform("NIOHTTP1", "swift-nio")
let nioPosix = platform("NIOPosix", "swift-nio")
let nioWebSocket = platform("NIOWebSocket", "swift-nio")
let nioEmbedded = platform("NIOEmbedded", "swift-nio")
let serviceLifecycle = platform("ServiceLifecycle", "swift-service-lifecycle")
let unixSignals = platform("UnixSignals", "swift-service-lifecycle")
let subprocess = platform("Subprocess", "swift-subprocess")
let systemPackage = platform("SystemPackage", "swift-system")
let toml = platform("TOMLKit", "TOMLKit")

func target(_ name: String, in folder: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(folder)", swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, resources: resources, swiftSettings: settings)
}

let package = Package(
    name: "testground",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Testground", targets: ["Testground"]),
        .executable(name: "testground", targets: ["TestgroundProgram"]),
    ],
    traits: [
        .trait(name: "Platform", description: "The platform, with the third-party packages it is made of.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Model
        target("TestgroundModel", in: "Model", [toml]),

        // Contract
        target("InstanceContract", in: "Contract"),

        // System
        .target(name: "CLinux", path: "Sources/System/CLinux"),
        target("LinuxSystem", in: "System/LinuxSystem", ["CLinux"]),
        .plugin(name: "LauncherBuild", capability: .buildTool()),
        .target(
            name: "InstanceLauncher", dependencies: ["LinuxSystem"], path: "Sources/System/InstanceLauncher",
            swiftSettings: settings, plugins: ["LauncherBuild"]),
        .systemLibrary(
            name: "CArchive", path: "Sources/System/CArchive", pkgConfig: "libarchive",
            providers: [.apt(["libarchive-dev"])]),
        target("Archives", in: "System/Archives", ["CArchive"]),

        // Network
        target("LinkModel", in: "Network/LinkModel"),
        target("NetworkEmulator", in: "Network/NetworkEmulator", ["LinuxSystem", "LinkModel"]),

        // Sync
        target("SyncCore", in: "Sync/SyncCore", ["InstanceContract"]),
        target(
            "SyncServer", in: "Sync/SyncServer",
            ["InstanceContract", "SyncCore", nioCore, nioPosix, nioHTTP1, nioWebSocket, logging]),
        target("SyncClient", in: "Sync/SyncClient", ["InstanceContract", "LinuxSystem"]),

        // SDK
        target("Testground", in: "SDK", ["InstanceContract", "LinuxSystem", "SyncClient"]),

        // Execution
        target("Execution", in: "Execution/Execution", ["TestgroundModel", "InstanceContract"]),
        target("Engine", in: "Execution/Engine", ["TestgroundModel", "Execution", logging]),
        target(
            "Builders", in: "Execution/Builders",
            ["TestgroundModel", "LinuxSystem", "Execution", subprocess, systemPackage]),
        target(
            "Runners", in: "Execution/Runners",
            [
                "TestgroundModel", "InstanceContract", "LinuxSystem", "InstanceLauncher", "LinkModel",
                "NetworkEmulator", "SyncServer", "Execution",
            ]),
        target("TaskStorage", in: "Execution/TaskStorage", ["Execution", grdb]),

        // Results
        target(
            "RunResults", in: "Results/RunResults",
            ["TestgroundModel", "InstanceContract", "Execution", "Archives"]),
        target("RunReport", in: "Results/RunReport", ["InstanceContract", "Execution", "RunResults"]),

        // CLI
        target(
            "Commands", in: "CLI/Commands",
            [
                "TestgroundModel", "InstanceContract", "LinuxSystem", "Execution", "Engine", "RunResults",
                "RunReport", argumentParser,
            ]),
        .executableTarget(
            name: "TestgroundProgram",
            dependencies: [
                "TestgroundModel", "LinuxSystem", "SyncServer", "Execution", "Engine", "Builders", "Runners",
                "TaskStorage", "RunResults", "Commands", unixSignals,
            ],
            path: "Sources/CLI/TestgroundProgram", swiftSettings: settings),

        // Tests
        tests(
            "TestgroundModel", ["TestgroundModel"],
            resources: [.copy("GoReference"), .copy("TemplateTable.json")]),
        tests("InstanceContract", ["InstanceContract"]),
        tests("LinuxSystem", ["LinuxSystem"]),
        tests("LinkModel", ["LinkModel"]),
        tests("NetworkEmulator", ["LinuxSystem", "InstanceLauncher", "LinkModel", "NetworkEmulator"]),
        tests("SyncCore", ["InstanceContract", "SyncCore"]),
        tests(
            "SyncServer",
            ["InstanceContract", "SyncCore", "SyncServer", "SyncClient", nioCore, nioPosix, nioEmbedded],
            resources: [.copy("Conformance")]),
        tests("SyncClient", ["InstanceContract", "LinuxSystem", "SyncClient"]),
        .executableTarget(
            name: "FixturePlan", dependencies: ["Testground"], path: "Tests/Fixtures/FixturePlan",
            swiftSettings: settings),
        tests("Testground", ["InstanceContract", "LinuxSystem", "SyncClient", "Testground", "FixturePlan"]),
        tests("Execution", ["TestgroundModel", "Execution"]),
        tests("Engine", ["TestgroundModel", "Execution", "Engine"]),
        tests("Builders", ["TestgroundModel", "LinuxSystem", "Execution", "Builders"]),
        tests(
            "Runners",
            [
                "TestgroundModel", "InstanceContract", "LinuxSystem", "LinkModel", "NetworkEmulator",
                "SyncClient",
                "Execution", "Runners",
            ]),
        tests("TaskStorage", ["Execution", "TaskStorage", grdb]),
        tests("RunResults", ["TestgroundModel", "Execution", "RunResults"]),
        tests(
            "RunReport", ["InstanceContract", "Execution", "RunResults", "RunReport"],
            resources: [.copy("junit.xsd")]),
        tests(
            "Commands",
            [
                "TestgroundModel", "InstanceContract", "Execution", "Engine", "RunResults", "Commands",
                argumentParser,
            ]),
        tests("House", []),
        tests("EndToEnd", ["TestgroundProgram"], resources: [.copy("GoPlan")]),
    ]
)
