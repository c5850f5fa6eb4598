// swift-tools-version: 6.2
import PackageDescription

/// Coverage-guided fuzzing of everything that reads bytes of others. See README.md; not part of the library.
let package = Package(
    name: "Fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "Rectifier", path: "..")],
    targets: [
        .executableTarget(name: "Fuzz", dependencies: ["Rectifier"])
    ],
    swiftLanguageModes: [.v6]
)
