import CRectifierKernels

/// Formulas compiled for a batch size and an element type: a flat list of calls over one arena.
///
/// Running it allocates nothing and takes no lock. A program is used from one thread at a time; make one for each.
public final class Program {
    public let batchSize: Int
    public let elementType: ElementType

    /// In the memory of the program.
    private let calls: UnsafeMutablePointer<rk_call>
    private let callCount: Int
    /// Which calls fill the inputs that have a feed, by the inputs' names.
    private let feedCalls: [String: Int]
    /// Where the calls that change the weights begin.
    private let firstUpdate: Int
    private let memory: ProgramMemory
    private let pool: ThreadPool?
    private let cursor: BatchCursor
    private let parameters: ParameterMemory
    private let outputs: [(buffer: Buffer, extents: [Int])]
    /// Elements of each output.
    private let outputCounts: [Int]
    private let inputs: [String: (buffer: Buffer, extents: [Int])]
    private let kernels: rk_kernels
    /// The calls' names, with what starts a new phase marked by a bar: for people.
    public let listing: [String]
    /// Bytes of the arena.
    public let memoryBytes: Int
    /// Bytes above which a program that runs now and then is made anew each time: over a batch of images it holds as
    /// much as a step of training, and compiling it costs little beside running it.
    package static let mostMemoryKept = 16 << 20

    /// Compiles some formulas.
    ///
    /// What kernels are told of sizes is checked here, whoever made the formulas. Throws where an extent is below 1,
    /// where two inputs or two parameters have one name, where a parameter's value is missing or of another shape, and
    /// where there is no memory for it.
    ///
    /// - Parameters:
    ///   - outputs: What ``values(ofOutput:)`` gives after a run.
    ///   - batchSize: What ``Shape/batch`` stands for, at least 1.
    ///   - parameters: Values for all parameters below the outputs.
    ///   - rewrites: What the compiler may do; anything left out changes speed, not results.
    public convenience init(
        _ outputs: [Formula], batchSize: Int, parameters: Parameters = Parameters(), elementType: ElementType = .float32,
        rewrites: Set<Rewrite> = Set(Rewrite.allCases)
    ) throws {
        let leaves = topologicalOrder(of: outputs).filter { $0.parameter != nil }
        let memory = try ParameterMemory(parameters: leaves, elementType: elementType)
        try memory.write(parameters, to: memory.weights)
        try self.init(outputs, batchSize: batchSize, parameters: memory, rewrites: rewrites)
    }

    /// - Parameters:
    ///   - samples: By output, how many of the batch's samples are wanted of it, the first ones; all where it is not
    ///     named.
    ///   - feeds: Inputs, by name, that are filled from memory at every run.
    ///   - training: What is done with gradients after they are computed.
    ///   - pool: `nil` runs on the caller's thread alone.
    package init(
        _ outputs: [Formula], batchSize: Int, samples: [Int: Int] = [:], parameters: ParameterMemory, cursor: BatchCursor = BatchCursor(),
        feeds: [String: Feed] = [:], training: UpdateCalls? = nil, pool: ThreadPool? = nil, rewrites: Set<Rewrite> = Set(Rewrite.allCases)
    ) throws {
        guard batchSize > 0 else { throw RectifierError(.setting, "the batch size must be at least 1, not \(batchSize)") }
        self.batchSize = batchSize
        self.parameters = parameters
        self.cursor = cursor
        elementType = parameters.elementType
        kernels = try selectedKernels(elementType)

        // What to compute, and the calls for it.
        let asked = outputs + (training?.formulas ?? [])
        try Program.checkShapes(below: asked, batchSize: batchSize, elementType: elementType)
        let wanted = try rewritten(asked, rewrites)
        var lowering = Lowering(
            batchSize: batchSize, elementType: elementType, kernels: kernels, cursor: cursor, rewrites: rewrites,
            labels: Program.readAsLabels(wanted, feeds))
        try lowering.lower(wanted)
        var results = wanted.prefix(outputs.count).map {
            (buffer: lowering.buffer(of: $0), extents: $0.shape.resolved(batchSize: batchSize))
        }
        for (index, samples) in samples where outputs[index].shape.hasBatch && samples < batchSize {
            results[index].extents[0] = samples
            results[index].buffer = lowering.keepFirst(samples, of: wanted[index])
        }
        self.outputs = results
        outputCounts = self.outputs.map { $0.extents.reduce(1, *) }

        var fixed: [Buffer: UnsafeMutableRawPointer] = [:]
        var feedCalls: [PlannedCall] = [], feedPlaces: [String: Int] = [:]
        var inputs: [String: (buffer: Buffer, extents: [Int])] = [:]
        var labels: [Buffer: rk_labels] = [:]
        var parameterBuffers: [Buffer] = []
        for leaf in topologicalOrder(of: wanted) where leaf.operands.isEmpty {
            if let parameter = leaf.parameter {
                guard let address = parameters.address(of: parameter.name, in: parameters.copies, of: elementType),
                    let shape = parameters.shape(of: parameter.name)
                else { throw RectifierError(.shape, "there is no parameter \(parameter.name)") }
                guard shape == leaf.shape.extents else {
                    throw RectifierError(
                        .shape, "parameter \(parameter.name) has shape \(shape), a formula takes it to have \(leaf.shape.extents)")
                }
                fixed[lowering.buffer(of: leaf)] = address
                parameterBuffers.append(lowering.buffer(of: leaf))
            } else if let name = leaf.inputName {
                let buffer = lowering.buffer(of: leaf), extents = leaf.shape.resolved(batchSize: batchSize)
                guard inputs.updateValue((buffer, extents), forKey: name) == nil else {
                    throw RectifierError(.setting, "there are two inputs called \(name); use one formula for both")
                }
                if let feed = feeds[name] {
                    try feed.check(name, leaf.shape)
                    if case .labels(let numbers, let classes) = feed {
                        labels[buffer] = rk_labels(labels: numbers, indices: UnsafePointer(cursor.indices), classes: Int64(classes))
                        if lowering.isLabels(leaf) { continue }
                    }
                    feedPlaces[name] = feedCalls.count
                    feedCalls.append(feed.call(for: buffer, extents: extents, kernels: kernels, cursor: cursor))
                }
            }
        }
        self.inputs = inputs
        let firstUpdate = try training?.append(
            to: &lowering, results: Array(wanted.dropFirst(outputs.count)), parameters: parameters, parameterBuffers: parameterBuffers,
            fixed: &fixed)
        let planned = feedCalls + lowering.calls
        self.firstUpdate = firstUpdate.map { feedCalls.count + $0 } ?? planned.count

        // Threads, phases, memory.
        let schedule = CallSchedule(
            planned, firstUpdate: self.firstUpdate, counts: lowering.counts, atMost: pool?.threads ?? 1)
        self.feedCalls = feedPlaces.mapValues(schedule.place)
        let threads = schedule.threads
        self.pool = threads > 1 ? pool : nil
        let lives = schedule.lives(
            of: lowering.counts.count, in: planned, always: inputs.values.map(\.buffer), untilEnd: self.outputs.map(\.buffer),
            elsewhere: Set(fixed.keys))
        let plan = MemoryPlan(
            sizes: lowering.counts.map { $0 * parameters.elementType.size }, lives: lives,
            scratch: planned.map { $0.scratch(threads) }.max() ?? 0, threads: threads)
        let memory = try ProgramMemory(plan: plan, fixed: fixed, labels: labels)
        self.memory = memory
        memoryBytes = plan.bytes
        callCount = planned.count
        calls = memory.store(
            schedule.entries.map { entry in
                var call = planned[entry.call].make(memory)
                call.solo = entry.isSolo
                call.shared_rows = Int64(entry.sharedRows)
                call.barrier = entry.barrierAfter
                return call
            })
        listing = schedule.entries.map { planned[$0.call].name + ($0.barrierAfter ? " |" : "") }
    }

    /// The inputs fed with class numbers, by their ids, of which no call needs the matrix that they stand for.
    private static func readAsLabels(_ outputs: [Formula], _ feeds: [String: Feed]) -> Set<Int> {
        var labels = Set<Int>()
        let order = topologicalOrder(of: outputs)
        for input in order {
            guard let name = input.inputName, case .labels = feeds[name], !outputs.contains(input) else { continue }
            let isRead = order.allSatisfy { reader in
                reader.operands.indices.allSatisfy { reader.operands[$0] != input || reader.operation.takesLabels($0, of: reader) }
            }
            if isRead { labels.insert(input.id) }
        }
        return labels
    }

    /// Throws where a formula's elements cannot be counted, or are more than this machine holds.
    private static func checkShapes(below outputs: [Formula], batchSize: Int, elementType: ElementType) throws {
        for formula in topologicalOrder(of: outputs) {
            let extents = formula.shape.resolved(batchSize: batchSize)
            guard extents.allSatisfy({ $0 > 0 }) else {
                throw RectifierError(
                    .shape, "\(formula.operation.name): a program cannot compute the shape \(formula.shape); extents are at least 1")
            }
            guard let count = Shape.elementCount(extents), count <= MachineMemory.limit / elementType.size else {
                throw RectifierError(
                    .setting,
                    "\(formula.operation.name): \(formula.shape) for a batch of \(batchSize) is more than this machine's memory holds; "
                        + "choose a smaller batch size, or fewer units")
            }
        }
    }

    /// Computes all outputs.
    public func run() { run(0..<callCount) }

    /// The first part of ``run()``: up to the gradients, in training.
    package func runGradients() { run(0..<firstUpdate) }
    /// The rest of it.
    package func runUpdate() { run(firstUpdate..<callCount) }

    private func run(_ range: Range<Int>) {
        rk_run(pool?.handle, calls + range.lowerBound, Int64(range.count))
    }

    /// Whether the outputs depend on an input.
    public func hasInput(_ name: String) -> Bool { inputs[name] != nil }

    /// Sets an input of the program, in row-major order.
    public func setInput(_ name: String, to values: [Double]) throws {
        guard let (buffer, extents) = inputs[name] else { throw RectifierError(.shape, "the program has no input \(name)") }
        precondition(memory.labels(of: buffer) == nil, "input \(name) is filled with labels")
        guard values.count == extents.reduce(1, *) else {
            throw RectifierError(.shape, "input \(name) takes \(extents.reduce(1, *)) numbers of shape \(extents), not \(values.count)")
        }
        kernels.from_double(memory[buffer], values, Int64(values.count))
    }

    /// Sets an input of the program from memory with as many numbers as it takes.
    package func setInput(_ name: String, from values: UnsafePointer<Double>) {
        guard let (buffer, extents) = inputs[name] else { return }
        kernels.from_double(memory[buffer], values, Int64(extents.reduce(1, *)))
    }

    /// Lets inputs that have a feed be filled from other memory of the same form, from the next run on.
    package func refeed(_ feeds: [String: Feed]) {
        for (name, feed) in feeds {
            switch feed {
            case .rows(let source, let type, _, let scale):
                if let place = feedCalls[name] { calls[place].gather.move(to: source, type, scale: scale) }
            case .labels(let labels, _):
                if let input = inputs[name] { memory.labels(of: input.buffer)?.pointee.labels = labels }
            }
        }
    }

    /// The number of the call that fills an input; `nil` where no output depends on it, or it has no feed.
    package func feedCall(of input: String) -> Int? { feedCalls[input] }

    /// Lets a call that was compiled for ``Feed/rows(_:_:scale:)`` fill its input from other memory, from the next run
    /// on.
    package func refeed(_ place: Int, from source: UnsafeRawPointer, _ type: rk_source_type, scale: Double) {
        calls[place].gather.move(to: source, type, scale: scale)
    }

    /// Changes the values of parameters. All that the program has must be there.
    public func setParameters(_ values: Parameters) throws { try parameters.write(values, to: parameters.weights) }

    /// An output of the last run, in row-major order.
    public func values(ofOutput index: Int) -> [Double] {
        Array(unsafeUninitializedCapacity: outputCounts[index]) { values, count in
            count = outputCounts[index]
            if let start = values.baseAddress { copyValues(ofOutput: index, to: start) }
        }
    }

    /// Some elements of an output of the last run.
    package func values(ofOutput index: Int, in range: Range<Int>) -> [Double] {
        Array(unsafeUninitializedCapacity: range.count) { values, filled in
            filled = range.count
            kernels.to_double(
                values.baseAddress, memory[outputs[index].buffer] + range.lowerBound * elementType.size, Int64(range.count))
        }
    }

    /// The elements of an output of the last run that are not 0, in order. Takes little memory where they are few.
    package func nonzeros(ofOutput index: Int) -> [(place: Int, value: Double)] {
        let count = outputCounts[index], piece = 1 << 16
        return stride(from: 0, to: count, by: piece).flatMap { start in
            let values = values(ofOutput: index, in: start..<min(start + piece, count))
            return values.indices.lazy.filter { values[$0] != 0 }.map { (start + $0, values[$0]) }
        }
    }

    /// Copies an output of the last run, in row-major order, to memory with room for it.
    package func copyValues(ofOutput index: Int, to values: UnsafeMutablePointer<Double>) {
        kernels.to_double(values, memory[outputs[index].buffer], Int64(outputCounts[index]))
    }

    /// The extents of an output.
    public func shape(ofOutput index: Int) -> [Int] { outputs[index].extents }

    /// Where an output lies, in the element type.
    package func address(ofOutput index: Int) -> UnsafeRawPointer { UnsafeRawPointer(memory[outputs[index].buffer]) }
}
