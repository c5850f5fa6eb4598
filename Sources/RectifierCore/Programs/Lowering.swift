import CRectifierKernels

/// Memory that one formula's value lives in, before addresses are known.
package struct Buffer: Hashable {
    var index: Int
}

/// A call before memory is planned.
struct PlannedCall {
    var name: String
    var reads: [Buffer]
    var writes: [Buffer]
    /// About how many element operations it takes: what decides whether it is split between threads.
    var work: Int
    /// The rows that threads can share, where the call can be cut so.
    var rows: SharedRows?
    /// Bytes of scratch for each of a number of threads.
    var scratch: (Int) -> Int = { _ in 0 }
    /// Fills in the addresses.
    var make: (ProgramMemory) -> rk_call
}

/// Rows by which a call can be cut: a thread that takes some of them touches, of these buffers, the same rows only.
struct SharedRows {
    var count: Int
    var buffers: [Buffer]
    /// What a thread reads in whole, whether or not it reads it by rows as well.
    var inWhole: [Buffer] = []

    func cuts(_ buffer: Buffer) -> Bool { buffers.contains(buffer) && !inWhole.contains(buffer) }
}

/// Turns a graph of formulas into calls over buffers.
///
/// Elementwise formulas are gathered into groups, each computed by one map; a group over a product becomes that
/// product's epilogue. Everything else lowers itself (``Operation/lower(_:in:)``). Views (reshapes) share their
/// operand's buffer.
package struct Lowering {
    let batchSize: Int
    let elementType: ElementType
    let kernels: rk_kernels
    let cursor: BatchCursor
    let rewrites: Set<Rewrite>

    private(set) var calls: [PlannedCall] = []
    /// Elements in each buffer.
    private(set) var counts: [Int] = []
    private var buffers: [Int: Buffer] = [:]
    /// Inputs that all calls read as class numbers, by their ids: no matrix is made of them.
    private let labels: Set<Int>

    init(
        batchSize: Int, elementType: ElementType, kernels: rk_kernels, cursor: BatchCursor, rewrites: Set<Rewrite>, labels: Set<Int> = []
    ) {
        self.batchSize = batchSize
        self.elementType = elementType
        self.kernels = kernels
        self.cursor = cursor
        self.rewrites = rewrites
        self.labels = labels
    }

    func extents(of formula: Formula) -> [Int] { formula.shape.resolved(batchSize: batchSize) }

    /// Where a formula's value is. Its calls have been added before.
    func buffer(of formula: Formula) -> Buffer {
        guard let buffer = buffers[formula.id] else { preconditionFailure("\(formula.operation.name) is used before it is computed") }
        return buffer
    }

    /// Whether a formula's value is not written out, but stands as class numbers for calls to read.
    func isLabels(_ formula: Formula) -> Bool { labels.contains(formula.id) }

    mutating func newBuffer(for formula: Formula) -> Buffer {
        let buffer = newBuffer(count: isLabels(formula) ? 0 : formula.shape.count(batchSize: batchSize))
        buffers[formula.id] = buffer
        return buffer
    }

    mutating func newBuffer(count: Int) -> Buffer {
        counts.append(count)
        return Buffer(index: counts.count - 1)
    }

    /// Where the first samples of a formula's value are kept, so that the memory of the others is free again: a copy
    /// right behind what computes it.
    mutating func keepFirst(_ samples: Int, of formula: Formula) -> Buffer {
        let source = buffer(of: formula), extents = [samples] + formula.sampleExtents
        guard let writer = calls.lastIndex(where: { $0.writes.contains(source) }) else { return source }
        let target = newBuffer(count: extents.reduce(1, *))
        addCopy(
            "first samples", from: source, strides: rowMajorStrides(extents), to: target, strides: rowMajorStrides(extents),
            extents: extents)
        calls.insert(calls.removeLast(), at: writer + 1)
        return target
    }

    mutating func alias(_ formula: Formula, to other: Formula) { buffers[formula.id] = buffer(of: other) }

    mutating func add(_ call: PlannedCall) { calls.append(call) }

    /// Adds the calls that compute all outputs.
    mutating func lower(_ outputs: [Formula]) throws {
        let order = topologicalOrder(of: outputs)
        let fusion = FusionPlan(order: order, outputs: outputs, batchSize: batchSize, rewrites: rewrites)
        for formula in order {
            if fusion.isDeferred(formula) { continue }
            if formula.isElementwise {
                addMap(formula, fusion.group(of: formula), product: fusion.product(under: formula))
            } else {
                try formula.operation.lower(formula, in: &self)
            }
        }
    }

    // MARK: Maps

    /// The call that computes a group of elementwise formulas, or the product they are the epilogue of.
    private mutating func addMap(_ root: Formula, _ group: [Formula], product: Formula?) {
        let out = newBuffer(for: root)
        var group = group
        var bias: Buffer?
        if rewrites.contains(.productBias), let product, let sum = group.first(where: { $0.operands.contains(product) }),
            let vector = biasVector(of: sum, over: product)
        {
            bias = buffer(of: vector)
            group.removeAll { $0 == sum }
            let map = group.isEmpty ? nil : self.map(root, group, out: out, product: sum)
            (product.operation as! any Contraction).lower(product, into: out, bias: bias, epilogue: map, in: &self)
        } else if let product {
            let map = map(root, group, out: out, product: product)
            (product.operation as! any Contraction).lower(product, into: out, bias: nil, epilogue: map, in: &self)
        } else {
            let map = map(root, group, out: out, product: nil)
            let kernel = kernels.map!
            add(
                PlannedCall(
                    name: "map " + group.map(\.operation.name).joined(separator: " "), reads: map.reads, writes: [out], work: map.work,
                    rows: map.sharedRows
                ) { memory in
                    var call = rk_call()
                    call.kernel = kernel
                    call.map = map.descriptor(in: memory)
                    return call
                })
        }
    }

    /// The vector that `sum` adds to every row of `product`, if that is what it does.
    private func biasVector(of sum: Formula, over product: Formula) -> Formula? {
        guard sum.isSumOfTwo, sum.operands[0] != sum.operands[1] else { return nil }
        let other = sum.operands[0] == product ? sum.operands[1] : sum.operands[0]
        let extents = extents(of: other)
        let columns = self.extents(of: product).last
        guard other.constantValue == nil, extents.last == columns, extents.dropLast().allSatisfy({ $0 == 1 }) else { return nil }
        return buffers[other.id] == nil ? nil : other
    }

    /// The elementwise program for a group. `product`: the formula whose value stands in the output buffer before the
    /// map runs.
    private mutating func map(_ root: Formula, _ group: [Formula], out: Buffer, product: Formula?) -> Map {
        let extents = extents(of: root)
        var external: [Formula] = []
        let members = Set(group.map(\.id))
        for operand in group.flatMap(\.operands)
        where !members.contains(operand.id) && operand != product && !isInlineConstant(operand) && !external.contains(operand) {
            external.append(operand)
        }

        // Extents and strides of output and operands, as few axes as all of them allow.
        var sources = external.map { buffer(of: $0) }
        var strides = [rowMajorStrides(extents)] + external.map { broadcastStrides(self.extents(of: $0), to: extents) }
        func walk() -> ([Int], [[Int]]) { product == nil ? collapsed(extents, strides: strides) : rowsJoined(extents, strides: strides) }
        var (shape, flat) = walk()
        for index in external.indices where shape.count > 2 {
            // Repeated along more axes than a map walks: write it out first.
            let full = newBuffer(count: extents.reduce(1, *))
            addCopy(
                "broadcast", from: sources[index], strides: strides[index + 1], to: full, strides: rowMajorStrides(extents),
                extents: extents)
            sources[index] = full
            strides[index + 1] = rowMajorStrides(extents)
            (shape, flat) = walk()
        }
        let rank = shape.count
        func stride(_ strides: [Int], _ axisFromLast: Int) -> Int { rank > axisFromLast ? strides[rank - 1 - axisFromLast] : 0 }

        var map = Map(rows: rank > 1 ? shape[0] : 1, columns: shape.last ?? 1, leading: extents.first ?? 1)
        map.operands = [Map.Operand(buffer: out, rowStride: stride(flat[0], 1), columnStride: map.columns == 1 ? 1 : stride(flat[0], 0))]
        for (index, strides) in flat.dropFirst().enumerated() {
            map.operands.append(
                Map.Operand(
                    buffer: sources[index], rowStride: stride(strides, 1), columnStride: stride(strides, 0),
                    isLabels: isLabels(external[index])))
        }

        var slots: [Int: Int] = [:]
        if let product { slots[product.id] = 0 }
        for (index, operand) in external.enumerated() { slots[operand.id] = index + 1 }
        var temporaries = 0
        func newTemporary() -> Int {
            defer { temporaries += 1 }
            return Int(RK_MAP_OPERANDS) + temporaries
        }
        for member in group {
            for operand in member.operands where slots[operand.id] == nil {
                slots[operand.id] = newTemporary()
                map.append((operand.operation as! any Elementwise).instruction(batchSize: batchSize), to: slots[operand.id]!, [])
            }
            slots[member.id] = member == root ? 0 : newTemporary()
            map.append(
                (member.operation as! any Elementwise).instruction(batchSize: batchSize), to: slots[member.id]!,
                member.operands.map { slots[$0.id]! })
        }
        if rewrites.contains(.joinInstructions) { map.joinInstructions() }
        return map
    }
}

/// Constants are written into every map that reads them.
package func isInlineConstant(_ formula: Formula) -> Bool { formula.isElementwise && formula.operands.isEmpty }

/// The strides that repeat a contiguous array of one shape to another.
private func broadcastStrides(_ extents: [Int], to target: [Int]) -> [Int] {
    let own = rowMajorStrides(extents)
    let extra = target.count - extents.count
    return target.indices.map { $0 < extra || extents[$0 - extra] == 1 ? 0 : own[$0 - extra] }
}

/// The same walk over as few axes as possible: extents of 1 go, and neighbours are joined where every array allows it.
func collapsed(_ extents: [Int], strides: [[Int]]) -> (extents: [Int], strides: [[Int]]) {
    var shape: [Int] = []
    var result = strides.map { _ in [Int]() }
    for axis in extents.indices where extents[axis] != 1 {
        let joins = !shape.isEmpty && strides.indices.allSatisfy { result[$0].last! == strides[$0][axis] * extents[axis] }
        if joins {
            shape[shape.count - 1] *= extents[axis]
            for index in strides.indices { result[index][shape.count - 1] = strides[index][axis] }
        } else {
            shape.append(extents[axis])
            for index in strides.indices { result[index].append(strides[index][axis]) }
        }
    }
    return (shape, result)
}

/// The same for what follows a product: its columns stay an axis of their own.
private func rowsJoined(_ extents: [Int], strides: [[Int]]) -> (extents: [Int], strides: [[Int]]) {
    guard extents.count > 2 else { return (extents, strides) }
    var (shape, result) = collapsed(extents.dropLast(), strides: strides.map { Array($0.dropLast()) })
    if shape.isEmpty { (shape, result) = ([1], strides.map { _ in [0] }) }
    return (shape + [extents.last!], zip(result, strides).map { $0 + [$1.last!] })
}

/// An elementwise program before addresses are known.
package struct Map {
    struct Operand {
        var buffer: Buffer
        var rowStride: Int
        var columnStride: Int
        var isLabels = false
    }

    var rows: Int
    var columns: Int
    /// The first extent of the result, whose axes `rows` and `columns` may have joined.
    var leading: Int
    /// The first is the output.
    var operands: [Operand] = []
    var instructions: [rk_instruction] = []

    init(rows: Int, columns: Int, leading: Int) { (self.rows, self.columns, self.leading) = (rows, columns, leading) }

    /// By the first axis, of which each has some rows. What repeats along the rows is read in whole.
    var sharedRows: SharedRows? {
        guard rows == 1 || leading > 0 && rows % leading == 0 else { return nil }
        func repeats(_ operand: Operand) -> Bool { (rows == 1 ? operand.columnStride : operand.rowStride) == 0 }
        return SharedRows(count: leading, buffers: operands.map(\.buffer), inWhole: operands.filter(repeats).map(\.buffer))
    }

    var reads: [Buffer] { operands.dropFirst().map(\.buffer) }
    var work: Int { rows * columns * max(1, instructions.count) }

    mutating func append(_ instruction: Instruction, to slot: Int, _ arguments: [Int]) {
        func argument(_ index: Int) -> UInt16 { index < arguments.count ? UInt16(arguments[index]) : 0 }
        instructions.append(
            rk_instruction(
                opcode: UInt16(instruction.opcode.rawValue), d: UInt16(slot), a: argument(0), b: argument(1), c: argument(2),
                x: instruction.x, y: instruction.y, z: instruction.z, counter: instruction.counter))
    }

    /// A HEAVISIDE that only a later MUL reads becomes one instruction with it: a pass over the elements less, of the
    /// same bits.
    mutating func joinInstructions() {
        func reads(_ instruction: rk_instruction) -> ArraySlice<UInt16> {
            [instruction.a, instruction.b, instruction.c].prefix(Int(rk_opcode_arguments(Int32(instruction.opcode))))
        }
        for (place, call) in instructions.enumerated().reversed()
        where call.opcode == UInt16(RK_OP_HEAVISIDE.rawValue) && call.d >= UInt16(RK_MAP_OPERANDS) {
            let readers = instructions.indices.filter { reads(instructions[$0]).contains(call.d) }
            guard readers.count == 1, let reader = readers.first, instructions[reader].opcode == UInt16(RK_OP_MUL.rawValue),
                instructions[reader].a != instructions[reader].b
            else { continue }
            var joined = call
            joined.opcode = UInt16(RK_OP_HEAVISIDE_MUL.rawValue)
            joined.d = instructions[reader].d
            joined.b = instructions[reader].a == call.d ? instructions[reader].b : instructions[reader].a
            instructions[reader] = joined
            instructions.remove(at: place)
        }
    }

    func descriptor(in memory: ProgramMemory) -> rk_map {
        rk_map(
            rows: Int64(rows), columns: Int64(columns), operand_count: Int32(operands.count), instruction_count: Int32(instructions.count),
            operands: memory.store(
                operands.map {
                    rk_operand(
                        base: memory[$0.buffer], row_stride: Int64($0.rowStride), column_stride: Int64($0.columnStride),
                        labels: $0.isLabels ? memory.labels(of: $0.buffer) : nil)
                }),
            instructions: memory.store(instructions))
    }
}
