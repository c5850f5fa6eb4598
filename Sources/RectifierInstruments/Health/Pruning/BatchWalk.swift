import Rectifier

/// Formulas of one or more networks, computed over the same data a batch at a time.
final class BatchWalk {
    private static let batchSize = 500

    private let parts: [(outputs: [Formula], parameters: ParameterMemory)]
    private let pool: ThreadPool
    private let cursor = BatchCursor()

    init(_ parts: [(outputs: [Formula], model: Model)], pool: ThreadPool) throws {
        self.parts = try parts.map { ($0.outputs, try ParameterMemory(of: $0.model)) }
        self.pool = pool
    }

    /// - Parameter body: Given the values of each output of each network, in row-major order, and how many samples.
    func run(over data: Dataset, _ body: ([[[Double]]], Int) throws -> Void) throws {
        let rows = (0..<Int32(data.count)).map { $0 }
        try data.withFeeds { feeds in
            try rows.withUnsafeBufferPointer { rows in
                var programs: [Program] = []
                for start in stride(from: 0, to: data.count, by: Self.batchSize) {
                    let count = min(Self.batchSize, data.count - start)
                    if programs.first?.batchSize != count {
                        programs = try parts.map {
                            try Program($0.outputs, batchSize: count, parameters: $0.parameters, cursor: cursor, feeds: feeds, pool: pool)
                        }
                    }
                    cursor.indices.pointee = rows.baseAddress! + start
                    for program in programs { program.run() }
                    try body(zip(parts, programs).map { $0.outputs.indices.map($1.values(ofOutput:)) }, count)
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
