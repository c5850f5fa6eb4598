import CRectifierKernels

extension Network {
    package static let targetName = "targets"
    static let weightName = "weights"
}

extension Dataset {
    /// What fills a program's inputs from this data. The feeds are valid inside the body.
    package func withFeeds(_ body: ([String: Feed]) throws -> Void) throws {
        // Not written as nested closures in a `switch` of both enumerations: Swift 6.3.1 then releases the array twice
        // when the body throws.
        func withFeed<Element: FeatureElement>(of values: [Element], width: Int, _ body: (Feed) throws -> Void) throws {
            try values.withUnsafeBytes { try body(.rows($0.baseAddress!, Element.source, width: width, scale: Element.scale)) }
        }
        func withFeatures(_ features: Feed) throws {
            func withTargets(_ targets: Feed) throws {
                let feeds = [Network.inputName: features, Network.targetName: targets]
                guard let weights else { return try body(feeds) }
                try withFeed(of: weights, width: 1) { try body(feeds.merging([Network.weightName: $0]) { $1 }) }
            }
            if case .classes(let labels, let names) = targets {
                try labels.withUnsafeBufferPointer { try withTargets(.labels($0.baseAddress!, classes: names.count)) }
            } else if case .values(let values, let width) = targets {
                try withFeed(of: values, width: width, withTargets)
            } else if case .doubleValues(let values, let width) = targets {
                try withFeed(of: values, width: width, withTargets)
            } else {
                try body([Network.inputName: features])
            }
        }
        if case .bytes(let values) = features {
            try withFeed(of: values, width: width, withFeatures)
        } else if case .floats(let values) = features {
            try withFeed(of: values, width: width, withFeatures)
        } else if case .doubles(let values) = features {
            try withFeed(of: values, width: width, withFeatures)
        }
    }

    /// What feeds must have in common to move a program from one data set to another.
    struct Form: Hashable {
        var width: Int
        var hasClasses: Bool
        var outputCount: Int
    }
    var form: Form {
        if case .classes = targets {
            Form(width: width, hasClasses: true, outputCount: outputCount)
        } else {
            Form(width: width, hasClasses: false, outputCount: outputCount)
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
