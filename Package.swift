// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Rectifier",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Rectifier", targets: ["Rectifier", "RectifierInstruments", "RectifierStudies"]),
        .executable(name: "rectifier", targets: ["RectifierCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        // zlib, which the Swift toolchain itself requires on Linux and macOS ships.
        .systemLibrary(name: "CZlib"),

        // The optimization level is stated because it differs between build systems (-O2, -Os) and is -O0 in debug
        // builds, where tests would take minutes instead of seconds. Allowed in dependencies since tools version 6.2.
        .target(name: "CRectifierKernels", cSettings: [.unsafeFlags(["-O3"])]),

        // The arrow between rooms, which the compiler keeps: core <- library <- instruments <- studies <- command.
        // Core knows no network, model or recipe.
        .target(name: "RectifierCore", dependencies: ["CRectifierKernels"]),
        .target(name: "Rectifier", dependencies: ["RectifierCore", "RectifierText", "CRectifierKernels", "CZlib"]),
        .target(name: "RectifierInstruments", dependencies: ["Rectifier", "RectifierText"]),
        .target(name: "RectifierStudies", dependencies: ["RectifierInstruments", "RectifierReports", "RectifierText"]),

        // Numbers, lines and tables as people read them.
        .target(name: "RectifierText"),

        // What was found, and how it is written; knows nothing of what finds it.
        .target(name: "RectifierReports", dependencies: ["RectifierText", "CZlib"]),

        // The folder is not called "rectifier" because macOS cannot tell that from "Rectifier".
        .executableTarget(
            name: "RectifierCommand",
            dependencies: [
                "RectifierStudies", "RectifierReports", "RectifierText", "CRectifierKernels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "KernelTests", dependencies: ["CRectifierKernels", "TestSupport"]),
        .testTarget(name: "RectifierTests", dependencies: ["RectifierStudies", "CRectifierKernels", "TestSupport"]),
        .testTarget(name: "RectifierReportsTests", dependencies: ["RectifierReports", "RectifierText", "TestSupport"]),
        // Sees what users see: public symbols only.
        .testTarget(name: "UserTests", dependencies: ["Rectifier", "RectifierInstruments", "TestSupport"]),
        .testTarget(name: "CommandTests", dependencies: ["RectifierReports", "RectifierCommand", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
