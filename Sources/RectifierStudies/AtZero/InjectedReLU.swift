import CRectifierKernels
import RectifierInstruments

/// max(x, 0) with the backward pass that the code published with Bertoin et al. 2021 ran: where x is 0, `value` takes
/// the place of the upstream gradient instead of multiplying it.
///
/// That is no derivative of anything: whatever the loss, a unit of size `value` enters. It exists so that ``ZeroStudy``
/// can repeat their counts, and nothing else uses it. With the value 0 it agrees with `relu(x, atZero: 0)`.
struct InjectedReLU: Elementwise {
    var value: Double
    var name: String { "injectedReLU" }

    func instruction(batchSize: Int) -> Instruction { Instruction(RK_OP_RELU) }

    /// No slopes: nothing may vouch for what passes through here.
    func kinks(of x: [Formula]) -> [Kink] { [Kink(x[0], 0)] }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        [try select(equal(x[0], 0), .constant(value), g * heaviside(x[0], below: 0, atZero: 0, above: 1))]
    }

    func response(to operand: Int) -> Response { .affine }
}

/// ``InjectedReLU`` as a layer, for training with it.
struct InjectedReLULayer: Layer {
    var value: Double
    var name: String { "relu" }
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) -> Formula { Formula(InjectedReLU(value: value), of: x) }
}
