import Rectifier

/// Formulas of a network, computed over data a batch at a time.
final class BatchWalk {
    private static let batchSize = 500

    private let outputs: [Formula]
    private let parameters: ParameterMemory
    private let pool: ThreadPool
    private let cursor = BatchCursor()

    init(_ outputs: [Formula], of model: Model, pool: ThreadPool) throws {
        self.outputs = outputs
        parameters = try ParameterMemory(of: model)
        self.pool = pool
    }

    /// - Parameter body: Given the values of each output, in row-major order, and the number of samples.
    func run(over data: Dataset, _ body: ([[Double]], Int) throws -> Void) throws {
        let rows = (0..<Int32(data.count)).map { $0 }
        try data.withFeeds { feeds in
            try rows.withUnsafeBufferPointer { rows in
                var last: Program?
                for start in stride(from: 0, to: data.count, by: Self.batchSize) {
                    let count = min(Self.batchSize, data.count - start)
                    let program: Program
                    if let last, last.batchSize == count {
                        program = last
                    } else {
                        program = try Program(outputs, batchSize: count, parameters: parameters, cursor: cursor, feeds: feeds, pool: pool)
                        last = program
                    }
                    cursor.indices.pointee = rows.baseAddress! + start
                    program.run()
                    try body(outputs.indices.map(program.values(ofOutput:)), count)
                }
            }
        }
    }
}

extension InputBox {
    /// Some samples of the box, from one on.
    func samples(_ range: Range<Int>, shape: [Int], _ stream: RandomStream) throws -> Dataset {
        try Dataset(
            count: range.count, sampleShape: shape, features: .doubles(range.flatMap { sample($0, stream) }), targets: .none)
    }
}

extension Dataset {
    /// Throws where a network takes other samples.
    func requireShape(of network: Network) throws {
        guard sampleShape == network.inputShape else {
            throw RectifierError(.shape, "the model takes samples of shape \(network.inputShape), the data has \(sampleShape)")
        }
    }
}
