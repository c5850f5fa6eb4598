import CRectifierKernels

extension Network {
    static let targetName = "targets"
}

extension Dataset {
    /// What fills a program's inputs from this data. The feeds are valid inside the body.
    func withFeeds(_ body: ([String: Feed]) throws -> Void) throws {
        try withFeatures { features in
            try withTargets { targets in
                var feeds = [Network.inputName: features]
                feeds[Network.targetName] = targets
                return try body(feeds)
            }
        }
    }

    private func withFeatures(_ body: (Feed) throws -> Void) throws {
        switch features {
        case .bytes(let values): try values.withUnsafeBytes { try body(.rows($0.baseAddress!, RK_SOURCE_UINT8, scale: Dataset.byteScale)) }
        case .floats(let values): try values.withUnsafeBytes { try body(.rows($0.baseAddress!, RK_SOURCE_FLOAT32, scale: 1)) }
        case .doubles(let values): try values.withUnsafeBytes { try body(.rows($0.baseAddress!, RK_SOURCE_FLOAT64, scale: 1)) }
        }
    }

    private func withTargets(_ body: (Feed?) throws -> Void) throws {
        switch targets {
        case .classes(let labels, _): try labels.withUnsafeBufferPointer { try body(.oneHot($0.baseAddress!)) }
        case .values(let values, _): try values.withUnsafeBytes { try body(.rows($0.baseAddress!, RK_SOURCE_FLOAT32, scale: 1)) }
        case .doubleValues(let values, _): try values.withUnsafeBytes { try body(.rows($0.baseAddress!, RK_SOURCE_FLOAT64, scale: 1)) }
        case .none: try body(nil)
        }
    }

    /// The number of outputs a network needs to predict the targets.
    public var outputCount: Int {
        switch targets {
        case .classes(_, let names): names.count
        case .values(_, let width), .doubleValues(_, let width): width
        case .none: 0
        }
    }

    /// The loss that fits the targets: cross-entropy for classes, squared error for numbers.
    public var usualLoss: Loss { if case .classes = targets { .softmaxCrossEntropy } else { .squaredError } }
}
