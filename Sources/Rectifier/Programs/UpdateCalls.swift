import CRectifierKernels

/// What a program does after it has computed losses and gradients: add up the losses, clip the gradients, update the weights.
struct UpdateCalls {
    /// One loss for each sample.
    var losses: Formula
    /// By parameter.
    var gradients: [(parameter: String, formula: Formula)]
    var optimizer: Optimizer
    var clips: Bool
    var numbers: OptimizerNumbers

    var formulas: [Formula] { [losses] + gradients.map(\.formula) }

    /// - Parameters:
    ///   - results: What became of ``formulas``.
    ///   - fixed: Receives the places of the gradients in the parameters' block.
    /// - Returns: The number of the first call that uses the gradients, all of which the calls before have computed.
    func append(
        to lowering: inout Lowering, results: [Formula], parameters: ParameterMemory, parameterBuffers: [Buffer],
        fixed: inout [Buffer: UnsafeMutableRawPointer]
    ) -> Int {
        parameters.makeTrainable(stateCount: optimizer.stateCount)
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
            for hyper in [numbers.decaying, numbers.others] {
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
        for (range, hyper) in [(parameters.decaying, numbers.decaying), (parameters.others, numbers.others)] where !range.isEmpty {
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
final class OptimizerNumbers {
    /// For parameters that decay, and for the others.
    let decaying = UnsafeMutablePointer<rk_hyper>.allocate(capacity: 1)
    let others = UnsafeMutablePointer<rk_hyper>.allocate(capacity: 1)
    /// The sum of all losses since it was last set to 0.
    let lossTotal = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    /// Of the last gradient, where it is clipped.
    let norm = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    fileprivate let squares = UnsafeMutablePointer<Double>.allocate(capacity: 1)
    let clipLimit: Double

    init(clipLimit: Double) {
        self.clipLimit = clipLimit
        decaying.initialize(to: rk_hyper())
        others.initialize(to: rk_hyper())
        for number in [lossTotal, norm, squares] { number.initialize(to: 0) }
    }

    deinit {
        decaying.deallocate()
        others.deallocate()
        for number in [lossTotal, norm, squares] { number.deallocate() }
    }

    /// Sets what step number `step` (from 1) uses.
    func set(_ settings: TrainingSettings, learningRate: Double, step: Int) {
        var hyper = rk_hyper()
        hyper.learning_rate = learningRate
        hyper.gradient_scale = 1
        switch settings.optimizer {
        case .sgd(let momentum, _): hyper.momentum = momentum
        case .adam(let beta1, let beta2, let epsilon), .adamW(let beta1, let beta2, let epsilon):
            (hyper.beta1, hyper.beta2, hyper.epsilon) = (beta1, beta2, epsilon)
            hyper.correction1 = 1 - powerOf(beta1, Double(step))
            hyper.correction2 = 1 - powerOf(beta2, Double(step))
        case .rmsProp(let decay, let momentum, let epsilon): (hyper.beta2, hyper.momentum, hyper.epsilon) = (decay, momentum, epsilon)
        }
        others.pointee = hyper
        hyper.l1 = settings.l1
        hyper.l2 = settings.l2
        let weightDecay = settings.weightDecay ?? 0
        if case .adamW = settings.optimizer { hyper.decay = weightDecay } else { hyper.l2 += weightDecay }
        decaying.pointee = hyper
    }
}

extension Optimizer {
    /// Numbers kept for each weight.
    var stateCount: Int {
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
