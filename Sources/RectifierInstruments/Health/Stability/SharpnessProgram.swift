import Rectifier
import RectifierCore

/// Computes the largest eigenvalue of the Hessian of a mean loss, in float64 whatever the run computes in, so that
/// neither rounding nor a 16-bit type shows in it. It has weights of its own.
///
/// A product with the Hessian is a gradient of a gradient: of g · v by the weights, v being an input. It is exact on
/// the present piece, with the declared derivatives where a sample is exactly at a kink.
final class SharpnessProgram {
    /// Parameters that are trained; in a vector they lie one after another.
    struct Variable {
        var name: String
        var place: Range<Int>
        /// Whether penalties apply.
        var decays: Bool
    }

    /// A program over some of the samples, with their share of all.
    struct Block {
        var program: Program
        var share = 1.0
        /// Makes it the turn of these samples.
        var begin: () -> Void = {}
    }

    let variables: [Variable]
    private let memory: ParameterMemory
    private let blocks: [Block]
    private let count: Int

    /// An eigenvalue is found when one lies within this share of it.
    static let tolerance = 0.005
    static let limit = 100

    /// - Parameters:
    ///   - losses: One for each sample.
    ///   - parameters: All below the losses.
    ///   - trained: Those of them that the loss is differentiated by.
    ///   - compile: Makes programs with these parameters over all the samples.
    init(
        losses: Formula, parameters: [Formula], trained: [Formula], blocks compile: ([Formula], ParameterMemory) throws -> [Block]
    ) throws {
        var end = 0
        variables = trained.map { formula in
            let start = end
            end += formula.shape.count(batchSize: 1)
            return Variable(name: formula.parameter!.name, place: start..<end, decays: formula.parameter!.decays)
        }
        count = end
        memory = try ParameterMemory(parameters: parameters, elementType: .float64)
        var slope: Formula = 0
        for (derivative, formula) in zip(try gradients(of: losses.mean(), withRespectTo: trained), trained) {
            slope = try slope + (derivative * .input(Self.inputName(formula.parameter!.name), shape: formula.shape)).sum()
        }
        blocks = try compile(gradients(of: slope, withRespectTo: trained), memory)
    }

    private static func inputName(_ parameter: String) -> String { "direction of \(parameter)" }

    /// - Parameters:
    ///   - stepping: How steps are made; without a learning rate where that is 0.
    ///   - samples: What the report says.
    /// - Returns: `nil` where the Hessian is not finite.
    func report(
        at parameters: Parameters, _ stepping: Stepping, samples: Int, tolerance: Double = tolerance, limit: Int = limit
    ) throws -> StabilityReport? {
        try memory.write(parameters, to: memory.weights)
        let penalty = stepping.optimizer.curvature(of: stepping.penalties)
        func find(_ roots: [Double]?) -> LargestEigenvalue? {
            .find(count: count, tolerance: tolerance, limit: limit) { product($0, penalty: penalty, roots: roots) }
        }
        guard let plain = find(nil) else { return nil }
        let rate = stepping.learningRate > 0 ? stepping.learningRate : nil, reach = stepping.optimizer.edgeProduct
        var report = StabilityReport(
            sharpness: plain.value, learningRate: rate, edge: rate.map { reach / $0 }, samples: samples, iterations: plain.products,
            isConverged: plain.isConverged)
        let scales = stepping.scales(of: variables)
        if case .roots(let roots) = scales {
            guard let scaled = find(roots) else { return nil }
            report.preconditionedSharpness = scaled.value
            report.iterations += scaled.products
            report.isConverged = plain.isConverged && scaled.isConverged
        }
        if scales != .unknown, report.comparedSharpness > 0 { report.largestStableRate = reach / report.comparedSharpness }
        return report
    }

    /// The Hessian with its penalty times a vector, with `roots` before and behind it.
    private func product(_ vector: [Double], penalty: Double, roots: [Double]?) -> [Double] {
        var vector = vector
        if let roots { for i in vector.indices { vector[i] *= roots[i] } }
        var result = multiplied(vector, by: blocks[0])
        for block in blocks.dropFirst() {
            let part = multiplied(vector, by: block)
            for i in result.indices { result[i] += part[i] }
        }
        if penalty != 0 {
            for variable in variables where variable.decays { for i in variable.place { result[i] += penalty * vector[i] } }
        }
        if let roots { for i in result.indices { result[i] *= roots[i] } }
        return result
    }

    /// What some samples have of the product.
    private func multiplied(_ vector: [Double], by block: Block) -> [Double] {
        block.begin()
        vector.withUnsafeBufferPointer { vector in
            for variable in variables where !variable.place.isEmpty {
                block.program.setInput(Self.inputName(variable.name), from: vector.baseAddress! + variable.place.lowerBound)
            }
        }
        block.program.run()
        var result = [Double](unsafeUninitializedCapacity: count) { values, filled in
            for (index, variable) in variables.enumerated() where !variable.place.isEmpty {
                block.program.copyValues(ofOutput: index, to: values.baseAddress! + variable.place.lowerBound)
            }
            filled = count
        }
        if block.share != 1 { for i in result.indices { result[i] *= block.share } }
        return result
    }
}
