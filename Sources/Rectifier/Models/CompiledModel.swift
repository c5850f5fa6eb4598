import CRectifierKernels

/// A ``Model`` ready to be asked: one sample or many, from any number of threads and tasks at once.
///
/// ```swift
/// let digits = try CompiledModel(Model(contentsOf: folder))
/// let probabilities = try digits(pixels: image)         // [UInt8] -> [Float]
/// let digit = try digits.classify(pixels: image)        // the most probable class
/// ```
///
/// A call runs on the thread that makes it. It takes no lock and, but for an array it returns, allocates nothing; only
/// when more calls overlap than ever before it makes the memory for one more, which is kept. All calls share the
/// weights.
///
/// - **Inputs** are what the network takes, in row-major order: numbers as a ``Dataset`` holds them, already
///   standardized where the model's ``Model/preparation`` says so, see ``Preparation/features(of:)``. Pixels are bytes
///   and are multiplied by ``Dataset/byteScale`` on the way in.
/// - **Outputs** are those of ``Model/predictions(for:threads:)``, to the bit, whatever a sample shares its batch with:
///   a probability for each class, or values in the target's own unit. Layers that act differently in training, such as
///   ``Dropout``, act as in use.
///
/// All methods throw a ``RectifierError`` where a length does not fit the model, where pixels are given to one that
/// takes standardized numbers, where an input is infinite or NaN, and where an output would be.
public final class CompiledModel: Sendable {
    /// The shape of one sample, and how many numbers that is.
    public let inputShape: [Int]
    public let inputCount: Int
    /// The shape of one sample's output, and how many numbers that is.
    public let outputShape: [Int]
    public let outputCount: Int
    /// What it computes in.
    public let precision: ElementType
    /// What the outputs of a classifier stand for, where that is known.
    public let classNames: [String]?
    /// The batches that programs were compiled for, ascending.
    public let batchSizes: [Int]

    private let isClassifier: Bool
    private let threshold: Double?
    private let takesPixels: Bool
    /// What turns outputs into the target's unit, column by column; empty where they have none.
    private let units: [Preparation.Value]
    private let workspaces: WorkspacePool

    /// Compiles a model. Takes milliseconds, and memory for the weights and for each call that can run at once.
    ///
    /// Throws where a weight is infinite or NaN, with the parameter's name and how many there are.
    ///
    /// - Parameters:
    ///   - batchSizes: What programs are compiled for. Other numbers of samples are cut into these; a rest that fills
    ///     more than half a batch is filled up. A larger batch reads the weights less often and needs a larger arena.
    ///   - concurrentCalls: How many calls at once memory is made for now; more are possible. At most 1024.
    public convenience init(_ model: Model, batchSizes: [Int] = [1, 8, 64], concurrentCalls: Int = 1) throws {
        try self.init(model, batchSizes: batchSizes, concurrentCalls: concurrentCalls, pool: nil)
    }

    /// - Parameter pool: The threads that share each step. Calls must then come one after another.
    init(_ model: Model, batchSizes: [Int], concurrentCalls: Int = 1, pool: ThreadPool?) throws {
        guard !batchSizes.isEmpty, batchSizes.allSatisfy({ 1...1 << 20 ~= $0 }) else {
            throw RectifierError(.setting, "batch sizes must be between 1 and \(1 << 20), not \(batchSizes)")
        }
        guard 0...WorkspacePool.capacity ~= concurrentCalls else {
            throw RectifierError(.setting, "concurrent calls must be between 0 and \(WorkspacePool.capacity), not \(concurrentCalls)")
        }
        let parameters = try ParameterMemory(of: model)
        let output = try model.loss.prediction(model.network.built(isTraining: false).output)
        inputShape = model.network.inputShape
        inputCount = inputShape.reduce(1, *)
        // Of the formula that is compiled: a layer that is code of yours may make another one each time it is asked.
        outputShape = Array(output.shape.extents.dropFirst())
        guard let outputCount = Shape.elementCount(outputShape) else {
            throw RectifierError(.shape, "the model's output has shape \(output.shape), of which only the first extent may be the batch")
        }
        self.outputCount = outputCount
        precision = model.precision
        isClassifier = model.loss == .softmaxCrossEntropy || model.preparation?.classNames != nil
        threshold = model.threshold
        takesPixels = model.preparation?.takesPixels ?? true
        classNames = isClassifier ? model.preparation?.classNames : nil
        units = model.preparation?.targetValues ?? []
        guard units.isEmpty || units.count == outputCount else {
            throw RectifierError(.shape, "the model gives \(outputShape), its preparation is for \(units.count) values")
        }
        let sizes = Set(batchSizes).sorted()
        self.batchSizes = sizes
        workspaces = WorkspacePool { [inputCount] in
            try Workspace(output, inputCount: inputCount, batchSizes: sizes, parameters: parameters, pool: pool)
        }
        let first = try (0..<concurrentCalls).map { _ in try workspaces.lend() }
        for workspace in first { workspaces.takeBack(workspace) }
    }

    /// Bytes of the arenas that calls work in, the weights not counted.
    public var memoryBytes: Int { workspaces.memoryBytes }

    // MARK: One sample

    /// What the model says of one sample.
    public func callAsFunction(_ sample: [Float]) throws -> [Float] { try one(sample) }

    /// What the model says of one sample, in double precision where the model computes in it.
    public func callAsFunction(_ sample: [Double]) throws -> [Double] { try one(sample) }

    /// What the model says of one byte image.
    public func callAsFunction(pixels sample: [UInt8]) throws -> [Float] { try one(sample) }

    /// The number of the class that one sample is taken for: by the model's ``Model/threshold``, or the most probable
    /// one, the first of equal ones. Throws for a model that is no classifier.
    public func classify(_ sample: [Float]) throws -> Int { try classified(sample) }

    /// The number of the class that one byte image is taken for: by the model's ``Model/threshold``, or the most
    /// probable one, the first of equal ones. Throws for a model that is no classifier.
    public func classify(pixels sample: [UInt8]) throws -> Int { try classified(sample) }

    // MARK: Many samples

    /// What the model says of samples that lie one after another.
    /// - Parameter outputs: Filled one sample's outputs after another. Its count is that of the samples times
    ///   ``outputCount``.
    public func predict(_ samples: Span<Float>, into outputs: inout MutableSpan<Float>) throws {
        try samples.withUnsafeBufferPointer { samples in try outputs.withUnsafeMutableBufferPointer { try many(samples, into: $0) } }
    }

    /// What the model says of samples that lie one after another, in double precision where the model computes in it.
    /// - Parameter outputs: Filled one sample's outputs after another. Its count is that of the samples times
    ///   ``outputCount``.
    public func predict(_ samples: Span<Double>, into outputs: inout MutableSpan<Double>) throws {
        try samples.withUnsafeBufferPointer { samples in try outputs.withUnsafeMutableBufferPointer { try many(samples, into: $0) } }
    }

    /// What the model says of byte images that lie one after another.
    /// - Parameter outputs: Filled one image's outputs after another. Its count is that of the images times
    ///   ``outputCount``.
    public func predict(pixels samples: Span<UInt8>, into outputs: inout MutableSpan<Float>) throws {
        try samples.withUnsafeBufferPointer { samples in try outputs.withUnsafeMutableBufferPointer { try many(samples, into: $0) } }
    }

    /// What the model says of each sample of a data set.
    public func predictions(for data: Dataset) throws -> Predictions {
        try data.requireSampleShape(inputShape)
        try requireDataMemory([data.count, outputCount, MemoryLayout<Float>.size])
        func outputs<Element: FeatureElement>(_ samples: [Element]) throws -> [Float] {
            try samples.withUnsafeBufferPointer { samples in
                try [Float](unsafeUninitializedCapacity: data.count * outputCount) { outputs, filled in
                    try many(samples, into: outputs)
                    filled = outputs.count
                }
            }
        }
        let values =
            switch data.features {
            case .bytes(let samples): try outputs(samples)
            case .floats(let samples): try outputs(samples)
            case .doubles(let samples): try outputs(samples)
            }
        let classes =
            isClassifier
            ? (0..<data.count).map { row in decided(values[row * outputCount..<(row + 1) * outputCount]) } : nil
        return Predictions(outputs: values, width: outputCount, classes: classes, classNames: classNames)
    }
}

// MARK: -

extension CompiledModel {
    private func one<Input: FeatureElement, Output: FeatureElement & BinaryFloatingPoint>(_ sample: [Input]) throws -> [Output] {
        try [Output](unsafeUninitializedCapacity: outputCount) { outputs, filled in
            try one(sample, into: UnsafeMutableBufferPointer(start: outputs.baseAddress, count: outputCount))
            filled = outputCount
        }
    }

    /// The class that a sample is taken for.
    private func decided(_ outputs: some Collection<Float>) -> Int {
        decidedClass(outputs.lazy.map { Double($0) }, threshold: threshold)
    }

    private func classified<Input: FeatureElement>(_ sample: [Input]) throws -> Int {
        guard isClassifier else {
            throw RectifierError(.setting, "the model is no classifier: its outputs are not probabilities of classes")
        }
        return try withUnsafeTemporaryAllocation(of: Float.self, capacity: outputCount) { outputs in
            try one(sample, into: outputs)
            return decided(outputs)
        }
    }

    private func one<Input: FeatureElement, Output: FeatureElement & BinaryFloatingPoint>(
        _ sample: [Input], into outputs: UnsafeMutableBufferPointer<Output>
    ) throws {
        guard sample.count == inputCount else {
            throw RectifierError(.shape, "the model takes a sample of shape \(inputShape), \(inputCount) numbers, not \(sample.count)")
        }
        try sample.withUnsafeBufferPointer { try many($0, into: outputs) }
    }

    private func many<Input: FeatureElement, Output: FeatureElement & BinaryFloatingPoint>(
        _ samples: UnsafeBufferPointer<Input>, into outputs: UnsafeMutableBufferPointer<Output>
    ) throws {
        let count = samples.count / inputCount
        guard samples.count == count * inputCount else {
            throw RectifierError(
                .shape,
                "the model takes samples of shape \(inputShape), \(inputCount) numbers each, of which \(samples.count) make no whole number"
            )
        }
        guard takesPixels || Input.self != UInt8.self else {
            throw RectifierError(.setting, "the model takes standardized numbers, not pixels: see Preparation.features(of:)")
        }
        guard outputs.count == count * outputCount else {
            throw RectifierError(
                .shape,
                "\(count) samples give \(count) outputs of shape \(outputShape), \(count * outputCount) numbers; there is room for \(outputs.count)"
            )
        }
        guard count > 0, let input = samples.baseAddress, let output = outputs.baseAddress else { return }
        if let place = Input.firstNotFinite(samples) {
            throw RectifierError(.data, "sample \(place / inputCount): feature \(place % inputCount) is not a finite number")
        }
        let workspace = try workspaces.lend()
        defer { workspaces.takeBack(workspace) }
        workspace._withUnsafeGuaranteedRef { workspace in
            var done = 0
            while done < count {
                let (program, rows) = nextBatch(of: count - done)
                workspace.run(program, input + done * inputCount, Input.source, scale: Input.scale, count: rows)
                convert(workspace.outputs, rows, to: output + done * outputCount)
                done += rows
            }
        }
        if let place = Output.firstNotFinite(UnsafeBufferPointer(outputs)) {
            throw RectifierError(
                .data, "sample \(place / outputCount): what the model makes of it is beyond the range of \(precision.rawValue)")
        }
    }

    /// The program for some or all of the samples that are left, and for how many.
    private func nextBatch(of count: Int) -> (program: Int, rows: Int) {
        var next = 0
        while next < batchSizes.count, batchSizes[next] <= count { next += 1 }
        // Between two sizes: the smaller one, unless more than half of the larger one is filled.
        if next < batchSizes.count, next == 0 || batchSizes[next - 1] < count && 2 * count > batchSizes[next] { return (next, count) }
        return (next - 1, batchSizes[next - 1])
    }

    /// In the target's unit, where it has one.
    private func convert<Output: BinaryFloatingPoint>(
        _ values: UnsafePointer<Double>, _ rows: Int, to outputs: UnsafeMutablePointer<Output>
    ) {
        if units.isEmpty {
            for i in 0..<rows * outputCount { outputs[i] = Output(values[i]) }
        } else {
            for row in 0..<rows {
                for (column, unit) in units.enumerated() {
                    let i = row * outputCount + column
                    outputs[i] = Output(unit.original(values[i]))
                }
            }
        }
    }
}

extension Dataset {
    /// Throws where samples have another shape than a model takes.
    func requireSampleShape(_ shape: [Int]) throws {
        guard sampleShape == shape else {
            throw RectifierError(.shape, "the model takes samples of shape \(shape), the data has \(sampleShape)")
        }
    }
}
