import CRectifierKernels
import TestSupport
import Testing

/// For each kernel of the table, how a random trial of it is made. A kernel that is missing here fails
/// `everyKernelIsCompared`.
let comparisons: [String: @Sendable (Trial) -> Void] = [
    "map": makeMap,
    "product": makeProduct,
    "convolution": { makeConvolution($0, isGradient: false) },
    "filters": { makeConvolution($0, isGradient: true) },
    "reduce": makeReduce,
    "pick": { makeWindows($0, .pick) },
    "spread": { makeWindows($0, .spread) },
    "fold": { makeWindows($0, .fold) },
    "softmax": { makeRows($0, perRow: false, .near(relative: 1e-6, absolute: 1e-9)) },
    "log_softmax": { makeRows($0, perRow: false, .near(relative: 1e-6, absolute: 1e-9)) },
    "log_sum_exp": { makeRows($0, perRow: true, .near(relative: 1e-6, absolute: 1e-9)) },
    "cross_entropy": { makeRows($0, perRow: true, .near(relative: 1e-6, absolute: 1e-9)) },
    "copy": makeCopy,
    "gather": makeGather,
    "one_hot": makeOneHot,
    "dropout": makeDropout,
    "tally": makeTally,
    "sgd": { makeUpdate($0, states: $0.random.pick([0, 1])) },
    "nesterov": { makeUpdate($0, states: 1) },
    "adam": { makeUpdate($0, states: 2) },
    "rmsprop": { makeUpdate($0, states: 2) },
    "accumulate": makeAccumulate,
    "clip": makeClip,
]

@Suite struct KernelTests {
    static let indices = 0..<rk_kernel_count()

    @Test func everyKernelIsCompared() {
        let names = Self.indices.map { String(cString: rk_kernel_name($0)) }
        #expect(Set(names) == Set(comparisons.keys))
        #expect(rk_kernel_name(rk_kernel_count()) == nil)
        for isa in levels {
            for type in types {
                for index in Self.indices { #expect(rk_kernel_at(type.kernels(isa), index) != nil) }
            }
        }
    }

    @Test(arguments: levels, types)
    func matchesReference(_ isa: rk_isa, _ type: rk_type) {
        for index in Self.indices {
            guard let make = comparisons[String(cString: rk_kernel_name(index))] else { continue }
            for seed in 0..<40 {
                let trial = Trial(type, seed: seed * 100 + Int(index))
                make(trial)
                trial.compare(kernel: index, on: isa)
            }
        }
    }
}

/// Sizes around everything that could go wrong: nothing, one, a vector's tail, a tile's, a part's.
func size(_ random: inout Numbers, upTo limit: Int) -> Int {
    min(limit, random.pick([0, 1, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 257, 300, random.integer(in: 1...limit)]))
}

// ===--- Products and sums ---------------------------------------------------------===//

@Sendable func makeProduct(_ t: Trial) {
    let large = t.random.chance(0.1)
    let m = size(&t.random, upTo: large ? 300 : 30), n = size(&t.random, upTo: large ? 300 : 50)
    let k = size(&t.random, upTo: large ? 1000 : 70)
    // A and B as rows, as columns, or with gaps both ways.
    func strides(_ rows: Int, _ columns: Int) -> (Int, Int) {
        switch t.random.integer(in: 0...4) {
        case 0, 1: (columns + t.random.integer(in: 0...3), 1)
        case 2, 3: (1, rows + t.random.integer(in: 0...3))
        default: (2 * columns + 1, 2)
        }
    }
    let (aRow, aColumn) = strides(m, k), (bRow, bColumn) = strides(k, n), cRow = n + t.random.integer(in: 0...3)
    let density = t.random.pick([0, 0.1, 0.5, 1, 1])
    let a = t.input(
        (0..<(m * k == 0 ? 0 : (m - 1) * aRow + (k - 1) * aColumn + 1)).map { _ in t.random.chance(density) ? t.random.uniform() : 0 })
    let b = t.input(k * n == 0 ? 0 : (k - 1) * bRow + (n - 1) * bColumn + 1)
    // 16-bit results are rounded once from sums that differ in their last places, so they may be a unit apart; ReLU
    // keeps that.
    let c = t.output(m * cRow, .near(relative: 0, absolute: 4 * t.type.computing.roundoff * Double(k + 2)))
    var product = rk_product()
    product.a = UnsafeRawPointer(a.base)
    product.b = UnsafeRawPointer(b.base)
    product.c = c.base
    (product.a_row, product.a_column, product.b_row, product.b_column) = (Int64(aRow), Int64(aColumn), Int64(bRow), Int64(bColumn))
    (product.c_row, product.m, product.n, product.k) = (Int64(cRow), Int64(m), Int64(n), Int64(k))
    product.zeros = Int32(t.random.pick([RK_ZEROS_BY_DENSITY, RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED]).rawValue)
    if t.random.chance(0.5) { product.bias = UnsafeRawPointer(t.input(n).base) }
    if t.random.chance(0.5) { product.epilogue = reluEpilogue(t, c, rows: m, columns: n, stride: cRow) }
    t.call.product = product
    t.description = "\(m)×\(k)×\(n), strides \(aRow) \(aColumn), \(bRow) \(bColumn), \(cRow)"
    t.prepare = { t, kernels, parts in
        let stride = kernels.pointee.product_scratch(Int64(m), Int64(n), Int64(k), Int32(parts))
        let scratch = Buffer(RK_FLOAT64, count: Int(stride) * parts / 8)
        t.call.product.scratch = scratch.base
        t.call.product.scratch_stride = stride
        t.scratch = scratch
    }
}

/// ReLU over a product's result, in place.
func reluEpilogue(_ t: Trial, _ c: Buffer, rows: Int, columns: Int, stride: Int) -> UnsafePointer<rk_map> {
    var relu = rk_instruction()
    relu.opcode = UInt16(RK_OP_RELU.rawValue)
    let operands = t.pointer(to: [rk_operand(base: c.base, row_stride: Int64(stride), column_stride: 1, labels: nil)])
    let epilogue = rk_map(
        rows: Int64(rows), columns: Int64(columns), operand_count: 1, instruction_count: 1, operands: operands,
        instructions: t.pointer(to: [relu]))
    return UnsafePointer(t.pointer(to: [epilogue]))
}

@Sendable func makeReduce(_ t: Trial) {
    let outer = size(&t.random, upTo: 12), inner = t.random.chance(0.4) ? 1 : size(&t.random, upTo: 300)
    let count = size(&t.random, upTo: outer * inner > 500 ? 20 : 300)
    let reduction = t.random.pick([RK_SUM, RK_MAXIMUM, RK_MINIMUM])
    var values = (0..<outer * count * inner).map { _ in t.random.uniform() }
    if t.random.chance(0.2), !values.isEmpty {
        values[t.random.integer(in: 0...values.count - 1)] = t.random.pick([.nan, .infinity, -.infinity])
    }
    let tolerance: Tolerance = reduction == RK_SUM ? .near(relative: 0, absolute: 2 * t.type.computing.roundoff * Double(count)) : .exact
    let out = t.output(outer * inner, tolerance)
    t.call.reduce = rk_reduce(
        in: t.input(values).base, out: out.base, outer: Int64(outer), count: Int64(count), inner: Int64(inner), reduction: reduction,
        scale: t.random.pick([1, 0.5]))
    t.description = "reduction \(reduction.rawValue) of \(outer)×\(count)×\(inner)"
}

@Sendable func makeAccumulate(_ t: Trial) {
    let count = size(&t.random, upTo: 5000)
    let total = t.input([3], as: RK_FLOAT64)
    t.written(total, .near(relative: 1e-12, absolute: 1e-12 * Double(count)))
    t.call.accumulate = rk_accumulate(
        in: t.input(count).base, count: Int64(count), total: total.base.assumingMemoryBound(to: Double.self), squares: t.random.chance(0.5),
        reset: t.random.chance(0.5))
    t.description = "\(count) elements"
}

@Sendable func makeClip(_ t: Trial) {
    let sum = t.input([t.random.pick([0, 1, 2, 100, .infinity, .nan])], as: RK_FLOAT64)
    let norm = t.output(1, as: RK_FLOAT64, .exact), scale = t.output(1, as: RK_FLOAT64, .exact)
    func double(_ buffer: Buffer) -> UnsafeMutablePointer<Double> { buffer.base.assumingMemoryBound(to: Double.self) }
    t.call.clip = rk_clip(sum: double(sum), limit: t.random.pick([0.5, 1, 20]), norm: double(norm), scale: double(scale))
}

// ===--- Rows ----------------------------------------------------------------------===//

@Sendable func makeRows(_ t: Trial, perRow: Bool, _ tolerance: Tolerance) {
    let rows = size(&t.random, upTo: 20), columns = max(1, size(&t.random, upTo: 100)), spread = t.random.pick([1.0, 20, 300])
    var logits = (0..<rows * columns).map { _ in t.random.uniform(in: -spread...spread) }
    if !logits.isEmpty {
        for _ in 0..<3 where t.random.chance(0.3) {
            logits[t.random.integer(in: 0...logits.count - 1)] = t.random.pick([.nan, .infinity, -.infinity])
        }
    }
    let targets = (0..<rows * columns).map { _ in t.random.chance(0.5) ? 0 : t.random.uniform(in: 0...1) }
    // A sum of `columns` terms, each with its own rounding.
    let out = t.output(perRow ? rows : rows * columns, tolerance)
    let labels = t.random.chance(0.5) ? labels(t, rows: rows, classes: columns) : nil
    t.call.rows = rk_rows(
        in: t.input(logits).base, target: t.input(targets).base, labels: labels, out: out.base, rows: Int64(rows), columns: Int64(columns))
    t.description = "\(rows)×\(columns), spread \(spread)" + (labels == nil ? "" : ", labels")
}

// ===--- Data ----------------------------------------------------------------------===//

@Sendable func makeCopy(_ t: Trial) {
    let rank = t.random.integer(in: 0...4)
    let extents = (0..<rank).map { _ in t.random.pick([0, 1, 2, 3, 5, 8, 9, 17, rank <= 2 ? 70 : 4]) }
    /// Strides of a dense array whose dimensions lie in some order, perhaps with a gap.
    func strides() -> [Int] {
        var next = t.random.chance(0.8) ? 1 : 2
        var result = [Int](repeating: 0, count: rank)
        for d in Array(0..<rank).shuffled(using: &t.random) {
            result[d] = next
            next *= max(extents[d], 1)
            if t.random.chance(0.2) { next += 1 }
        }
        return result
    }
    let outStrides = strides()
    let inStrides = strides().map { t.random.chance(0.1) ? 0 : $0 }
    func span(_ strides: [Int]) -> Int { extents.contains(0) ? 0 : zip(extents, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 } }
    let input = t.input(span(inStrides)), out = t.output(span(outStrides), .exact)
    var copy = rk_copy()
    copy.in = UnsafeRawPointer(input.base)
    copy.out = out.base
    copy.rank = Int32(rank)
    withUnsafeMutableBytes(of: &copy.extent) {
        for d in 0..<rank { $0.storeBytes(of: Int64(extents[d]), toByteOffset: 8 * d, as: Int64.self) }
    }
    withUnsafeMutableBytes(of: &copy.in_stride) {
        for d in 0..<rank { $0.storeBytes(of: Int64(inStrides[d]), toByteOffset: 8 * d, as: Int64.self) }
    }
    withUnsafeMutableBytes(of: &copy.out_stride) {
        for d in 0..<rank { $0.storeBytes(of: Int64(outStrides[d]), toByteOffset: 8 * d, as: Int64.self) }
    }
    t.call.copy = copy
    t.description = "\(extents), strides \(inStrides) to \(outStrides)"
}

/// A batch of random sample numbers, as kernels take them.
func indices(_ t: Trial, rows: Int, below samples: Int) -> UnsafePointer<UnsafePointer<Int32>?> {
    let list = t.pointer(to: (0..<rows).map { _ in Int32(t.random.integer(in: 0...samples - 1)) })
    return UnsafePointer(t.pointer(to: [UnsafePointer(list)]))
}

@Sendable func makeGather(_ t: Trial) {
    let rows = size(&t.random, upTo: 20), width = size(&t.random, upTo: 100), samples = 30
    var gather = rk_gather()
    let source = t.random.pick([RK_SOURCE_UINT8, RK_SOURCE_FLOAT32, RK_SOURCE_FLOAT64])
    switch source {
    case RK_SOURCE_UINT8:
        gather.source = UnsafeRawPointer(t.pointer(to: (0..<samples * width).map { _ in UInt8(t.random.integer(in: 0...255)) }))
    case RK_SOURCE_FLOAT32: gather.source = UnsafeRawPointer(t.input(samples * width, as: RK_FLOAT32, -1000...1000).base)
    default: gather.source = UnsafeRawPointer(t.input(samples * width, as: RK_FLOAT64, -1000...1000).base)
    }
    (gather.source_type, gather.width, gather.rows) = (Int32(source.rawValue), Int64(width), Int64(rows))
    gather.indices = indices(t, rows: rows, below: samples)
    gather.out = t.output(rows * width, .exact).base
    (gather.shift, gather.scale) = t.random.pick([(0, 1 / 255.0), (0, 1), (127.5, 1 / 127.5), (33.318421, 1 / 78.567489), (0.1, 3)])
    t.call.gather = gather
    t.description = "\(rows)×\(width) from \(source.rawValue), shift \(gather.shift)"
}

/// Labels of a batch of random samples, some of them no class.
func labels(_ t: Trial, rows: Int, classes: Int) -> UnsafePointer<rk_labels> {
    let samples = 30
    let labels = t.pointer(to: (0..<samples).map { _ in Int32(t.random.integer(in: -1...classes)) })
    return UnsafePointer(
        t.pointer(to: [rk_labels(labels: labels, indices: indices(t, rows: rows, below: samples), classes: Int64(classes))]))
}

@Sendable func makeOneHot(_ t: Trial) {
    let rows = size(&t.random, upTo: 40), classes = max(1, size(&t.random, upTo: 20))
    t.call.one_hot = rk_one_hot(
        labels: labels(t, rows: rows, classes: classes), rows: Int64(rows), out: t.output(rows * classes, .exact).base)
    t.description = "\(rows)×\(classes)"
}

@Sendable func makeDropout(_ t: Trial) {
    let rows = size(&t.random, upTo: 20), columns = size(&t.random, upTo: 100), rate = t.random.pick([0, 0.1, 0.5, 0.9, 1.0 / 3])
    let numbers = t.pointer(to: [t.random.next(), UInt64(t.random.integer(in: 0...9)), UInt64(t.random.integer(in: 0...60000))])
    t.call.dropout = rk_dropout(
        out: t.output(rows * columns, .exact).base, rows: Int64(rows), columns: Int64(columns), rate: rate, purpose: 7, seed: numbers,
        epoch: numbers + 1, position: numbers + 2)
    t.description = "\(rows)×\(columns), rate \(rate)"
}

/// Two batches of an epoch, tallied by each part and added up in the output: of each unit its count, first, last and
/// largest.
@Sendable func makeTally(_ t: Trial) {
    let rows = size(&t.random, upTo: 40), columns = size(&t.random, upTo: 100), share = t.random.pick([0, 0.05, 0.5, 1])
    let values = (0..<rows * columns).map { _ in
        t.random.chance(0.02)
            ? t.random.pick([0, -0.0, .nan, .infinity]) : t.random.uniform(in: 0.1...1) * (t.random.chance(share) ? 1 : -1)
    }
    let out = t.output(5 * columns, as: RK_FLOAT64, .exact).base.assumingMemoryBound(to: Double.self)
    let position = t.pointer(to: [UInt64(t.random.integer(in: 0...60000)), 17])
    let units = t.pointer(to: [rk_unit](repeating: rk_unit(), count: 7 * columns))
    t.call.tally = rk_tally(
        in: t.input(values).base, rows: Int64(rows), columns: Int64(columns), height: rows % 3 == 0 ? 3 : 1, position: position,
        step: position + 1,
        units: units)
    t.prepare = { _, _, _ in
        for unit in 0..<7 * columns { units[unit] = rk_unit(active: 0, first: 0, last: 0, step: 0, largest: -.infinity) }
    }
    t.finish = { parts in
        for unit in 0..<columns {
            let seen = (0..<parts).map { units[$0 * columns + unit] }
            out[5 * unit] = seen.reduce(0) { $0 + $1.active }
            out[5 * unit + 1] = seen.map(\.first).filter { $0 > 0 }.min() ?? 0
            out[5 * unit + 2] = seen.map(\.last).max()!
            out[5 * unit + 3] = seen.map(\.step).max()!
            out[5 * unit + 4] = seen.map(\.largest).max()!
        }
    }
    t.description = "\(rows)×\(columns), \(share) open"
}

// ===--- Updates --------------------------------------------------------------------===//

@Sendable func makeUpdate(_ t: Trial, states: Int) {
    let count = size(&t.random, upTo: 300), computing = t.type.computing
    var hyper = rk_hyper()
    hyper.learning_rate = 0.1
    hyper.momentum = states == 0 ? 0 : t.random.pick([0, 0.9])
    (hyper.beta1, hyper.beta2, hyper.epsilon) = (0.9, 0.99, 1e-8)
    (hyper.correction1, hyper.correction2) = (1 - 0.9 * 0.9, 1 - 0.99 * 0.99)
    (hyper.decay, hyper.l2, hyper.l1) = (t.random.pick([0, 0.1]), t.random.pick([0, 0.1]), t.random.pick([0, 0.01]))
    hyper.gradient_scale = t.random.pick([1, 0.5])
    let near = Tolerance.near(relative: 16 * computing.roundoff, absolute: 16 * computing.roundoff)
    var values = (0..<count).map { _ in t.random.uniform() }
    if count > 1 { values[1] = 0 }
    let weights = t.input(values, as: computing)
    t.written(weights, near)
    func state(_ index: Int) -> UnsafeMutableRawPointer? {
        guard index < states else { return nil }
        let buffer = t.input(count, as: computing, 0...1)
        t.written(buffer, near)
        return buffer.base
    }
    t.call.update = rk_update(
        weights: weights.base, gradient: t.input(count).base, state1: state(0), state2: state(1),
        copy: t.random.chance(0.5) ? t.output(count, near).base : nil, count: Int64(count), hyper: t.pointer(to: [hyper]))
    t.description = "\(count) weights, \(hyper)"
}
