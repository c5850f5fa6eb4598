/// By what a checkpoint knows the data of its run: a hash of each set, as the network is fed it.
struct DataDigests: Codable, Sendable, Equatable {
    var training: String
    /// What early stopping looks at, where it does.
    var heldOut: String?

    init(of data: LoadedData, for settings: TrainingSettings) {
        training = data.training.digest
        heldOut = settings.earlyStopping == nil ? nil : (data.validation ?? data.heldOut)?.digest
    }

    /// Throws where a run with these data cannot go on with others. What is only reported on may be other data.
    func check(_ now: DataDigests, for settings: TrainingSettings, of source: String) throws {
        func require(_ isSame: Bool, _ set: String) throws {
            guard isSame else {
                throw RectifierError(.data, "\(source): the \(set) data is not what it was; give the data that the run began with")
            }
        }
        try require(training == now.training, "training")
        if settings.earlyStopping != nil { try require(heldOut == now.heldOut, "held-out") }
    }
}

extension Dataset {
    /// The SHA-256 of all its numbers, in hexadecimal.
    package var digest: String {
        var hash = SHA256()
        func add<Element>(_ kind: String, _ values: [Element]) {
            hash.update(Array("\(kind) \(values.count) ".utf8))
            values.withUnsafeBytes { hash.update($0) }
        }
        add("shape", sampleShape)
        switch features {
        case .bytes(let values): add("bytes", values)
        case .floats(let values): add("floats", values)
        case .doubles(let values): add("doubles", values)
        }
        switch targets {
        case .classes(let labels, _): add("classes", labels)
        case .values(let values, _): add("values", values)
        case .doubleValues(let values, _): add("double values", values)
        case .none: break
        }
        if let weights { add("weights", weights) }
        return hash.finalized()
    }
}
