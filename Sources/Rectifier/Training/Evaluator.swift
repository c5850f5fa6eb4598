import CRectifierKernels

/// Measures a network on data whose targets are known, a batch at a time.
final class Evaluator {
    /// One loss for each sample, and what the network gives.
    private let runner: BatchRunner

    /// - Parameter parameters: Read at every run, so that an evaluator made once follows the training.
    convenience init(_ network: Network, loss: Loss, parameters: ParameterMemory, pool: ThreadPool?) throws {
        try self.init(network.built(isTraining: false).output, loss: loss, parameters: parameters, pool: pool)
    }

    /// - Parameter output: Of a network that is built to be used.
    init(_ output: Formula, loss: Loss, parameters: ParameterMemory, pool: ThreadPool?) throws {
        let losses = try loss(output, .input(Network.targetName, shape: output.shape))
        runner = BatchRunner([losses, output], parameters: parameters, pool: pool)
    }

    /// Loss and quality, errors in the targets' own units.
    func evaluate(_ data: Dataset, preparation: Preparation? = nil) throws -> Evaluation {
        var quality = Quality(data, preparation)
        let total = try add(data, rows: (0..<Int32(data.count)).map { $0 }, to: &quality)
        return quality.evaluation(loss: total / Double(data.count))
    }

    /// Adds what the network does on some rows. Returns the sum of their losses.
    func add(_ data: Dataset, rows: [Int32], to quality: inout Quality) throws -> Double {
        var total = 0.0
        try runner.run(data, rows: rows) { program, rows in
            total += program.values(ofOutput: 0).reduce(0, +)
            quality.add(program.values(ofOutput: 1), rows: rows)
        }
        return total
    }
}

/// Computes formulas on all samples of a data set, a batch at a time.
package final class BatchRunner {
    private let batchSize: Int
    private let cursor = BatchCursor()
    private var programs: BatchPrograms

    package init(_ outputs: [Formula], parameters: ParameterMemory, pool: ThreadPool?) {
        batchSize = Self.batchSize(for: outputs)
        programs = BatchPrograms(outputs, parameters: parameters, cursor: cursor, pool: pool)
    }

    /// Samples of a batch: 500, or fewer where a layer's values for so many would take more memory than training does.
    static func batchSize(for outputs: [Formula]) -> Int {
        let most = 1 << 22, largest = topologicalOrder(of: outputs).filter(\.shape.hasBatch).map { $0.shape.count(batchSize: 1) }.max() ?? 1
        return min(500, max(1, most / largest))
    }

    /// - Parameter body: Called behind each batch with the program, the first sample's number and how many there are.
    package func run(_ data: Dataset, _ body: (Program, Int, Int) throws -> Void) throws {
        try run(data, rows: (0..<Int32(data.count)).map { $0 }) { try body($0, Int($1.first!), $1.count) }
    }

    /// - Parameters:
    ///   - rows: Some samples, by their numbers.
    ///   - body: Called behind each batch with the program and its samples.
    func run(_ data: Dataset, rows: [Int32], _ body: (Program, ArraySlice<Int32>) throws -> Void) throws {
        try data.withFeeds { feeds in
            for start in stride(from: 0, to: rows.count, by: batchSize) {
                let batch = rows[start..<min(start + batchSize, rows.count)]
                let program = try programs.program(over: batch.count, of: data, feeds)
                batch.withUnsafeBufferPointer {
                    cursor.indices.pointee = $0.baseAddress
                    program.run()
                }
                try body(program, batch)
            }
        }
    }
}

/// Sums over a data set from which its quality follows.
struct Quality {
    private let targets: Dataset.Targets
    private var confusion: [[Int]] = []
    /// What differences of each target are multiplied by.
    private let units: [Double]
    private var squaredError = 0.0, squaredErrorInUnits = 0.0
    /// Mean and summed squared deviation of the targets, by Welford's update.
    private var seen = 0, mean = 0.0, deviation = 0.0

    /// - Parameter preparation: `nil` leaves errors in the units that the network gives.
    init(_ data: Dataset, _ preparation: Preparation?) {
        targets = data.targets
        units = preparation?.targetValues?.map(\.deviation) ?? [Double](repeating: 1, count: data.outputCount)
        if case .classes(_, let names) = targets { confusion = names.map { _ in [Int](repeating: 0, count: names.count) } }
    }

    /// Adds what a network gives for some rows.
    mutating func add(_ outputs: [Double], rows: ArraySlice<Int32>) {
        switch targets {
        case .classes(let labels, let names):
            for (place, row) in rows.enumerated() {
                let scores = outputs[place * names.count..<(place + 1) * names.count]
                confusion[Int(labels[Int(row)])][largest(scores)] += 1
            }
        case .values(let values, let width):
            addErrors(outputs, rows.lazy.flatMap { values[Int($0) * width..<(Int($0) + 1) * width] }.map(Double.init))
        case .doubleValues(let values, let width): addErrors(outputs, rows.lazy.flatMap { values[Int($0) * width..<(Int($0) + 1) * width] })
        case .none: break
        }
    }

    private mutating func addErrors(_ outputs: [Double], _ targets: some Sequence<Double>) {
        for (output, target) in zip(outputs, targets) {
            let square = (output - target) * (output - target), unit = units[seen % units.count]
            squaredError += square
            squaredErrorInUnits += square * unit * unit
            seen += 1
            let fromOldMean = target - mean
            mean += fromOldMean / Double(seen)
            deviation += fromOldMean * (target - mean)
        }
    }

    func evaluation(loss: Double) -> Evaluation {
        var result = Evaluation(loss: loss)
        if !confusion.isEmpty {
            let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
            result.accuracy = Double(right) / Double(confusion.joined().reduce(0, +))
            result.confusion = confusion
        } else if seen > 0 {
            result.rmse = (squaredErrorInUnits / Double(seen)).squareRoot()
            // Of targets that are all equal, any error explains nothing.
            result.r2 = deviation > 0 ? 1 - squaredError / deviation : 0
        }
        return result
    }
}

/// The place of the largest number, counted from 0; the first of equal ones.
package func largest(_ values: some Collection<Double>) -> Int {
    var best = 0, bestValue = -Double.infinity
    for (place, value) in values.enumerated() where value > bestValue { (best, bestValue) = (place, value) }
    return best
}
