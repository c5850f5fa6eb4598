/// NumPy's archive of named arrays, and which of them are the samples.
struct NPZ {
    private let archive: ZipArchive
    private let name: String

    init(_ bytes: Bytes) throws {
        archive = try ZipArchive(bytes)
        name = bytes.name
    }

    private func member(_ name: String) -> ZipArchive.Member? {
        archive.members.first { $0.name == name + ".npy" } ?? archive.members.first { $0.name.lowercased() == name.lowercased() + ".npy" }
    }

    var names: [String] { archive.members.map { $0.name.hasSuffix(".npy") ? String($0.name.dropLast(4)) : $0.name } }

    func array(_ member: ZipArchive.Member) throws -> NumericArray { try NPY.array(archive.reader(of: member)) }

    private static let features = ["x_train", "x", "features", "data", "images", "train_images", "train_x"]
    private static let targets = ["y_train", "y", "targets", "target", "labels", "label", "train_labels", "train_y"]
    private static let testFeatures = ["x_test", "test_images", "test_x"]
    private static let testTargets = ["y_test", "test_labels", "test_y"]

    /// The arrays to train on, and those to test on where the archive has them.
    ///
    /// - Parameters:
    ///   - target: the name of the array to predict; nil: one of the usual names.
    ///   - needsTargets: whether targets are read, and insisted on.
    func sources(target: String?, needsTargets: Bool) throws -> (training: ArraySource?, test: ArraySource?) {
        func first(_ names: [String]) -> ZipArchive.Member? { names.lazy.compactMap(member).first }
        let features = first(NPZ.features)
        let testFeatures = first(NPZ.testFeatures)
        guard features != nil || testFeatures != nil else {
            // A single array is a table, whose last column is the target.
            if archive.members.count == 1 { return (ArraySource(features: try array(archive.members[0]), targets: nil), nil) }
            throw RectifierError(.file, "\(name): no array is named x, features or x_train; it holds \(TargetValues.listed(names))")
        }
        func source(_ features: ZipArchive.Member, _ targets: ZipArchive.Member?) throws -> ArraySource {
            let features = try array(features)
            guard needsTargets else { return ArraySource(features: features, targets: nil) }
            guard let targets else {
                throw RectifierError(
                    .file, "\(name): no array is named y, labels or y_train; it holds \(TargetValues.listed(names)); set target to one",
                    setting: "data.target")
            }
            let targetArray = try array(targets)
            guard targetArray.count == features.count else {
                throw RectifierError(
                    .file, "\(targetArray.name): \(targetArray.count) targets for the \(features.count) samples of \(features.name)")
            }
            return ArraySource(features: features, targets: targetArray)
        }
        var named: ZipArchive.Member?
        if let target, needsTargets {
            named = member(target)
            if named == nil {
                throw RectifierError(.setting, "\(name): no array \(quoted(target)); it holds \(TargetValues.listed(names))")
            }
        }
        let training = try features.map { try source($0, named ?? first(NPZ.targets)) }
        let hasTestTargets = first(NPZ.testTargets) != nil || !needsTargets
        let test = hasTestTargets ? try testFeatures.map { try source($0, first(NPZ.testTargets)) } : nil
        return (training, test)
    }
}
