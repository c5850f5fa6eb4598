import Foundation
import RectifierInstruments

/// Runs freshly drawn networks over data and finds where pre-activations are exactly 0, and whether the gradients of
/// the batches they fall into depend on what the derivative there is taken to be.
///
/// A pre-activation depends on its own sample alone, to the bit, whatever batch it is computed in. So one pass over the
/// data finds the ties of all batch sizes, and gradients are computed only for batches that have one: the others
/// cannot differ. Used by one thread.
final class TieScanner {
    /// A kind of network whose batches are looked at.
    struct Cell: Hashable {
        var depth: Int
        var batchSize: Int
    }

    /// What changed between two conventions, in one batch at least.
    struct Changes: Hashable {
        /// The gradient of the first layer's weights, which is what Bertoin et al. compared.
        var firstLayer = false
        /// That of any parameter.
        var anyLayer = false

        static func || (a: Changes, b: Changes) -> Changes {
            Changes(firstLayer: a.firstLayer || b.firstLayer, anyLayer: a.anyLayer || b.anyLayer)
        }
    }

    /// One network's outcome for one kind.
    struct Hits: Hashable {
        /// Between the derivatives 0 and 1 at 0, by the chain rule.
        var chainRule = Changes()
        /// Between 0 and 1 put in the place of the upstream gradient, as the published code does.
        var asPublished = Changes()

        var isComplete: Bool { chainRule.firstLayer && asPublished.firstLayer }
    }

    /// What was seen of one hidden layer of one network.
    struct LayerTies: Hashable {
        /// Samples that went through it.
        var samples = 0
        /// Pre-activations that are 0 because every input they sum is 0 (and the bias): in any precision.
        var structural = 0
        /// Those that are 0 by rounding.
        var accidental = 0
    }

    struct NetworkScan {
        /// By hidden layer.
        var layers: [LayerTies]
        var hits: [Cell: Hits]
        /// Where ties are structural: sample · layers + layer, ascending. Recorded where no cells are asked for.
        var structuralPlaces: [Int] = []
    }

    private static let scanRows = 500

    private let data: Dataset
    private let feeds: [String: Feed]
    private let family: StudyFamily
    private let isBlank: [Bool]
    private let parameters: [(formula: Formula, stream: Int)]
    private let memory: ParameterMemory
    private let cursor = BatchCursor()
    /// 0, 1, 2, … for the cursor.
    private let rows: UnsafeMutableBufferPointer<Int32>
    private var scans: [Cell: Program] = [:]
    private var comparisons: [Cell: Program] = [:]

    /// - Parameters:
    ///   - feeds: Of `data`, valid as long as the scanner.
    ///   - isBlank: Which samples have no element but 0.
    init(_ family: StudyFamily, precision: ElementType, data: Dataset, feeds: [String: Feed], isBlank: [Bool]) throws {
        self.data = data
        self.feeds = feeds
        self.family = family
        self.isBlank = isBlank
        parameters = try family.parameters()
        memory = try ParameterMemory(parameters: parameters.map(\.formula), elementType: precision)
        rows = .allocate(capacity: data.count)
        _ = rows.initialize(from: 0..<Int32(data.count))
    }

    deinit { rows.deallocate() }

    /// Draws a network and passes samples through it.
    ///
    /// - Parameters:
    ///   - seed: Draws the parameters.
    ///   - samples: The first so many of the data.
    ///   - cells: What to decide. The scan ends, or goes on with fewer layers, when nothing is left to decide; with no
    ///     cells it is a full one.
    ///   - isStopped: Asked now and then. Gives `nil` then.
    func scan(seed: UInt64, samples: Int, cells: [Cell], isStopped: () -> Bool) throws -> NetworkScan? {
        try draw(seed)
        let deepest = family.depths.last!
        var result = NetworkScan(
            layers: [LayerTies](repeating: LayerTies(), count: deepest), hits: Dictionary(uniqueKeysWithValues: cells.map { ($0, Hits()) }))
        var pending = cells
        var compared = Set<Batch>()
        for start in stride(from: 0, to: samples, by: TieScanner.scanRows) {
            guard !isStopped() else { return nil }
            let count = min(TieScanner.scanRows, samples - start)
            let depth = cells.isEmpty ? deepest : pending.map(\.depth).max()!
            for tie in try ties(start: start, count: count, depth: depth, into: &result) {
                // Batches are compared in the order of their samples, as somebody who reads one after another
                // would.
                for cell in pending where cell.depth > tie.layer {
                    let old = result.hits[cell]!
                    guard !old.isComplete, compared.insert(Batch(cell, of: tie.sample)).inserted else { continue }
                    let hits = try compare(cell, sample: tie.sample)
                    result.hits[cell] = Hits(chainRule: old.chainRule || hits.chainRule, asPublished: old.asPublished || hits.asPublished)
                }
            }
            pending.removeAll { result.hits[$0]!.isComplete }
            if !cells.isEmpty, pending.isEmpty { break }
        }
        result.structuralPlaces.sort()
        return result
    }

    private struct Batch: Hashable {
        var cell: Cell
        var number: Int
        init(_ cell: Cell, of sample: Int) { (self.cell, number) = (cell, sample / cell.batchSize) }
    }

    private func draw(_ seed: UInt64) throws {
        var values = Parameters()
        for (formula, stream) in parameters {
            let parameter = formula.parameter!, shape = formula.shape.extents
            let drawn = parameter.initializer.values(
                shape: shape, stream: RandomStream(seed: seed, purpose: RandomPurpose.initialization(stream)))
            values[parameter.name] =
                memory.elementType == .float64 ? Tensor(shape: shape, drawn) : Tensor(shape: shape, drawn.map(Float.init))
        }
        try memory.write(values, to: memory.weights)
    }

    // MARK: Ties

    private struct Tie {
        var sample: Int
        /// From 0.
        var layer: Int
    }

    /// Passes some samples through the first `depth` layers, adds up what is found, and gives the samples with ties.
    private func ties(start: Int, count: Int, depth: Int, into result: inout NetworkScan) throws -> [Tie] {
        let key = Cell(depth: depth, batchSize: count)
        let program = try scans[key] ?? scanProgram(depth: depth, rows: count)
        scans[key] = program
        move(to: start)
        program.run()

        var found: [Tie] = []
        for layer in 0..<depth {
            result.layers[layer].samples += count
            let ties = program.values(ofOutput: 2 * layer)
            guard ties.contains(where: { $0 > 0 }) else { continue }
            let inputs = layer == 0 ? nil : program.values(ofOutput: 2 * layer - 1)
            for (row, count) in ties.enumerated() where count > 0 {
                let sample = start + row
                found.append(Tie(sample: sample, layer: layer))
                // All units of a layer share their inputs.
                if inputs.map({ $0[row] == 0 }) ?? isBlank[sample] {
                    result.layers[layer].structural += Int(count)
                    if result.hits.isEmpty { result.structuralPlaces.append(sample * family.depths.last! + layer) }
                } else {
                    result.layers[layer].accidental += Int(count)
                }
            }
        }
        return found.sorted { ($0.sample, $0.layer) < ($1.sample, $1.layer) }
    }

    /// For each layer, two outputs a sample: how many pre-activations are 0, and how many are positive.
    ///
    /// Each layer's pre-activations are read three times, so they are stored, in the element type, before anything is
    /// compared: in 16 bits that rounding is what makes them 0.
    private func scanProgram(depth: Int, rows: Int) throws -> Program {
        let built = try family.network(depth: depth).built(isTraining: false)
        let outputs = try family.preActivations(of: built, depth: depth).flatMap { z in
            [try equal(z, 0).sum(over: [1]), try (z > 0).sum(over: [1])]
        }
        return try Program(outputs, batchSize: rows, parameters: memory, cursor: cursor, feeds: feeds)
    }

    private func move(to row: Int) { cursor.indices.pointee = UnsafePointer(rows.baseAddress! + row) }

    // MARK: Gradients

    /// Compares the gradients, bit for bit, of the batch a sample falls into.
    private func compare(_ cell: Cell, sample: Int) throws -> Hits {
        let start = sample / cell.batchSize * cell.batchSize
        // The last batch may be shorter.
        let key = Cell(depth: cell.depth, batchSize: min(cell.batchSize, data.count - start))
        let program = try comparisons[key] ?? comparisonProgram(depth: key.depth, rows: key.batchSize)
        comparisons[key] = program
        move(to: start)
        program.run()

        // The gradients with 0, with 1, and with 1 injected, one after another.
        let count = 2 * (cell.depth + 1)
        func changes(_ convention: Int) -> Changes {
            var changes = Changes()
            for parameter in 0..<count where !changes.firstLayer {
                let other = convention * count + parameter
                let bytes = program.shape(ofOutput: parameter).reduce(1, *) * memory.elementType.size
                let differs = memcmp(program.address(ofOutput: parameter), program.address(ofOutput: other), bytes) != 0
                if differs { changes.anyLayer = true }
                // The first parameter of the network is the first layer's weights.
                if differs, parameter == 0 { changes.firstLayer = true }
            }
            return changes
        }
        return Hits(chainRule: changes(1), asPublished: changes(2))
    }

    private func comparisonProgram(depth: Int, rows: Int) throws -> Program {
        let built = try family.network(depth: depth).built(isTraining: true)
        let target = Formula.input(Network.targetName, shape: built.output.shape)
        let loss = try Loss.softmaxCrossEntropy(built.output, target).mean()
        // The only kinks are those of ReLU.
        let injected = try rebuilt([loss]) { original, operands in
            original.operation.kinks(of: original.operands).isEmpty ? nil : try Formula(InjectedReLU(value: 1), operands)
        }
        let outputs = try [atKinks(0, [loss]), atKinks(1, [loss]), injected].flatMap {
            try gradients(of: $0[0], withRespectTo: built.parameters)
        }
        return try Program(outputs, batchSize: rows, parameters: memory, cursor: cursor, feeds: feeds)
    }
}
