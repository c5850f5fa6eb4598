import Foundation

extension IDX {
    /// A file of images and the file of their labels.
    struct Pair {
        var images: URL
        var labels: URL?

        /// Reads both and compares their counts.
        ///
        /// - Parameter needsLabels: whether to read the labels, and to insist on them.
        func read(name: (URL) -> String, needsLabels: Bool) throws -> ArraySource {
            let features = try IDX.array(Bytes(contentsOf: images.path, name: name(images)))
            guard features.shape.count > 1 else {
                throw RectifierError(.file, "\(name(images)): holds one number a sample, as labels do; give the file of images")
            }
            guard needsLabels else { return ArraySource(features: features, targets: nil, isImage: features.isBytes) }
            guard let labels else {
                throw RectifierError(
                    .file,
                    "\(name(images)): no file of labels stands beside it; it is named like this one, with labels-idx1 for images-idx3")
            }
            let targets = try IDX.array(Bytes(contentsOf: labels.path, name: name(labels)))
            guard targets.shape.count == 1 else {
                throw RectifierError(.file, "\(name(labels)): labels need an IDX rank of 1, not \(targets.shape.count)")
            }
            guard targets.count == features.count else {
                throw RectifierError(.file, "\(name(labels)): \(targets.count) labels for the \(features.count) images of \(name(images))")
            }
            return ArraySource(features: features, targets: targets, areLabels: targets.isBytes, isImage: features.isBytes)
        }
    }

    /// The training and the test pair of a folder, by MNIST's names: `train-images-idx3-ubyte`,
    /// `t10k-labels.idx1-ubyte.gz` and the like.
    static func pairs(in folder: URL, name: String) throws -> (training: Pair?, test: Pair?) {
        let files: [URL]
        do {
            files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        } catch {
            throw RectifierError(.file, "\(name): the folder cannot be read")
        }
        func find(_ what: String, _ parts: [String]) throws -> URL? {
            let found = files.filter { file in
                let name = file.lastPathComponent.lowercased()
                guard name.contains(what), name.contains("idx") || name.contains("ubyte") else { return false }
                return parts.isEmpty ? !name.contains("train") && !isTest(name) : parts == ["train"] ? name.contains("train") : isTest(name)
            }
            // The unpacked one of two.
            let plain = found.filter { $0.pathExtension != "gz" }
            let candidates = plain.isEmpty ? found : plain
            guard candidates.count <= 1 else {
                throw RectifierError(.file, "\(name): several files of \(what) are here; give the file of images that is meant")
            }
            return candidates.first
        }
        func pair(_ parts: [String]) throws -> Pair? {
            guard let images = try find("images", parts) else { return nil }
            return Pair(images: images, labels: try find("labels", parts))
        }
        let test = try pair(["test"])
        let training = try pair(["train"]) ?? pair([])
        guard training != nil || test != nil else {
            throw RectifierError(
                .file,
                "\(name): no data is in this folder; "
                    + "it needs train-images-idx3-ubyte and train-labels-idx1-ubyte, gzipped or not, CIFAR's data_batch_1.bin, "
                    + "or a sub-folder of images for each class; or give a file"
            )
        }
        return (training, test)
    }

    /// Whether one of these files is named like one of the format.
    static func isIn(_ files: [URL]) -> Bool {
        files.contains { file in
            let name = file.lastPathComponent.lowercased()
            return (name.contains("idx") || name.contains("ubyte")) && (name.contains("images") || name.contains("labels"))
        }
    }

    private static func isTest(_ name: String) -> Bool { name.contains("t10k") || name.contains("test") }

    /// A file of images, with the labels that its name leads to.
    static func pair(of images: URL) -> Pair {
        let folder = images.deletingLastPathComponent()
        let name = images.lastPathComponent
        guard name.contains("images") else { return Pair(images: images, labels: nil) }
        let labels = name.replacingOccurrences(of: "images", with: "labels").replacingOccurrences(of: "idx3", with: "idx1")
        let candidates = labels.hasSuffix(".gz") ? [labels, String(labels.dropLast(3))] : [labels, labels + ".gz"]
        let found = candidates.map { folder.appendingPathComponent($0) }.first { FileManager.default.fileExists(atPath: $0.path) }
        return Pair(images: images, labels: found)
    }
}
