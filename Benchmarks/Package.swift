// swift-tools-version: 6.2
import PackageDescription

/// What runs the library for `Benchmarks/compare`. See README.md; not part of the library.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "Rectifier", path: "..")],
    targets: [
        .executableTarget(name: "Steps", dependencies: ["Rectifier"])
    ],
    swiftLanguageModes: [.v6]
)
