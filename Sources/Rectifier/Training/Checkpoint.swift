import Foundation

/// A model in training, with all that it takes to go on as if nothing had happened.
struct Checkpoint {
    var model: Model
    /// The optimiser's numbers for each weight, block by block.
    var states: [Parameters]
    var position: Position
    /// The best weights so far, where early stopping keeps them.
    var best: Parameters?

    /// How far a run is.
    struct Position: Codable {
        var epochsDone = 0
        /// In the epoch that is going on.
        var stepsInEpoch = 0
        /// Since the run began.
        var steps = 0
        /// The sum of losses in the epoch that is going on.
        var lossTotal = 0.0
        var epochSeconds = 0.0
        var trainSeconds = 0.0
        var bestLoss: Double?
        var bestEpoch = 0
        var stopReason: TrainingEvent.Outcome.Reason?
        /// In the epoch that is going on, and in the epochs before it. `nil` without a census.
        var epochKinks: KinkReport?
        var kinks: KinkReport?
        /// What the run is bound to.
        var trainingSamples: Int

        init(trainingSamples: Int) { self.trainingSamples = trainingSamples }
    }

    init(model: Model, states: [Parameters], position: Position, best: Parameters?) {
        self.model = model
        self.states = states
        self.position = position
        self.best = best
    }

    /// What `checkpoint.json` holds.
    private struct Description: Codable {
        var position: Position
        var stateCount: Int
        var hasBest: Bool
        var stateSHA256: String
    }

    /// Writes the model folder with the state beside it, whole or not at all.
    func write(to folder: URL) throws {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, state) in states.enumerated() { tensors += state.map { ("state\(index + 1)/\($0.name)", $0.tensor) } }
        if let best { tensors += best.map { ("best/\($0.name)", $0.tensor) } }
        let state = SafeTensors(tensors: tensors).encoded()
        let description = Description(
            position: position, stateCount: states.count, hasBest: best != nil, stateSHA256: SHA256.hex(of: state))
        try writeAtomically(
            folder: folder, files: model.files() + [(ModelFile.state, state), (ModelFile.checkpoint, encodedJSON(description))],
            owned: ModelFile.all)
    }

    init(contentsOf folder: URL) throws {
        model = try Model(contentsOf: folder)
        guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(ModelFile.checkpoint).path) else {
            throw RectifierError(.file, "\(folder.relativePath): is a model without a checkpoint; it can be used but not trained further")
        }
        let name = folder.appendingPathComponent(ModelFile.checkpoint).relativePath
        let description: Description
        do {
            description = try JSONDecoder().decode(Description.self, from: Data(try Model.bytes(of: ModelFile.checkpoint, in: folder)))
        } catch let error as DecodingError {
            throw RectifierError(.file, "\(name): is damaged: \(error.place)")
        }
        let stateName = folder.appendingPathComponent(ModelFile.state).relativePath
        let bytes = try Model.bytes(of: ModelFile.state, in: folder)
        guard SHA256.hex(of: bytes) == description.stateSHA256 else {
            throw RectifierError(
                .file, "\(stateName): is damaged or of another checkpoint: its checksum is not the one in \(ModelFile.checkpoint)")
        }
        let tensors = try SafeTensors(bytes, name: stateName).tensors, network = model.network
        func block(_ prefix: String) throws -> Parameters {
            let block = Parameters(
                tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
            try network.check(block, from: stateName)
            return block
        }
        guard (0...8).contains(description.stateCount) else { throw RectifierError(.file, "\(name): is damaged: stateCount") }
        states = try (0..<description.stateCount).map { try block("state\($0 + 1)/") }
        best = description.hasBest ? try block("best/") : nil
        position = description.position
        guard position.epochsDone >= 0, position.stepsInEpoch >= 0, position.steps >= 0, position.lossTotal.isFinite else {
            throw RectifierError(.file, "\(name): is damaged: the position is not possible")
        }
    }
}

extension TrainingEvent.Outcome.Reason: Codable {}
