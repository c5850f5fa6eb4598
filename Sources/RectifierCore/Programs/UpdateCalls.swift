import CRectifierKernels

/// What a program does after it has computed losses and gradients: add up the losses, clip the gradients, update the
/// weights, move the states.
package struct UpdateCalls {
    /// One loss for each sample.
    var losses: Formula
    /// By parameter.
    var gradients: [(parameter: String, formula: Formula)]
    /// By state, what it moves towards.
    var targets: [(parameter: String, formula: Formula)]
    /// `nil` where gradients are not used here.
    var optimizer: Optimizer?
    var clips: Bool
    var numbers: OptimizerNumbers

    package init(
        losses: Formula, gradients: [(parameter: String, formula: Formula)] = [], targets: [(parameter: String, formula: Formula)] = [],
        optimizer: Optimizer? = nil, clips: Bool = false, numbers: OptimizerNumbers
    ) {
        (self.losses, self.gradients, self.targets) = (losses, gradients, targets)
        (self.optimizer, self.clips, self.numbers) = (optimizer, clips, numbers)
    }

    var formulas: [Formula] { [losses] + (gradients + targets).map(\.formula) }

    /// - Parameters:
    ///   - results: What became of ``formulas``.
    ///   - fixed: Receives the places of the gradients in the parameters' block.
    /// - Returns: The number of the first call that uses the gradients, all of which the calls before have computed.
    func append(
        to lowering: inout Lowering, results: [Formula], parameters: ParameterMemory, parameterBuffers: [Buffer],
        fixed: inout [Buffer: UnsafeMutableRawPointer]
    ) throws -> Int {
        try parameters.makeTrainable(stateCount: optimizer?.stateCount ?? 0)
        let kernels = lowering.kernels, type = parameters.elementType, gradientBlock = parameters.gradients!
        let numbers = numbers

        let losses = lowering.buffer(of: results[0]), lossCount = lowering.extents(of: results[0]).reduce(1, *)
        lowering.add(
            PlannedCall(name: "add losses", reads: [losses], writes: [], work: lossCount) { memory in
                var call = rk_call()
                call.kernel = kernels.accumulate
                call.accumulate = rk_accumulate(
                    in: memory[losses], count: Int64(lossCount), total: numbers.lossTotal, squares: false, reset: false)
                return call
            })

        // Gradients, and what states move towards, are computed where the update reads them; one that is not free to
        // move is copied there.
        var gradientBuffers: [Buffer] = [], staying = Set<String>()
        for ((name, _), result) in zip(gradients + targets, results.dropFirst()) {
            let address = parameters.address(of: name, in: gradientBlock, of: type)!
            let buffer = lowering.buffer(of: result)
            // A state that moves towards itself would move by what rounding hides of it.
            if fixed[buffer] == parameters.address(of: name, in: parameters.copies, of: type) {
                staying.insert(name)
                continue
            }
            if fixed[buffer] == nil, !result.operands.isEmpty {
                fixed[buffer] = address
                gradientBuffers.append(buffer)
            } else {
                let extents = lowering.extents(of: result)
                let target = lowering.newBuffer(count: extents.reduce(1, *))
                fixed[target] = address
                lowering.addCopy(
                    "gradient", from: buffer, strides: rowMajorStrides(extents), to: target, strides: rowMajorStrides(extents),
                    extents: extents)
                gradientBuffers.append(target)
            }
        }

        let firstUpdate = lowering.calls.count
        let clipped = lowering.newBuffer(count: 0)
        for (name, work, call) in updates(of: parameters, kernels, staying: staying) {
            // What clips comes before what updates, whoever runs it.
            let isUpdate = work > 0
            lowering.add(
                PlannedCall(
                    name: name, reads: isUpdate ? gradientBuffers + [clipped] : gradientBuffers,
                    writes: isUpdate ? parameterBuffers : [clipped], work: work
                ) { _ in call })
        }
        return firstUpdate
    }

    /// What is done with what lies in the gradients' block: clip gradients, update the weights, move states but for
    /// those that stay. Clipping is no work.
    private func updates(
        of parameters: ParameterMemory, _ kernels: rk_kernels, staying: Set<String>
    ) -> [(name: String, work: Int, call: rk_call)] {
        let updates = optimizer.map { Self.updates(of: parameters, kernels, $0, clips: clips, numbers) } ?? []
        return updates + moves(of: parameters, kernels, staying: staying)
    }

    static func updates(
        of parameters: ParameterMemory, _ kernels: rk_kernels, _ optimizer: Optimizer, clips: Bool, _ numbers: OptimizerNumbers
    ) -> [(name: String, work: Int, call: rk_call)] {
        let type = parameters.elementType, computing = type.computing.size, gradients = parameters.gradients!
        var calls: [(name: String, work: Int, call: rk_call)] = []
        if clips {
            var norm = rk_call()
            norm.kernel = kernels.accumulate
            norm.accumulate = rk_accumulate(
                in: gradients, count: Int64(parameters.trainedCount), total: numbers.squares, squares: true, reset: true)
            calls.append(("gradient norm", 0, norm))
            for hyper in numbers.groups.indices.filter({ parameters.groups[$0].isTrained }).map(numbers.hyper) {
                let scale = UnsafeMutableRawPointer(hyper) + MemoryLayout<rk_hyper>.offset(of: \.gradient_scale)!
                var clip = rk_call()
                clip.kernel = kernels.clip
                clip.clip = rk_clip(
                    sum: numbers.squares, limit: numbers.clipLimit, norm: numbers.norm,
                    scale: scale.assumingMemoryBound(to: Double.self))
                calls.append(("clip", 0, clip))
            }
        }
        for (index, group) in parameters.groups.enumerated() where !group.range.isEmpty && group.isTrained {
            let start = group.range.lowerBound
            func state(_ index: Int) -> UnsafeMutableRawPointer? {
                index < parameters.states.count ? parameters.states[index] + start * computing : nil
            }
            var update = rk_call()
            update.kernel = optimizer.kernel(kernels)
            update.update = rk_update(
                weights: parameters.weights + start * computing, gradient: gradients + start * type.size, state1: state(0),
                state2: state(1), copy: parameters.copies == parameters.weights ? nil : parameters.copies + start * type.size,
                count: Int64(group.range.count), hyper: numbers.hyper(index))
            calls.append(("update \(group.range.count)", 8 * group.range.count, update))
        }
        return calls
    }

    /// A step of plain SGD, in the computing type, whose gradient is the state less what it moves towards.
    private func moves(
        of parameters: ParameterMemory, _ kernels: rk_kernels, staying: Set<String>
    ) -> [(name: String, work: Int, call: rk_call)] {
        let type = parameters.elementType, computing = type.computing.size, gradients = parameters.gradients!
        let targets = Set(targets.map(\.parameter)).subtracting(staying)
        return parameters.slots.filter { targets.contains($0.name) }.map { slot in
            let group = parameters.groups.firstIndex { $0.range.contains(slot.offset) }!
            var move = rk_call()
            move.kernel = kernels.sgd
            move.update = rk_update(
                weights: parameters.weights + slot.offset * computing, gradient: gradients + slot.offset * type.size, state1: nil,
                state2: nil, copy: parameters.copies == parameters.weights ? nil : parameters.copies + slot.offset * type.size,
                count: Int64(slot.count), hyper: numbers.hyper(group))
            return ("move \(slot.count)", 4 * slot.count, move)
        }
    }
}

/// An optimizer's update by itself, for gradients that come from elsewhere.
package final class Updater {
    package let parameters: ParameterMemory
    package let numbers: OptimizerNumbers
    private var calls: [rk_call]

    package init(_ optimizer: Optimizer, _ parameters: ParameterMemory, clipNorm: Double?) throws {
        try parameters.makeTrainable(stateCount: optimizer.stateCount)
        self.parameters = parameters
        numbers = OptimizerNumbers(groups: parameters.groups, clipLimit: clipNorm ?? 0)
        let kernels = try selectedKernels(parameters.elementType)
        calls = UpdateCalls.updates(of: parameters, kernels, optimizer, clips: clipNorm != nil, numbers).map(\.call)
    }

    /// Updates the weights by the gradients that lie in the parameters' block.
    package func run() { rk_run(nil, &calls, Int64(calls.count)) }
}

/// The numbers that updates read and write while they run.
package final class OptimizerNumbers {
    let groups: [ParameterMemory.Group]
    /// The sum of all losses since it was last set to 0.
    package let lossTotal = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    /// Of the last gradient, where it is clipped.
    let norm = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    fileprivate let squares = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    let clipLimit: Double
    /// As it was set last.
    package private(set) var learningRate = 0.0

    private let hypers: UnsafeMutablePointer<rk_hyper>

    package init(groups: [ParameterMemory.Group], clipLimit: Double) {
        self.groups = groups
        self.clipLimit = clipLimit
        hypers = .allocate(capacity: max(1, groups.count))
        hypers.initialize(repeating: rk_hyper(), count: max(1, groups.count))
        for (index, group) in groups.enumerated() {
            // w - share · (w - target)
            guard case .state(let share) = group.role else { continue }
            (hypers[index].learning_rate, hypers[index].l2, hypers[index].gradient_scale) = (share, 1, -1)
        }
        for number in [lossTotal, norm, squares] { number.initialize(to: 0) }
    }

    deinit {
        hypers.deallocate()
        for number in [lossTotal, norm, squares] { number.deallocate() }
    }

    /// What the update of a group of parameters reads.
    func hyper(_ group: Int) -> UnsafeMutablePointer<rk_hyper> { hypers + group }

    /// Sets what step number `step` (from 1) uses.
    package func set(_ optimizer: Optimizer, _ penalties: Penalties, learningRate: Double, step: Int) {
        self.learningRate = learningRate
        var hyper = rk_hyper()
        hyper.gradient_scale = 1
        switch optimizer {
        case .sgd(let momentum, _): hyper.momentum = momentum
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            (hyper.beta1, hyper.beta2, hyper.epsilon) = (beta1, beta2, epsilon)
            hyper.correction1 = 1 - powerOf(beta1, Double(step))
            hyper.correction2 = 1 - powerOf(beta2, Double(step))
        case .rmsProp(let decay, let momentum, let epsilon): (hyper.beta2, hyper.momentum, hyper.epsilon) = (decay, momentum, epsilon)
        }
        for (index, group) in groups.enumerated() where group.isTrained {
            var own = hyper
            own.learning_rate = learningRate * group.rate
            if group.role == .weight {
                own.l1 = penalties.l1
                own.l2 = penalties.l2
                if case .adamW = optimizer { own.decay = penalties.weightDecay } else { own.l2 += penalties.weightDecay }
            }
            hypers[index] = own
        }
    }
}

/// What is added to the gradient of weights to keep them small, after the gradient was clipped.
public struct Penalties: Sendable, Hashable {
    /// Shrinks weights, never biases or PReLU's slopes. SGD, Adam and RMSProp add `weightDecay * w` to the gradient;
    /// AdamW multiplies the weights by `1 - learningRate * weightDecay`. At least 0.
    public var weightDecay: Double
    /// Adds `l1 * sign(w)` to the gradient of the same weights, with sign(0) = 0. At least 0.
    public var l1: Double
    /// Adds `l2 * w` to the gradient of the same weights, whatever the optimizer. At least 0.
    public var l2: Double

    public init(weightDecay: Double = 0, l1: Double = 0, l2: Double = 0) {
        (self.weightDecay, self.l1, self.l2) = (weightDecay, l1, l2)
    }
}

extension Optimizer {
    /// Numbers kept for each weight.
    package var stateCount: Int {
        switch self {
        case .sgd(let momentum, _): momentum > 0 ? 1 : 0
        case .adam, .adamW: 2
        case .rmsProp: 2
        }
    }

    fileprivate func kernel(_ kernels: rk_kernels) -> rk_kernel? {
        switch self {
        case .sgd(_, let nesterov): nesterov ? kernels.nesterov : kernels.sgd
        case .adam, .adamW: kernels.adam
        case .rmsProp: kernels.rmsprop
        }
    }
}
