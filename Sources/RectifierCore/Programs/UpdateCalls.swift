import CRectifierKernels

/// What a program does after it has computed losses and gradients: add up the losses, clip the gradients, update the weights.
package struct UpdateCalls {
    /// One loss for each sample.
    var losses: Formula
    /// By parameter.
    var gradients: [(parameter: String, formula: Formula)]
    var optimizer: Optimizer
    var clips: Bool
    var numbers: OptimizerNumbers

    package init(
        losses: Formula, gradients: [(parameter: String, formula: Formula)], optimizer: Optimizer, clips: Bool, numbers: OptimizerNumbers
    ) {
        (self.losses, self.gradients, self.optimizer, self.clips, self.numbers) = (losses, gradients, optimizer, clips, numbers)
    }

    var formulas: [Formula] { [losses] + gradients.map(\.formula) }

    /// - Parameters:
    ///   - results: What became of ``formulas``.
    ///   - fixed: Receives the places of the gradients in the parameters' block.
    /// - Returns: The number of the first call that uses the gradients, all of which the calls before have computed.
    func append(
        to lowering: inout Lowering, results: [Formula], parameters: ParameterMemory, parameterBuffers: [Buffer],
        fixed: inout [Buffer: UnsafeMutableRawPointer]
    ) throws -> Int {
        try parameters.makeTrainable(stateCount: optimizer.stateCount)
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

        // Gradients are computed where the update reads them; one that is not free to move is copied there.
        var gradientBuffers: [Buffer] = []
        for ((name, _), result) in zip(gradients, results.dropFirst()) {
            let address = parameters.address(of: name, in: gradientBlock, of: type)!
            let buffer = lowering.buffer(of: result)
            if fixed[buffer] == nil, !result.operands.isEmpty, !gradientBuffers.contains(buffer) {
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
        if clips {
            let count = parameters.count
            lowering.add(
                PlannedCall(name: "gradient norm", reads: gradientBuffers, writes: [clipped], work: 0) { _ in
                    var call = rk_call()
                    call.kernel = kernels.accumulate
                    call.accumulate = rk_accumulate(
                        in: gradientBlock, count: Int64(count), total: numbers.squares, squares: true, reset: true)
                    return call
                })
            for hyper in numbers.groups.indices.map(numbers.hyper) {
                let scale = UnsafeMutableRawPointer(hyper) + MemoryLayout<rk_hyper>.offset(of: \.gradient_scale)!
                lowering.add(
                    PlannedCall(name: "clip", reads: [], writes: [clipped], work: 0) { _ in
                        var call = rk_call()
                        call.kernel = kernels.clip
                        call.clip = rk_clip(
                            sum: numbers.squares, limit: numbers.clipLimit, norm: numbers.norm,
                            scale: scale.assumingMemoryBound(to: Double.self))
                        return call
                    })
            }
        }

        let kernel = optimizer.kernel(kernels)
        let computing = type.computing.size
        for (index, group) in parameters.groups.enumerated() where !group.range.isEmpty && group.rate != 0 {
            let range = group.range, hyper = numbers.hyper(index)
            lowering.add(
                PlannedCall(
                    name: "update \(range.count)", reads: gradientBuffers + [clipped], writes: parameterBuffers, work: 8 * range.count
                ) { _ in
                    func state(_ index: Int) -> UnsafeMutableRawPointer? {
                        index < parameters.states.count ? parameters.states[index] + range.lowerBound * computing : nil
                    }
                    var call = rk_call()
                    call.kernel = kernel
                    call.update = rk_update(
                        weights: parameters.weights + range.lowerBound * computing, gradient: gradientBlock + range.lowerBound * type.size,
                        state1: state(0), state2: state(1),
                        copy: parameters.copies == parameters.weights ? nil : parameters.copies + range.lowerBound * type.size,
                        count: Int64(range.count), hyper: hyper)
                    return call
                })
        }
        return firstUpdate
    }
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
        for (index, group) in groups.enumerated() {
            var own = hyper
            own.learning_rate = learningRate * group.rate
            if group.decays {
                own.l1 = penalties.l1
                own.l2 = penalties.l2
                if case .adamW = optimizer { own.decay = penalties.weightDecay } else { own.l2 += penalties.weightDecay }
            }
            hypers[index] = own
        }
    }
}

/// What is added to the gradient of weights to keep them small.
public struct Penalties: Sendable, Hashable {
    /// Shrinks weights, never biases. SGD, Adam and RMSProp add `weightDecay * w` to the gradient; AdamW multiplies the
    /// weights by `1 - learningRate * weightDecay`. At least 0.
    public var weightDecay: Double
    /// Adds `l1 * sign(w)` to the gradient of weights, with sign(0) = 0. At least 0.
    public var l1: Double
    /// Adds `l2 * w` to the gradient of weights, whatever the optimizer. At least 0.
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
