import Rectifier

/// Which elements of some formulas of a model are 0 for all inputs that are looked at.
struct FoundDeadUnits {
    let built: Network.Built
    private var certified: [Int: [Bool]] = [:]
    private var onData: [Int: [Bool]] = [:]
    let hasData: Bool

    /// Of the layers with a side of 0, and of all that products with weights read.
    init(in model: Model, on box: InputBox, data: Dataset?, pool: ThreadPool) throws {
        built = try model.network.built(isTraining: false)
        hasData = data != nil
        let bounds = try ComputedBounds(built, on: box, model.parameters, model.precision)
        var formulas: [Formula] = []
        for formula in built.zeroSides.map(\.output) + topologicalOrder(of: [built.output]).compactMap({ $0.factors?.a })
        where !formulas.contains(formula) && formula.shape.hasBatch { formulas.append(formula) }
        for formula in formulas { certified[formula.id] = bounds[formula].elements.map(\.isZero) }
        guard let data, !formulas.isEmpty else { return }
        var areZero = formulas.map { [Bool](repeating: true, count: $0.shape.count(batchSize: 1)) }
        try BatchWalk([(formulas, model)], pool: pool).run(over: data) { values, _ in
            for (place, values) in values[0].enumerated() {
                let width = areZero[place].count
                areZero[place].withUnsafeMutableBufferPointer { areZero in
                    var unit = 0
                    for value in values {
                        // NaN is not 0.
                        if !(value == 0) { areZero[unit] = false }
                        unit = unit + 1 == width ? 0 : unit + 1
                    }
                }
            }
        }
        for (formula, areZero) in zip(formulas, areZero) { onData[formula.id] = areZero }
    }

    /// Which elements are proved to be 0 on the box.
    func certified(_ formula: Formula) -> [Bool] { certified[formula.id]! }
    /// Which elements are 0 for each sample; `nil` without data.
    func onData(_ formula: Formula) -> [Bool]? { onData[formula.id] }

    func dead(_ units: PrunedUnits, _ formula: Formula) -> [Bool] {
        // Where the data lie inside the box, what is proved for it is seen there too.
        units == .deadOnData ? onData(formula)! : certified(formula)
    }
}

/// What is taken out of a model.
struct PruningPlan {
    private let source: Model
    private let built: Network.Built
    /// Columns, rows and numbers that go, by parameter.
    private var columns: [String: Set<Int>] = [:]
    private var rows: [String: Set<Int>] = [:]
    private(set) var layers: [PruneReport.Layer] = []

    /// - Parameter multiple: What widths stay multiples of, where they are larger.
    init(for model: Model, _ found: FoundDeadUnits, removing units: PrunedUnits, multiple: Int) throws {
        source = model
        built = found.built
        let graph = NetworkGraph(built), dense = model.network.denseUnits
        var families: [(family: UnitFamily, leaving: [Int], staying: String?)] = []
        func place(of formula: Formula) -> Int {
            if let place = families.firstIndex(where: { $0.family.members.contains(formula.id) }) { return place }
            let family = UnitFamily(of: formula, in: graph, dense: dense)
            var leaving: [Int] = [], staying: String?
            if family.obstacle == nil, let first = family.readers.first.map({ found.dead(units, $0) }) {
                let dead = family.readers.dropFirst().reduce(first) { all, reader in zip(all, found.dead(units, reader)).map { $0 && $1 } }
                (leaving, staying) = Self.leaving(dead, inPairs: model.precision == .bfloat16, multiple: multiple)
            }
            families.append((family, leaving, staying))
            return families.count - 1
        }

        for (row, output, _) in built.zeroSides {
            let (family, leaving, staying) = families[place(of: output)]
            let dead = found.dead(units, output).count { $0 }
            layers.append(
                PruneReport.Layer(
                    name: built.rows[row].name, units: output.shape.count(batchSize: 1), certified: found.certified(output).count { $0 },
                    deadOnData: found.onData(output)?.count { $0 }, removed: leaving.count,
                    obstacle: dead <= leaving.count
                        ? nil
                        : family.obstacle ?? staying ?? "they are not 0 where they are read"))
        }
        // Units may be dead in the middle of formulas that are no layer's output.
        for reader in topologicalOrder(of: [built.output]).compactMap({ $0.factors?.a }) where reader.shape.hasBatch {
            _ = place(of: reader)
        }

        for (family, leaving, _) in families where !leaving.isEmpty {
            for name in family.columns.union(family.numbers) { columns[name, default: []].formUnion(leaving) }
            for name in family.rows { rows[name, default: []].formUnion(leaving) }
        }
    }

    /// The units that go, and why others stay: not the last one goes.
    ///
    /// - Parameters:
    ///   - inPairs: AVX512-BF16 takes two terms of a sum at once and rounds otherwise than one after another. Which
    ///     terms are a pair must stay, so these leave together or not at all.
    ///   - multiple: A product whose rows do not fill whole vectors takes as long as a wider one, or longer.
    private static func leaving(_ dead: [Bool], inPairs: Bool, multiple: Int) -> (units: [Int], staying: String?) {
        let group = inPairs ? 2 : 1, all = dead.count { $0 }
        var staying: String?
        var leaving = stride(from: 0, to: dead.count, by: group).filter { start in
            start + group <= dead.count && dead[start..<start + group].allSatisfy { $0 }
        }.flatMap { $0..<$0 + group }
        if leaving.count < all { staying = "in bfloat16 they leave in pairs" }
        if leaving.count == dead.count {
            leaving.removeLast(group)
            staying = "a layer keeps a unit"
        }
        let rest = dead.count - leaving.count
        if rest > multiple, rest % multiple > 0, !leaving.isEmpty {
            let more = (multiple - rest % multiple + group - 1) / group * group
            leaving.removeLast(min(more, leaving.count))
            staying = "widths stay multiples of \(multiple)"
        }
        return (leaving, staying)
    }

    /// The model without them.
    func model() throws -> Model {
        var dense = source.network.denseUnits
        for (name, leaving) in columns {
            let layer = name.split(separator: ".").dropLast().joined(separator: ".")
            if name.hasSuffix(".weights"), let units = dense[layer] { dense[layer] = units - leaving.count }
        }
        let network = try source.network.resized(dense)
        var parameters = Parameters()
        for formula in try network.built(isTraining: false).parameters {
            let name = formula.parameter!.name
            guard let tensor = source.parameters[name]?.without(rows: rows[name] ?? [], columns: columns[name] ?? []),
                tensor.shape == formula.shape.extents
            else {
                throw RectifierError(.setting, "\(name): its layer is code that does not follow the number of units; it cannot be pruned")
            }
            parameters[name] = tensor
        }
        var model = Model(network: network, loss: source.loss, parameters: parameters, precision: source.precision)
        (model.preparation, model.targetMeans, model.recipe) = (source.preparation, source.targetMeans, source.recipe)
        model.threshold = source.threshold
        return model
    }
}

extension Tensor {
    /// Without some places of the first axis and some of the last, which may be one axis.
    fileprivate func without(rows: Set<Int>, columns: Set<Int>) -> Tensor {
        guard let last = shape.last, !rows.isEmpty || !columns.isEmpty else { return self }
        func rest<Number>(_ values: [Number]) -> [Number] {
            values.indices.filter { !columns.contains($0 % last) && !rows.contains($0 / last) }.map { values[$0] }
        }
        var extents = shape
        extents[extents.count - 1] -= columns.count
        extents[0] -= rows.count
        return switch storage {
        case .float32(let values): Tensor(shape: extents, rest(values))
        case .float64(let values): Tensor(shape: extents, rest(values))
        }
    }
}
