import CRectifierKernels

/// The matrix product of two rank-2 formulas, either of them transposed.
struct MatrixProduct: Operation {
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

    func lower(_ result: Formula, in lowering: inout Lowering) {
        lowering.addProduct(result, into: lowering.newBuffer(for: result), bias: nil, epilogue: nil)
    }
}

/// The matrix product of two rank-2 formulas. Transposes cost nothing.
public func matmul(_ a: Formula, _ b: Formula, transposingA: Bool = false, transposingB: Bool = false) throws -> Formula {
    try Formula(MatrixProduct(transposingA: transposingA, transposingB: transposingB), a, b)
}

extension Lowering {
    /// The call for a matrix product, with what is fused into it.
    mutating func addProduct(_ product: Formula, into c: Buffer, bias: Buffer?, epilogue: Map?) {
        let operation = product.operation as! MatrixProduct
        let (a, b) = (product.operands[0], product.operands[1])
        let (aBuffer, bBuffer) = (buffer(of: a), buffer(of: b))
        let aExtents = extents(of: a), bExtents = extents(of: b)
        let m = operation.transposingA ? aExtents[1] : aExtents[0]
        let k = operation.transposingA ? aExtents[0] : aExtents[1]
        let n = operation.transposingB ? bExtents[0] : bExtents[1]
        let kernel = kernels.product!, scratch = kernels.product_scratch!
        // Rows of a transposed A are columns of its buffer.
        let inWhole = [bBuffer] + (bias.map { [$0] } ?? []), mapped = epilogue?.sharedRows
        let rows = SharedRows(count: m, buffers: [aBuffer, c] + (mapped?.buffers ?? []), inWhole: inWhole + (mapped?.inWhole ?? []))
        let reads = [aBuffer] + inWhole + (epilogue?.reads.filter { $0 != c } ?? [])
        add(
            PlannedCall(
                name: "product \(m)×\(k)×\(n)", reads: reads, writes: [c], work: m * n * k,
                rows: operation.transposingA ? nil : rows,
                scratch: { parts in Int(scratch(Int64(m), Int64(n), Int64(k), Int32(parts))) }
            ) { memory in
                var call = rk_call()
                call.kernel = kernel
                call.product = rk_product(
                    a: memory[aBuffer], b: memory[bBuffer], c: memory[c],
                    a_row: Int64(operation.transposingA ? 1 : aExtents[1]), a_column: Int64(operation.transposingA ? aExtents[1] : 1),
                    b_row: Int64(operation.transposingB ? 1 : bExtents[1]), b_column: Int64(operation.transposingB ? bExtents[1] : 1),
                    c_row: Int64(n), m: Int64(m), n: Int64(n), k: Int64(k), zeros: Int32(rk_zeros_selected().rawValue),
                    bias: bias.map { UnsafeRawPointer(memory[$0]) },
                    epilogue: epilogue.map { UnsafePointer(memory.store($0.descriptor(in: memory))) },
                    scratch: memory.scratch, scratch_stride: Int64(memory.scratchStride))
                return call
            })
    }
}
