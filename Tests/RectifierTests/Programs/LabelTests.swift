import CRectifierKernels
import Testing

@testable import RectifierCore

/// Class numbers that programs read in place of rows with a 1 in the class's place.
@Suite struct LabelTests {
    static let classes = 5, batchSize = 6
    static let labels: [Int32] = [3, 0, 4, 1, 1, 2, 0, 3]
    static let order: [Int32] = [7, 2, 2, 0, 5, 1]

    private let input = Formula.input("x", shape: [Shape.batch, classes])
    private let target = Formula.input("t", shape: [Shape.batch, classes])
    private static let logits = (0..<batchSize * classes).map { Double($0 * 37 % 61) / 16 - 2 }

    /// The results of formulas, with labels and with the rows that they stand for.
    private func results(_ outputs: [Formula], _ type: ElementType) throws -> (labels: [[Double]], rows: [[Double]], listing: [String]) {
        let cursor = BatchCursor()
        let fed = try Self.labels.withUnsafeBufferPointer { labels in
            try Self.order.withUnsafeBufferPointer { order in
                cursor.indices.pointee = order.baseAddress
                let program = try Program(
                    outputs, batchSize: Self.batchSize, parameters: ParameterMemory(parameters: [], elementType: type), cursor: cursor,
                    feeds: ["t": .labels(labels.baseAddress!, classes: Self.classes)])
                try program.setInput("x", to: Self.logits)
                program.run()
                return (outputs.indices.map(program.values(ofOutput:)), program.listing)
            }
        }
        let program = try Program(outputs, batchSize: Self.batchSize, elementType: type)
        try program.setInput("x", to: Self.logits)
        try program.setInput("t", to: Self.order.flatMap { row in (0..<Self.classes).map { $0 == Self.labels[Int(row)] ? 1 : 0 } })
        program.run()
        return (fed.0, outputs.indices.map(program.values(ofOutput:)), fed.1)
    }

    @Test(arguments: ElementType.allCases)
    func givesTheBitsOfRows(_ type: ElementType) throws {
        let crossEntropy = try softmaxCrossEntropy(input, target)
        let sigmoids = try (target * softplus(-input) + (1 - target) * softplus(input)).mean(over: [1], keepingAxes: true)
        let squares = try (input - target) * (input - target)
        for loss in [crossEntropy, sigmoids, squares] {
            let outputs = [loss] + (try gradients(of: loss.mean(), withRespectTo: [input]))
            let (labels, rows, listing) = try results(outputs, type)
            #expect(labels == rows)
            #expect(!listing.contains { $0.hasPrefix("fill") }, "rows are written: \(listing)")
        }
    }

    /// What is no map and no cross-entropy of labels gets rows.
    @Test func othersGetRows() throws {
        for output in [try target.sum(over: [1], keepingAxes: true), try softmaxCrossEntropy(target, input), target] {
            let (labels, rows, listing) = try results([output, try input * 1], .float32)
            #expect(labels == rows)
            #expect(listing.contains { $0.hasPrefix("fill") })
        }
    }
}
