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
        var bestLoss: Double?
        var bestEpoch = 0
        /// Why the run is over before its last epoch.
        public internal(set) var stopReason: TrainingEvent.Outcome.Reason?
        /// What the run is bound to.
        var trainingSamples: Int

        init(trainingSamples: Int) { self.trainingSamples = trainingSamples }

        var isPossible: Bool {
            let counts = [epochsDone, stepsInEpoch, samplesInEpoch, steps, bestEpoch, trainingSamples]
            return counts.allSatisfy { 0...Self.most ~= $0 } && samplesInEpoch <= trainingSamples && stepsInEpoch <= steps
                && lossTotal.isFinite && epochSeconds >= 0 && trainSeconds >= 0
        }
        /// No run does so much; sums of such numbers cannot overflow.
        private static let most = 1 << 53
    }

    init(model: Model, states: [Parameters], position: Position, best: Parameters?, probes: ProbeStates = ProbeStates()) {
        self.model = model
        self.states = states
        self.position = position
        self.best = best
        self.probes = probes
    }

    /// What `checkpoint.json` holds.
    private struct Description: Codable {
        var position: Position
        var stateCount: Int
        var hasBest: Bool
        var stateSHA256: String
        var probes: ProbeStates?
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
        let description = Description(
            position: position, stateCount: states.count, hasBest: best != nil, stateSHA256: SHA256.hex(of: state), probes: probes)
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
            description = try JSONDecoder().decode(Description.self, from: Data(try files.bytes(of: ModelFile.checkpoint)))
        } catch let error as DecodingError {
            throw RectifierError(.file, "\(name): is damaged: \(error.place)")
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
        guard position.isPossible else { throw RectifierError(.file, "\(name): is damaged: the position is not possible") }
    }
}

extension TrainingEvent.Outcome.Reason: Codable {}
