import CRectifierKernels

/// The matrix product of two rank-2 formulas, either of them transposed.
struct MatrixProduct: Contraction {
    var transposingA = false
    var transposingB = false
    var name: String { "matmul" }

    func shape(of operands: [Shape]) throws -> Shape {
        let (a, b) = (operands[0], operands[1])
        guard a.rank == 2, b.rank == 2 else {
            throw RectifierError(.shape, "matmul: takes matrices, not the shapes \(a) and \(b)")
        }
        let (rows, inner) = transposingA ? (a[1], a[0]) : (a[0], a[1])
        let (innerB, columns) = transposingB ? (b[1], b[0]) : (b[0], b[1])
        guard inner == innerB else {
            let marks = (transposingA ? " transposed" : "", transposingB ? " transposed" : "")
            throw RectifierError(.shape, "matmul: \(a)\(marks.0) times \(b)\(marks.1) has inner extents that differ")
        }
        return [rows, columns]
    }

    func gradient(upstream g: Formula, operands x: [Formula], result y: Formula) throws -> [Formula?] {
        let (a, b) = (x[0], x[1])
        let da =
            transposingA
            ? try matmul(b, g, transposingA: transposingB, transposingB: true)
            : try matmul(g, b, transposingB: !transposingB)
        let db =
            transposingB
            ? try matmul(g, a, transposingA: true, transposingB: transposingA)
            : try matmul(a, g, transposingA: !transposingA)
        return [da, db]
    }

    func response(to operand: Int) -> Response { .product(with: 1 - operand, byRows: operand == 1 && !transposingA) }

    func tangent(of y: Formula, in tangents: Tangents) throws -> Formula? {
        let (a, b) = (y.operands[0], y.operands[1])
        let directions = tangents.directions
        if var moved = tangents[a] {
            if transposingA { moved = try moved.transposed([0, 2, 1]) }
            let (rows, inner) = (y.shape[0], moved.shape[2])
            if rows == 1, tangents.isIdentity(moved) {
                return try (transposingB ? b.transposed() : b).reshaped(to: tangents.extended(y.shape))
            }
            let rowByRow = try moved.reshaped(to: [directions * rows, inner])
            return try matmul(rowByRow, b, transposingB: transposingB).reshaped(to: tangents.extended(y.shape))
        }
        guard var moved = tangents[b] else { return nil }
        // (a · b)ᵀ = bᵀ · aᵀ, so that the directions can join the rows.
        if !transposingB { moved = try moved.transposed([0, 2, 1]) }
        let columns = y.shape[1]
        let columnByColumn = try matmul(moved.reshaped(to: [directions * columns, moved.shape[2]]), a, transposingB: !transposingA)
        return try columnByColumn.reshaped(to: [directions, columns, y.shape[0]]).transposed([0, 2, 1])
    }

    func keepsSamples(of y: Formula) -> Bool { !transposingA && !y.operands[1].shape.hasBatch }

    /// Rows that are 0 have products that are.
    func zeros(_ kind: ZeroKind, of y: Formula, _ zeros: (Formula) throws -> Formula?) throws -> Formula? {
        transposingA ? nil : try zeros(y.operands[0])?.minimum(over: [1], keepingAxes: true).broadcast(to: y.shape)
    }

    func rounding(of y: Formula, batchSize: Int) throws -> Rounding? {
        Rounding(try Formula(self, abs(y.operands[0]), abs(y.operands[1])), Double(terms(of: y, batchSize)).squareRoot())
    }

    /// Term by term, the largest and the smallest product of both factors' numbers.
    func bounds(of y: Formula, _ x: [Bounds], _ roundoff: Roundoff) -> Bounds? {
        let extents = y.operands.map(\.sampleExtents)
        let (rows, columns) = (y.sampleExtents[0], y.sampleExtents[1]), terms = terms(of: y, 1)
        let a = transposingA ? x[0].moved(to: [rows, terms], strides: [1, rows]) : x[0]
        let b = transposingB ? x[1].moved(to: [terms, columns], strides: [1, extents[1][1]]) : x[1]
        guard b.elements.allSatisfy(\.isBounded) else { return nil }
        let largest = b.elements.reduce(0) { max($0, $1.magnitude) }
        var result: [Interval] = []
        for row in 0..<rows {
            let factors = a.elements[row * terms..<(row + 1) * terms]
            guard factors.allSatisfy(\.isBounded) else {
                result += Bounds(unbounded: columns).elements
                continue
            }
            var sums = [Interval](repeating: .zero, count: columns), signs = sums
            var magnitudes = [Double](repeating: 0, count: columns)
            // A factor that is always 0 adds nothing, whether it is multiplied or left out.
            for (k, factor) in factors.enumerated() where !factor.isZero {
                b.elements.withUnsafeBufferPointer { b in
                    for column in 0..<columns {
                        let term = factor.times(b[k * columns + column])
                        sums[column].low += term.low
                        sums[column].high += term.high
                        signs[column] = signs[column].joined(with: term)
                        magnitudes[column] += term.magnitude
                    }
                }
            }
            let size = factors.reduce(0) { max($0, $1.magnitude) }
            result += (0..<columns).map {
                roundoff.sum(sums[$0], magnitude: magnitudes[$0], terms: terms, factors: (size, largest), signs: signs[$0])
            }
        }
        return Bounds(result)
    }

    func multiplyAdds(of y: Formula, batchSize: Int) -> Int { y.shape.count(batchSize: batchSize) * terms(of: y, batchSize) }

    private func terms(of y: Formula, _ batchSize: Int) -> Int {
        y.operands[0].shape.resolved(batchSize: batchSize)[transposingA ? 0 : 1]
    }

    func lower(_ result: Formula, into c: Buffer, bias: Buffer?, epilogue: Map?, in lowering: inout Lowering) {
        let (a, b) = (result.operands[0], result.operands[1])
        let (aBuffer, bBuffer) = (lowering.buffer(of: a), lowering.buffer(of: b))
        let aExtents = lowering.extents(of: a), bExtents = lowering.extents(of: b)
        let m = transposingA ? aExtents[1] : aExtents[0]
        let k = transposingA ? aExtents[0] : aExtents[1]
        let n = transposingB ? bExtents[0] : bExtents[1]
        let kernel = lowering.kernels.product!, scratch = lowering.kernels.product_scratch!
        // Rows of a transposed A are columns of its buffer.
        let inWhole = [bBuffer] + (bias.map { [$0] } ?? []), mapped = epilogue?.sharedRows
        let rows = SharedRows(count: m, buffers: [aBuffer, c] + (mapped?.buffers ?? []), inWhole: inWhole + (mapped?.inWhole ?? []))
        let reads = [aBuffer] + inWhole + (epilogue?.reads.filter { $0 != c } ?? [])
        lowering.add(
            PlannedCall(
                name: "product \(m)×\(k)×\(n)", reads: reads, writes: [c], work: m * n * k,
                rows: transposingA ? nil : rows,
                scratch: { parts in Int(scratch(Int64(m), Int64(n), Int64(k), Int32(parts))) }
            ) { memory in
                var call = rk_call()
                call.kernel = kernel
                call.product = rk_product(
                    a: memory[aBuffer], b: memory[bBuffer], c: memory[c],
                    a_row: Int64(transposingA ? 1 : aExtents[1]), a_column: Int64(transposingA ? aExtents[1] : 1),
                    b_row: Int64(transposingB ? 1 : bExtents[1]), b_column: Int64(transposingB ? bExtents[1] : 1),
                    c_row: Int64(n), m: Int64(m), n: Int64(n), k: Int64(k), zeros: Int32(rk_zeros_selected().rawValue),
                    bias: bias.map { UnsafeRawPointer(memory[$0]) },
                    epilogue: epilogue.map { UnsafePointer(memory.store($0.descriptor(in: memory))) },
                    scratch: memory.scratch, scratch_stride: Int64(memory.scratchStride))
                return call
            })
    }
}

extension Formula {
    /// The factors, where this is the product of two matrices as they are.
    package var factors: (a: Formula, b: Formula)? {
        guard let product = operation as? MatrixProduct, !product.transposingA, !product.transposingB else { return nil }
        return (operands[0], operands[1])
    }
}

/// The matrix product of two rank-2 formulas. Transposes cost nothing.
public func matmul(_ a: Formula, _ b: Formula, transposingA: Bool = false, transposingB: Bool = false) throws -> Formula {
    try Formula(MatrixProduct(transposingA: transposingA, transposingB: transposingB), a, b)
}
