import Foundation

/// A model in training, with all that it takes to go on as if nothing had happened.
public struct Checkpoint: Sendable {
    public let model: Model
    /// How far the run is.
    public let position: Position
    /// The optimizer's numbers for each weight, block by block.
    let states: [Parameters]
    /// The best weights so far, where early stopping keeps them.
    let best: Parameters?
    let probes: ProbeStates
    /// The data of the run; `nil` in checkpoints of before it was kept.
    let data: DataDigests?

    /// How far a run is.
    public struct Position: Codable, Sendable, Equatable {
        public internal(set) var epochsDone = 0
        /// In the epoch that is going on.
        public internal(set) var stepsInEpoch = 0
        /// In the epoch that is going on.
        public internal(set) var samplesInEpoch = 0
        /// Since the run began.
        public internal(set) var steps = 0
        /// The sum of losses in the epoch that is going on.
        var lossTotal = 0.0
        var epochSeconds = 0.0
        /// Training alone, without evaluations and checkpoints.
        public internal(set) var trainSeconds = 0.0
        /// By the loss or the run's metric: see ``Evaluation/cost(by:)``.
        var bestLoss: Double?
        var bestEpoch = 0
        /// By network of a run in folds; `nil` in others.
        var members: [Member]?
        /// Why the run is over before its last epoch.
        public internal(set) var stopReason: TrainingEvent.Outcome.Reason?
        /// Changes that the run has made; `nil` in checkpoints of before it was kept.
        var changesMade: Int? = 0
        /// What the run is bound to.
        var trainingSamples: Int

        init(trainingSamples: Int) { self.trainingSamples = trainingSamples }

        /// Whether a run can be there: an epoch has a step at least, and a step a sample.
        var isPossible: Bool {
            let counts = [epochsDone, stepsInEpoch, samplesInEpoch, steps, bestEpoch, trainingSamples, changesMade ?? 0]
            return counts.allSatisfy { 0...Self.most ~= $0 } && samplesInEpoch <= trainingSamples && stepsInEpoch <= samplesInEpoch
                && (stepsInEpoch > 0) == (samplesInEpoch > 0) && epochsDone + stepsInEpoch <= steps && bestEpoch <= epochsDone
                && lossTotal.isFinite && epochSeconds >= 0 && trainSeconds >= 0
        }
        /// No run does so much; sums of such numbers cannot overflow.
        private static let most = 1 << 53
    }

    init(
        model: Model, states: [Parameters], position: Position, best: Parameters?, probes: ProbeStates = ProbeStates(),
        data: DataDigests? = nil
    ) {
        self.model = model
        self.states = states
        self.position = position
        self.best = best
        self.probes = probes
        self.data = data
    }

    /// The same, for probes that begin here.
    package var withoutProbes: Checkpoint { Checkpoint(model: model, states: states, position: position, best: best, data: data) }

    /// What `checkpoint.json` holds.
    private struct Description: Codable {
        var position: Position
        var stateCount: Int
        var hasBest: Bool
        var stateSHA256: String
        var probes: ProbeStates?
        var data: DataDigests?
        /// The SHA-256 of all other fields; missing in checkpoints of before it was kept.
        var checksum: String?

        /// What ``checksum`` should be.
        func expectedChecksum() throws -> String {
            var others = self
            others.checksum = nil
            return SHA256.hex(of: try encodedJSON(others))
        }
    }

    /// Writes the model folder with the state beside it, whole or not at all.
    ///
    /// - Returns: The SHA-256 of the weights file, in hexadecimal.
    /// - Throws: ``RectifierError`` where the folder cannot be written or holds something else, the network has a layer
    ///   that is code of yours, or a weight is not finite.
    @discardableResult
    public func write(to folder: URL) throws -> String { try write(to: OutputPlace(folder)) }

    func write(to place: OutputPlace) throws -> String {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, state) in states.enumerated() { tensors += state.map { ("state\(index + 1)/\($0.name)", $0.tensor) } }
        if let best { tensors += best.map { ("best/\($0.name)", $0.tensor) } }
        let state = SafeTensors(tensors: tensors).encoded()
        var description = Description(
            position: position, stateCount: states.count, hasBest: best != nil, stateSHA256: SHA256.hex(of: state), probes: probes,
            data: data)
        description.checksum = try description.expectedChecksum()
        let (files, weightsSHA256) = try model.files()
        try place.write(
            files + [(ModelFile.state, state), (ModelFile.checkpoint, encodedJSON(description))],
            owned: ModelFile.all, mark: ModelFile.mark)
        return weightsSHA256
    }

    /// Reads a checkpoint from a model folder. While a run saves there, it is the old or the new one, and whole.
    ///
    /// - Parameter network: For models with layers that are code of yours; `nil` for the one that the folder describes.
    /// - Throws: ``RectifierError`` where the folder is missing or damaged, or holds a model without a checkpoint.
    public init(contentsOf folder: URL, network: Network? = nil) throws {
        let files = try OpenFolder(folder)
        model = try Model(files, network: network)
        guard files.contains(ModelFile.checkpoint) else {
            throw RectifierError(.file, "\(folder.relativePath): is a model without a checkpoint; it can be used but not trained further")
        }
        let name = files.path(ModelFile.checkpoint)
        let description: Description
        do {
            let json = Data(try files.bytes(of: ModelFile.checkpoint))
            try JSONText.check(json)
            description = try JSONDecoder().decode(Description.self, from: json)
        } catch let flaw as JSONText.Flaw {
            throw RectifierError(.file, "\(name): is damaged: \(flaw.description)")
        } catch let error as DecodingError {
            throw RectifierError(.file, "\(name): is damaged: \(error.place)")
        }
        if let checksum = description.checksum, try checksum != description.expectedChecksum() {
            throw RectifierError(.file, "\(name): is damaged: its checksum is not that of what it says")
        }
        let stateName = files.path(ModelFile.state)
        let bytes = try files.bytes(of: ModelFile.state)
        guard SHA256.hex(of: bytes) == description.stateSHA256 else {
            throw RectifierError(
                .file, "\(stateName): is damaged or of another checkpoint: its checksum is not the one in \(ModelFile.checkpoint)")
        }
        let tensors = try SafeTensors(bytes, name: stateName).tensors, own = model.network
        func block(_ prefix: String) throws -> Parameters {
            let block = Parameters(
                tensors.filter { $0.name.hasPrefix(prefix) }.map { (String($0.name.dropFirst(prefix.count)), $0.tensor) })
            try own.check(block, from: stateName)
            return block
        }
        guard (0...8).contains(description.stateCount) else { throw RectifierError(.file, "\(name): is damaged: stateCount") }
        states = try (0..<description.stateCount).map { try block("state\($0 + 1)/") }
        best = description.hasBest ? try block("best/") : nil
        position = description.position
        probes = description.probes ?? ProbeStates()
        data = description.data
        guard position.isPossible else { throw RectifierError(.file, "\(name): is damaged: the position is not possible") }
    }
}

extension TrainingEvent.Outcome.Reason: Codable {}
