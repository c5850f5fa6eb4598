import Foundation

/// A network with the values of its parameters, and what it takes to use it: a value that many tasks can share.
///
/// Whether the parameters are the network's, by name and shape, and the preparation fits it, is checked wherever the
/// model is used.
public struct Model: Sendable {
    public let network: Network
    public let loss: Loss
    public var parameters: Parameters
    /// What it was trained in, and computes in.
    public var precision: ElementType
    /// What is done to data before the network sees it, where the data was read from files.
    public var preparation: Preparation?
    /// The run that made it.
    public var recipe: Recipe?
    /// The means of the training samples' targets as the network learns them, of classes their shares: what the trivial
    /// model says of every sample. `nil` where they are not known, as of models of old.
    public package(set) var targetMeans: [Double]?
    /// From what probability of the second of two classes on a sample is taken for that class. `nil`: the more probable
    /// class.
    public package(set) var threshold: Double?
    /// How many epochs its run had finished when it was saved; `nil` where it was saved without its run.
    package internal(set) var epochsTrained: Int?

    public init(network: Network, loss: Loss, parameters: Parameters, precision: ElementType = .float32) {
        self.network = network
        self.loss = loss
        self.parameters = parameters
        self.precision = precision
    }

    /// The SHA-256 of `weights.safetensors` as ``write(to:)`` writes it, in hexadecimal.
    public var weightsSHA256: String { SHA256.hex(of: encodedWeights) }

    var encodedWeights: [UInt8] { SafeTensors(parameters).encoded() }

    /// Loss and quality on data whose targets are known.
    /// - Parameter threads: `nil` for one on each physical core.
    public func evaluate(on data: Dataset, threads: Int? = nil) throws -> Evaluation {
        try evaluator(for: data, ThreadPool(threads: threads)).evaluate(data, preparation: preparation)
    }

    /// What the model scores on data whose targets are known, beside the trivial model.
    /// - Parameters:
    ///   - folds: Of the training data of a run in folds: each row is judged by the network that has not learned it.
    ///   - hasIntervals: Whether each score has its 95 % interval. They take about a second for 50,000 samples, and are
    ///     the same bits each time.
    ///   - threads: `nil` for one on each physical core.
    public func metrics(
        on data: Dataset, folds: Folds? = nil, hasIntervals: Bool = true, threads: Int? = nil
    ) throws -> MetricReport {
        if let folds, try folds.sampleCount != data.count || network.built(isTraining: false).members.count != folds.count {
            throw RectifierError(.shape, "the model is not one of a run in these \(folds.count) folds of \(folds.sampleCount) samples")
        }
        let pool = try ThreadPool(threads: threads)
        var report = MetricReport(
            try evaluator(for: data, pool, folds: folds, predicts: true).outcome(data, preparation: preparation), data: data,
            preparation: preparation, means: targetMeans, hasIntervals: hasIntervals, threads: pool.threads)
        report.threshold = threshold
        report.isLossWeighted = try data.lossWeights(classWeights) != nil
        return report
    }

    /// Those that its run's losses were weighted by.
    private var classWeights: [Double]? {
        get throws {
            guard let weights = recipe?.training.classWeights, let names = preparation?.classNames, let targetMeans else { return nil }
            return try weights.numbers(names: names, shares: targetMeans)
        }
    }

    private func evaluator(for data: Dataset, _ pool: ThreadPool, folds: Folds? = nil, predicts: Bool = false) throws -> Evaluator {
        try data.requireSampleShape(network.inputShape)
        guard network.outputShape == [data.outputCount] else {
            throw RectifierError(.shape, "the model gives \(network.outputShape), the data's targets need [\(data.outputCount)]")
        }
        let evaluator = try Evaluator(
            network, loss: loss, parameters: ParameterMemory(of: self), pool: pool, folds: folds, predicts: predicts || threshold != nil,
            classWeights: classWeights)
        evaluator.threshold = threshold
        return evaluator
    }

    /// What the model says of each sample. To ask often, compile it once: ``CompiledModel``.
    /// - Parameter threads: `nil` for one on each physical core.
    public func predictions(for data: Dataset, threads: Int? = nil) throws -> Predictions {
        let most = BatchRunner.batchSize(for: [try network.built(isTraining: false).output])
        let size = max(1, min(most, data.count)), rest = data.count % size
        let compiled = try CompiledModel(self, batchSizes: rest == 0 ? [size] : [size, rest], pool: ThreadPool(threads: threads))
        return try compiled.predictions(for: data)
    }
}

/// What a model says of some samples.
public struct Predictions: Sendable, Equatable {
    /// Row by row: the probability of each class, or values in the target's own unit.
    public let outputs: [Float]
    /// Numbers in a row, at least 1.
    public let width: Int
    /// The class that each sample is taken for, from 0 to below ``width``; classification only.
    public let classes: [Int]?
    /// One for each class, where they are known.
    public let classNames: [String]?

    /// - Precondition: `outputs` are whole rows, with a class for each where there are any, and as many names as a row
    ///   has numbers.
    public init(outputs: [Float], width: Int, classes: [Int]? = nil, classNames: [String]? = nil) {
        precondition(width > 0 && outputs.count % width == 0, "\(outputs.count) numbers are no rows of \(width)")
        (self.outputs, self.width, self.classes, self.classNames) = (outputs, width, classes, classNames)
        precondition(classes?.count ?? count == count, "\(classes?.count ?? 0) classes for \(count) samples")
        precondition(classes?.allSatisfy { 0..<width ~= $0 } ?? true, "a class is not below \(width)")
        precondition(classNames?.count ?? width == width, "\(classNames?.count ?? 0) names for \(width) classes")
    }

    /// The number of samples.
    public var count: Int { outputs.count / width }
}

extension ParameterMemory {
    /// A model's weights, to be used. Throws where one of them is not finite.
    package convenience init(of model: Model) throws {
        try self.init(parameters: model.network.built(isTraining: false).parameters, elementType: model.precision)
        try write(model.parameters, to: weights)
        try requireFinite { "the model cannot be used: \($0); train it again with a lower learning rate, or with its gradient clipped" }
    }
}
