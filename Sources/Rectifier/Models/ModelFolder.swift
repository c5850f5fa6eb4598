import Foundation

// A model on disk is a folder: `model.json` (network, data preparation, recipe, checksum), `weights.safetensors`,
// `recipe.json`; a checkpoint adds `state.safetensors` and `checkpoint.json`.

enum ModelFile {
    static let model = "model.json"
    static let weights = "weights.safetensors"
    static let recipe = Recipe.fileName
    static let state = "state.safetensors"
    static let checkpoint = "checkpoint.json"
    /// What the command line writes of a run that has ended.
    static let reports = ["report.html", "report.json"]
    static let all: Set<String> = Set([model, weights, recipe, state, checkpoint] + reports)

    /// Others have a `model.json` too; TensorFlow.js does.
    static let mark = FolderMark(file: model) { ModelMark($0) != nil }
}

/// By what `model.json` is known as ours, whether or not this version knows its layers.
struct ModelMark: Decodable {
    var formatVersion: Int
    var writtenBy: String
    var weightsSHA256: String

    init?(_ json: [UInt8]) {
        guard let mark = JSONText.value(ModelMark.self, in: json), mark.writtenBy.hasPrefix("Rectifier ") else { return nil }
        self = mark
    }
}

/// What `model.json` holds.
private struct ModelDescription: Codable {
    static let currentVersion = 1

    var formatVersion = ModelDescription.currentVersion
    var writtenBy = "Rectifier \(rectifierVersion)"
    var network: Network
    var loss: Loss
    var precision: ElementType
    var preparation: Preparation?
    var targetMeans: [Double]?
    var threshold: Double?
    var recipe: Recipe?
    var weightsSHA256: String
}

extension Model {
    /// Writes a model folder: whole or not at all, and in place of an older model only.
    ///
    /// Throws where the folder cannot be written, holds something else, or the network has a layer that is code of
    /// yours.
    public func write(to folder: URL) throws {
        try OutputPlace(folder).write(files().files, owned: ModelFile.all, mark: ModelFile.mark)
    }

    /// Reads a model folder. While a run saves there, the model is the old or the new one, and whole.
    ///
    /// Throws where it is missing, damaged, or not a model.
    public init(contentsOf folder: URL) throws { try self.init(contentsOf: folder, network: nil) }

    /// Reads the weights of a model folder for a network given in code.
    public init(contentsOf folder: URL, network: Network?) throws { try self.init(OpenFolder(folder), network: network) }

    init(_ folder: OpenFolder, network: Network?) throws {
        let description = try ModelDescription(folder)
        let name = folder.path(ModelFile.weights)
        let bytes = try folder.bytes(of: ModelFile.weights)
        guard SHA256.hex(of: bytes) == description.weightsSHA256 else {
            throw RectifierError(.file, "\(name): is damaged or of another model: its checksum is not the one in \(ModelFile.model)")
        }
        let parameters = Parameters(try SafeTensors(bytes, name: name).tensors)
        let network = network ?? description.network
        try network.check(parameters, from: name)
        try network.check(description.preparation, from: folder.path(ModelFile.model))
        if let means = description.targetMeans, network.outputShape != [means.count] || !means.allSatisfy(\.isFinite) {
            throw RectifierError(.file, "\(folder.path(ModelFile.model)): is damaged: its targetMeans are not one number for each output")
        }
        if let threshold = description.threshold, network.outputShape != [2] || !(threshold > 0 && threshold < 1) {
            throw RectifierError(
                .file, "\(folder.path(ModelFile.model)): is damaged: its threshold is no probability, or not one of two classes")
        }
        self.init(network: network, loss: description.loss, parameters: parameters, precision: description.precision)
        preparation = description.preparation
        targetMeans = description.targetMeans
        threshold = description.threshold
        recipe = description.recipe
        epochsTrained = Checkpoint.Position(savedIn: folder)?.epochsDone
    }

    /// What a model folder holds, and the checksum of the weights.
    func files() throws -> (files: [(name: String, contents: [UInt8])], weightsSHA256: String) {
        if let bad = parameters.nonFinite.first {
            throw RectifierError(.divergence, "the model is not written: \(describeNonFinite(bad.name, bad.count))")
        }
        let weights = encodedWeights, sum = SHA256.hex(of: weights)
        let description = ModelDescription(
            network: network, loss: loss, precision: precision, preparation: preparation, targetMeans: targetMeans,
            threshold: threshold, recipe: recipe, weightsSHA256: sum)
        var files = [(name: ModelFile.model, contents: try encodedJSON(description)), (ModelFile.weights, weights)]
        if let recipe { files.append((ModelFile.recipe, [UInt8](try recipe.json))) }
        return (files, sum)
    }
}

extension ModelDescription {
    init(_ folder: OpenFolder) throws {
        guard folder.contains(ModelFile.model) else {
            throw RectifierError(.file, "\(folder.url.relativePath): is not a model folder: it has no \(ModelFile.model)")
        }
        struct Version: Decodable { var formatVersion: Int }
        let bytes = Data(try folder.bytes(of: ModelFile.model)), name = folder.path(ModelFile.model)
        do {
            try JSONText.check(bytes)
            let version = try JSONDecoder().decode(Version.self, from: bytes).formatVersion
            guard version <= ModelDescription.currentVersion else {
                throw RectifierError(
                    .file, "was written by a newer Rectifier (format \(version), this one reads up to \(ModelDescription.currentVersion))")
            }
            self = try JSONDecoder().decode(ModelDescription.self, from: bytes)
        } catch let error as RectifierError {
            throw RectifierError(.file, "\(name): \(error.description)")
        } catch let flaw as JSONText.Flaw {
            throw RectifierError(.file, "\(name): is damaged or not a model: \(flaw.description)")
        } catch let error as DecodingError {
            throw RectifierError(.file, "\(name): is damaged or not a model: \(error.place)")
        }
    }
}

extension DecodingError {
    /// The field that is wrong, in a few words.
    var place: String {
        func path(_ context: Context) -> String {
            text(context.codingPath)
        }
        func text(_ path: [any CodingKey]) -> String {
            path.map { $0.intValue.map(String.init) ?? oneLine($0.stringValue) }.joined(separator: ".")
        }
        return switch self {
        case .keyNotFound(let key, let context): "\(text(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(path(context)) has the wrong type"
        case .dataCorrupted(let context): context.codingPath.isEmpty ? "it is not JSON" : "\(path(context)) cannot be read"
        @unknown default: "it cannot be read"
        }
    }
}

func encodedJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(value)) + [10]
}

extension Network {
    /// Throws unless the parameters are this network's, name by name and shape by shape.
    func check(_ parameters: Parameters, from file: String) throws {
        let mine = try built(isTraining: false).parameters
        for formula in mine {
            let name = formula.operation.name
            guard let tensor = parameters[name] else { throw RectifierError(.file, "\(file): is of another network: it has no \(name)") }
            guard tensor.shape == formula.shape.extents else {
                throw RectifierError(
                    .file, "\(file): is of another network: \(name) has shape \(tensor.shape), not \(formula.shape.extents)")
            }
        }
        guard parameters.names.count == mine.count else {
            throw RectifierError(.file, "\(file): is of another network: it has \(parameters.names.count) tensors, not \(mine.count)")
        }
    }
}

extension Network {
    /// Throws unless the preparation makes what this network takes and names what it gives.
    fileprivate func check(_ preparation: Preparation?, from file: String) throws {
        guard let preparation else { return }
        guard preparation.inputShape == inputShape, [preparation.outputCount] == outputShape else {
            throw RectifierError(
                .file,
                "\(file): is damaged: its data have shape \(preparation.inputShape) and \(preparation.outputCount) outputs, its network takes "
                    + "\(inputShape) and gives \(outputShape)")
        }
    }
}

extension Parameters {
    init(_ tensors: [(name: String, tensor: Tensor)]) {
        self.init()
        for (name, tensor) in tensors { self[name] = tensor }
    }
}

extension SafeTensors {
    init(_ parameters: Parameters) { self.init(tensors: parameters.map { ($0.name, $0.tensor) }) }
}
