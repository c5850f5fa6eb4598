// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "Rectifier",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Rectifier", targets: ["Rectifier"]),
        .executable(name: "rectifier", targets: ["RectifierCommand"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        // zlib, which the Swift toolchain itself requires on Linux and macOS ships.
        .systemLibrary(name: "CZlib"),

        // The optimisation level is stated because it differs between build systems (-O2, -Os) and is -O0 in debug
        // builds, where tests would take minutes instead of seconds. Allowed in dependencies since tools version 6.2.
        .target(name: "CRectifierKernels", cSettings: [.unsafeFlags(["-O3"])]),

        .target(name: "Rectifier", dependencies: ["CRectifierKernels", "CZlib"]),

        // What was found, and how it is written; knows nothing of what finds it.
        .target(name: "RectifierReports"),

        // The folder is not called "rectifier" because macOS cannot tell that from "Rectifier".
        .executableTarget(
            name: "RectifierCommand",
            dependencies: [
                "Rectifier", "RectifierReports", "CRectifierKernels", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "KernelTests", dependencies: ["CRectifierKernels", "TestSupport"]),
        .testTarget(name: "RectifierTests", dependencies: ["Rectifier", "CRectifierKernels", "TestSupport"]),
        .testTarget(name: "RectifierReportsTests", dependencies: ["RectifierReports", "TestSupport"]),
        // Sees what users see: public symbols only.
        .testTarget(name: "UserTests", dependencies: ["Rectifier"]),
        .testTarget(name: "CommandTests", dependencies: ["Rectifier", "RectifierReports", "RectifierCommand", "TestSupport"]),
    ],
    swiftLanguageModes: [.v6]
)
