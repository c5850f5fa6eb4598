import Foundation

/// The binary files of CIFAR-10 and CIFAR-100: records of one label (CIFAR-100: a coarse and a fine one) and the red,
/// green and blue plane of an image of 32 × 32 pixels. Samples are 32 × 32 × 3, the colours of a pixel side by side.
struct CIFAR {
    private enum Kind {
        case ten
        case hundred(isCoarse: Bool)

        var labelCount: Int { if case .ten = self { 1 } else { 2 } }
        var record: Int { labelCount + CIFAR.pixels * 3 }
        /// Which of a record's labels counts.
        var label: Int { if case .hundred(isCoarse: false) = self { 1 } else { 0 } }

        var classCount: Int {
            switch self {
            case .ten: 10
            case .hundred(let isCoarse): isCoarse ? 20 : 100
            }
        }

        var namesFile: String {
            switch self {
            case .ten: "batches.meta.txt"
            case .hundred(let isCoarse): isCoarse ? "coarse_label_names.txt" : "fine_label_names.txt"
            }
        }

        var name: String { if case .ten = self { "CIFAR-10" } else { "CIFAR-100" } }
    }

    private static let side = 32
    fileprivate static let pixels = side * side

    private let folder: URL
    private var kind: Kind
    private let training: [URL]
    private let test: [URL]

    /// Looks for batches among the files of a folder: `data_batch_1.bin` and so on, as many as there are, and
    /// `test_batch.bin`; for CIFAR-100 `train.bin` and `test.bin`. Nil where there is none.
    ///
    /// - Parameter target: For CIFAR-100 which labels are predicted: `fine`, as with nil, or `coarse`.
    init?(files: [URL], in folder: URL, name: String, target: String?) throws {
        func number(_ file: URL) -> Int? {
            let name = file.lastPathComponent
            guard name.hasPrefix("data_batch_"), name.hasSuffix(".bin") else { return nil }
            return Int(name.dropFirst(11).dropLast(4))
        }
        func named(_ name: String) -> [URL] { files.filter { $0.lastPathComponent == name } }
        self.folder = folder
        let ten = files.filter { number($0) != nil }.sorted { number($0)! < number($1)! }, tenTest = named("test_batch.bin")
        let hundred = named("train.bin"), hundredTest = named("test.bin")
        let isTen = !ten.isEmpty || !tenTest.isEmpty
        guard isTen || !hundred.isEmpty || !hundredTest.isEmpty else { return nil }
        kind = isTen ? .ten : .hundred(isCoarse: try CIFAR.isCoarse(target, name))
        (training, test) = isTen ? (ten, tenTest) : (hundred, hundredTest)
    }

    /// Whether so many bytes are whole records of one of the sets.
    static func isWhole(_ length: Int) -> Bool {
        length % Kind.ten.record == 0 || length % Kind.hundred(isCoarse: false).record == 0
    }

    /// A single batch, of either set as its length says.
    init(file: URL, length: Int, name: String, target: String?) throws {
        folder = file.deletingLastPathComponent()
        (training, test) = ([file], [])
        let hundred = Kind.hundred(isCoarse: try CIFAR.isCoarse(target, name))
        kind = length % Kind.ten.record != 0 && length % hundred.record == 0 ? hundred : .ten
    }

    private static func isCoarse(_ target: String?, _ name: String) throws -> Bool {
        guard let target, target != "fine" else { return false }
        guard target == "coarse" else {
            throw RectifierError(
                .setting, "\(name): no labels \(quoted(target)); images of CIFAR-100 have fine and coarse ones", setting: "data.target")
        }
        return true
    }

    /// - Parameters:
    ///   - name: What messages call a file.
    ///   - classes: Those of a model, which say whether it was trained on coarse labels.
    func read(
        name: @Sendable (URL) -> String, needsLabels: Bool, classes: [String]? = nil
    ) throws -> (training: ArraySource?, test: ArraySource?) {
        if case .hundred(isCoarse: false) = kind, let classes {
            var coarse = self
            coarse.kind = .hundred(isCoarse: true)
            if try coarse.classNames(name) == classes { return try coarse.read(name: name, needsLabels: needsLabels) }
        }
        let names = try classNames(name)
        return (
            try training.isEmpty ? nil : source(training, names, name, needsLabels),
            try test.isEmpty ? nil : source(test, names, name, needsLabels)
        )
    }

    /// As the set's own file lists them; nil where it is not there.
    private func classNames(_ name: (URL) -> String) throws -> [String]? {
        let file = folder.appendingPathComponent(kind.namesFile)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let bytes = try Bytes(contentsOf: file.path, name: name(file), limit: 1 << 16)
        let text = String(decoding: bytes.raw, as: UTF8.self)
        let names = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard names.count == kind.classCount, Set(names).count == names.count else {
            throw RectifierError(.file, "\(name(file)): lists \(names.count) classes, or one twice; \(kind.name) has \(kind.classCount)")
        }
        return names
    }

    private func source(_ files: [URL], _ names: [String]?, _ name: (URL) -> String, _ needsLabels: Bool) throws -> ArraySource {
        let batches = try files.map { file in
            let bytes = try Bytes(contentsOf: file.path, name: name(file))
            guard bytes.count > 0 else { throw RectifierError(.file, "\(bytes.name): is empty") }
            guard bytes.count % kind.record == 0 else {
                throw RectifierError(
                    .file,
                    "\(bytes.name): record \(bytes.count / kind.record) has \(bytes.count % kind.record) of its \(kind.record) bytes "
                        + "(\(kind.name)); the file is cut short or damaged")
            }
            return bytes
        }
        let count = batches.reduce(0) { $0 + $1.count / kind.record }, width = 3 * CIFAR.pixels
        try requireDataMemory([count, width])
        var labels: [UInt8] = []
        labels.reserveCapacity(count)
        let pixels = try [UInt8](unsafeUninitializedCapacity: count * width) { space, filled in
            for batch in batches {
                for start in stride(from: 0, to: batch.count, by: kind.record) {
                    let label = batch.raw[start + kind.label]
                    guard label < kind.classCount else {
                        throw RectifierError(
                            .data,
                            "\(batch.name): the label \(label) of record \(start / kind.record) is out of range; "
                                + "\(kind.name) has \(kind.classCount) classes, from 0")
                    }
                    labels.append(label)
                    let planes = batch.start + start + kind.labelCount
                    for pixel in 0..<CIFAR.pixels {
                        for colour in 0..<3 { space[filled + 3 * pixel + colour] = planes[colour * CIFAR.pixels + pixel] }
                    }
                    filled += width
                }
            }
        }
        let shown = batches.count == 1 ? batches[0].name : "\(batches[0].name) and \(batches.count - 1) more"
        return ArraySource(
            images: NumericArray(name: shown, shape: [count, CIFAR.side, CIFAR.side, 3], elements: .bytes(pixels)),
            labels: needsLabels ? labels.map(Int.init) : nil, classNames: names)
    }
}
