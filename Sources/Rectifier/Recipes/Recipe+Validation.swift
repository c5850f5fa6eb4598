extension Recipe {
    /// Throws a ``RectifierError`` for the first setting that is out of its range or contradicts another.
    ///
    /// What depends on the data is checked when they are loaded and when the network is built.
    public func validate() throws {
        try data.validate()
        try network.validate()
        try training.validate()
    }
}

extension DataSettings {
    func validate() throws {
        try require(!source.isEmpty, "the data source is empty; name a generated set, a file or a folder")
        if GeneratedData.names.contains(source) {
            let unused = [
                ("target", target != nil), ("missing", missing != nil), ("features", features != nil), ("columns", columns != nil),
                ("header", header != nil), ("separator", separator != nil), ("weights", weights != nil),
            ]
            for (name, isGiven) in unused where isGiven {
                throw RectifierError(.setting, "\(name) is for tables; the data is the generated set '\(oneLine(source))'")
            }
        } else {
            for (name, isGiven) in [("samples", samples != nil), ("noise", noise != nil)] where isGiven {
                throw RectifierError(.setting, "\(name) is for generated sets; the data is '\(oneLine(source))'")
            }
        }
        if let samples { try require(1...1_000_000_000 ~= samples, "the number of samples must be from 1 to 1000000000, not \(samples)") }
        if let noise { try require(0...1 ~= noise, "the noise must be from 0 to 1, not \(noise)") }
        if case .folds(let count) = validation {
            try require(count >= 2, "there must be at least 2 folds, not \(count); for one network hold out a share")
        }
        if case .share(let share) = validation {
            try require(share >= 0 && share < 1, "the validation share must be at least 0 and below 1, not \(share)")
        }
        if let separator {
            try require(
                separator.utf8.count == 1 && !["\"", "\n", "\r"].contains(separator),
                "the separator must be one ASCII character other than a quote or a line end, not '\(oneLine(separator))'")
        }
    }
}

extension NetworkSettings {
    func validate() throws {
        for units in layers ?? [] {
            try require(1...1_000_000 ~= units, "a layer must have from 1 to 1000000 units, not \(units)")
        }
        try require((layers ?? []).count <= 1000, "a recipe has at most 1000 hidden layers, not \((layers ?? []).count)")
        try require(dropout >= 0 && dropout < 1, "dropout must be at least 0 and below 1, not \(dropout)")
        if allLayers != nil || named != nil {
            try require(
                layers == nil && activation == .relu && initializer == nil && dropout == 0,
                "the network's layers are spelled out; their widths, activation, initializer and dropout belong there too")
            let count = allLayers?.layers.countWithParts ?? 0
            try require(count <= Network.mostLayers, "a recipe has at most \(Network.mostLayers) layers, not \(count)")
        }
        try loss?.validate()
        if let atZero {
            try require(atZero.value.isFinite, "the derivative at zero must be a finite number, not \(atZero.value)")
            try require(
                atZero.isUnsound || 0...1 ~= atZero.value,
                "the derivative at zero must be from 0 to 1, where it is a subgradient, not \(atZero); if it is meant, write unsound:\(atZero)"
            )
            let hasKinks = allLayers?.layers.contains(where: \.hasKinks) ?? activation.hasKinks
            try require(
                hasKinks || loss?.hasKink == true,
                "a derivative at zero is for activations with a kink (\(Activation.kinkedNames.joined(separator: ", "))); "
                    + "\(allLayers == nil ? activation.spelling : "the network") has none")
        }
    }
}

extension TrainingSettings {
    func validate() throws {
        try optimizer.validate()
        try schedule?.validate()
        if let learningRate { try requirePositive(learningRate, "the learning rate") }
        if let weightDecay { try requireNotNegative(weightDecay, "the weight decay") }
        try requireNotNegative(l1, "l1")
        try requireNotNegative(l2, "l2")
        if let clipNorm { try requirePositive(clipNorm, "the clipping norm") }
        if case .samples(let count) = batchSize { try require(count >= 1, "the batch size must be at least 1, not \(count)") }
        if let epochs { try require(1...1_000_000_000 ~= epochs, "epochs must be from 1 to 1000000000, not \(epochs)") }
        if let threads { _ = try checkedThreadCount(threads) }
        try require(checkpointEvery >= 0, "checkpointEvery must be at least 0, not \(checkpointEvery)")
        for (layer, rate) in layerRates.sorted(by: { $0.key < $1.key }) {
            try requireNotNegative(rate, "the rate of layer '\(oneLine(layer))'")
        }
        try require(
            zip(changes, changes.dropFirst()).allSatisfy { $0.afterStep <= $1.afterStep },
            "changes must stand in the order of their steps")
        for change in changes { try change.validate() }
        if let augmentation { try require(augmentation.shift >= 0, "a shift must be at least 0 pixels, not \(augmentation.shift)") }
        try classWeights?.validate()
        try threshold?.validate()
        if let metric {
            try require(metric.canSelect, "the metric \(metric.rawValue) chooses nothing; take r2, which chooses the same")
        }
        if let earlyStopping {
            try require(
                earlyStopping.patience >= 1, "the patience of early stopping must be at least 1 epoch, not \(earlyStopping.patience)")
            try requireNotNegative(earlyStopping.minimumDelta, "the minimum delta of early stopping")
        }
    }
}

extension TrainingChange {
    func validate() throws {
        try require(afterStep >= 0, "a change must be after 0 steps or more, not after \(afterStep)")
        try require(
            learningRate != nil || weightDecay != nil || l1 != nil || l2 != nil || batchSize != nil || epochs != nil || units != nil,
            "the change after step \(afterStep) changes nothing")
        var settings = TrainingSettings()
        (settings.learningRate, settings.weightDecay, settings.batchSize, settings.epochs) = (learningRate, weightDecay, batchSize, epochs)
        (settings.l1, settings.l2) = (l1 ?? 0, l2 ?? 0)
        try settings.validate()
    }
}

extension Optimizer {
    func validate() throws {
        switch self {
        case .sgd(let momentum, let nesterov):
            try requireShare(momentum, "momentum")
            try require(!nesterov || momentum > 0, "Nesterov's method needs a momentum above 0")
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            try requireShare(beta1, "beta1")
            try requireShare(beta2, "beta2")
            try requirePositive(epsilon, "epsilon")
        case .rmsProp(let decay, let momentum, let epsilon):
            try requireShare(decay, "the decay of RMSProp")
            try requireShare(momentum, "momentum")
            try requirePositive(epsilon, "epsilon")
        }
    }
}

extension Schedule {
    func validate() throws {
        switch self {
        case .constant, .oneCycle: break
        case .staircase(let every, let factor):
            try require(every >= 1, "a staircase schedule must step every 1 epoch or more, not every \(every)")
            try requirePositive(factor, "the factor of a staircase schedule")
        case .cosine(let warmUp, let floor):
            try requireNotNegative(warmUp, "the warm-up")
            try require(0...1 ~= floor, "the floor of a cosine schedule must be from 0 to 1, not \(floor)")
        case .warmUp(let epochs):
            try requireNotNegative(epochs, "the warm-up")
        }
    }
}

// NaN fails each of these, because every comparison with it is false.

private func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    if !condition { throw RectifierError(.setting, message()) }
}

private func requirePositive(_ value: Double, _ name: String) throws {
    try require(value > 0 && value.isFinite, "\(name) must be a finite number above 0, not \(value)")
}

private func requireNotNegative(_ value: Double, _ name: String) throws {
    try require(value >= 0 && value.isFinite, "\(name) must be a finite number of at least 0, not \(value)")
}

private func requireShare(_ value: Double, _ name: String) throws {
    try require(value >= 0 && value < 1, "\(name) must be at least 0 and below 1, not \(value)")
}
