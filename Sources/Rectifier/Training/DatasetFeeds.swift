import CRectifierKernels

extension Network {
    static let targetName = "targets"
}

extension Dataset {
    /// What fills a program's inputs from this data. The feeds are valid inside the body.
    func withFeeds(_ body: ([String: Feed]) throws -> Void) throws {
        // Not written as nested closures in a `switch` of both enumerations: Swift 6.3.1 then releases the array twice when the body throws.
        func withFeatures(_ features: Feed) throws {
            func withTargets(_ targets: Feed) throws { try body([Network.inputName: features, Network.targetName: targets]) }
            if case .classes(let labels, _) = targets {
                try labels.withUnsafeBufferPointer { try withTargets(.oneHot($0.baseAddress!)) }
            } else if case .values(let values, _) = targets {
                try values.withUnsafeBytes { try withTargets(.rows($0.baseAddress!, RK_SOURCE_FLOAT32, scale: 1)) }
            } else if case .doubleValues(let values, _) = targets {
                try values.withUnsafeBytes { try withTargets(.rows($0.baseAddress!, RK_SOURCE_FLOAT64, scale: 1)) }
            } else {
                try body([Network.inputName: features])
            }
        }
        if case .bytes(let values) = features {
            try values.withUnsafeBytes { try withFeatures(.rows($0.baseAddress!, RK_SOURCE_UINT8, scale: Dataset.byteScale)) }
        } else if case .floats(let values) = features {
            try values.withUnsafeBytes { try withFeatures(.rows($0.baseAddress!, RK_SOURCE_FLOAT32, scale: 1)) }
        } else if case .doubles(let values) = features {
            try values.withUnsafeBytes { try withFeatures(.rows($0.baseAddress!, RK_SOURCE_FLOAT64, scale: 1)) }
        }
    }

    /// What feeds must have in common to move a program from one data set to another.
    struct Form: Hashable {
        var hasClasses: Bool
    }
    var form: Form { if case .classes = targets { Form(hasClasses: true) } else { Form(hasClasses: false) } }

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
