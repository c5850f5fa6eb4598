import CRectifierKernels
import Testing

@Suite struct UpdateTests {
    /// What decays passes from normal numbers to 0, not to subnormal ones, in which it would stay; and what is not a
    /// number is not lost.
    @Test(arguments: [RK_REFERENCE] + levels, types)
    func statesAreNormalOrZero(_ isa: rk_isa, _ type: rk_type) {
        let kernels = type.kernels(isa).pointee, computing = type.computing
        let smallest = computing == RK_FLOAT64 ? Double.leastNormalMagnitude : Double(Float.leastNormalMagnitude)
        var hyper = rk_hyper(
            learning_rate: 0.1, momentum: 0, beta1: 0.5, beta2: 0.5, epsilon: 1e-8, correction1: 1, correction2: 1, decay: 0, l2: 0,
            l1: 0, gradient_scale: 1)
        for (name, kernel, decaying) in [("adam", kernels.adam!, 0...1), ("rmsprop", kernels.rmsprop!, 1...1)] {
            let count = 67
            let begin = (0..<count).map { $0 == 40 ? Double.nan : $0 % 2 == 0 ? 5 * smallest : -5 * smallest }
            let weights = Buffer(computing, count: count, values: begin.map { _ in 1 })
            let gradient = Buffer(type, count: count, values: begin.map { _ in 0 })
            // Squares are positive.
            let state = (0..<2).map { Buffer(computing, count: count, values: $0 == 0 ? begin : begin.map(\.magnitude)) }
            withUnsafePointer(to: &hyper) { hyper in
                var call = rk_call()
                call.update = rk_update(
                    weights: weights.base, gradient: gradient.base, state1: state[0].base, state2: state[1].base, copy: nil,
                    count: Int64(count), hyper: hyper)
                for (time, factor) in [2.5, 1.25, 0].enumerated() {
                    kernel(&call, 0, 1)
                    for buffer in state[decaying] {
                        for (index, value) in buffer.doubles.enumerated() {
                            #expect(index == 40 ? value.isNaN : value.magnitude == factor * smallest, "\(name), \(time), \(index)")
                        }
                    }
                }
            }
        }
    }
}
