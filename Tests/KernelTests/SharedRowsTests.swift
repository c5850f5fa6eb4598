import CRectifierKernels
import Foundation
import Testing

/// Kernels of a call with `shared_rows`: each part writes its own rows, and needs no others of what it reads by rows.
@Suite struct SharedRowsTests {
    static let rows = 11, columns = 37

    private static func call(_ index: Int, _ t: Trial) -> (input: Buffer, output: Buffer) {
        let count = rows * columns
        let input = t.input(count), other = t.input(count), out = t.output(count, .exact)
        let columns64 = Int64(columns), rows64 = Int64(rows)
        var add = rk_instruction()
        (add.opcode, add.d, add.a, add.b) = (UInt16(RK_OP_ADD.rawValue), 0, 1, 2)
        let operands = { (second: rk_operand, row: Int64) in
            t.pointer(to: [
                rk_operand(base: out.base, row_stride: row, column_stride: 1, labels: nil),
                rk_operand(base: input.base, row_stride: row, column_stride: 1, labels: nil),
                second,
            ])
        }
        switch index {
        case 0:  // one run of all rows
            t.call.map = rk_map(
                rows: 1, columns: Int64(count), operand_count: 3, instruction_count: 1,
                operands: operands(rk_operand(base: other.base, row_stride: Int64(count), column_stride: 1, labels: nil), Int64(count)),
                instructions: t.pointer(to: [add]))
        case 1:  // a row is added to each
            t.call.map = rk_map(
                rows: rows64, columns: columns64, operand_count: 3, instruction_count: 1,
                operands: operands(rk_operand(base: other.base, row_stride: 0, column_stride: 1, labels: nil), columns64),
                instructions: t.pointer(to: [add]))
        default:
            t.call.product = rk_product(
                a: input.base, b: t.input(columns * columns).base, c: out.base, a_row: columns64, a_column: 1, b_row: columns64,
                b_column: 1,
                c_row: columns64, m: rows64, n: columns64, k: columns64, zeros: Int32(RK_ZEROS_BY_DENSITY.rawValue), bias: nil,
                epilogue: nil,
                scratch: nil, scratch_stride: 0)
        }
        return (input, out)
    }

    @Test(arguments: levels + [RK_REFERENCE], types)
    func partsKeepToTheirRows(_ isa: rk_isa, _ type: rk_type) {
        let kernels = type.kernels(isa)
        for index in 0..<3 {
            let t = Trial(type, seed: index)
            let (input, out) = Self.call(index, t)
            let scratch = Buffer(
                RK_FLOAT64,
                count: Int(kernels.pointee.product_scratch(Int64(Self.rows), Int64(Self.columns), Int64(Self.columns), 1)) / 8 + 8)
            if index == 2 { t.call.product.scratch = scratch.base }
            t.call.shared_rows = Int64(Self.rows)
            let kernel = index == 2 ? kernels.pointee.product! : kernels.pointee.map!
            kernel(&t.call, 0, 1)
            let whole = out.contents, given = input.contents
            var seen = 0
            for part in 0..<3 {
                out.reset()
                // What belongs to others is spoilt.
                let begin = Self.rows * part / 3, end = Self.rows * (part + 1) / 3, width = Self.columns * type.size
                memset(input.base, 0xff, begin * width)
                memset(input.base + end * width, 0xff, (Self.rows - end) * width)
                kernel(&t.call, Int32(part), 3)
                #expect(out.contents[begin * width..<end * width] == whole[begin * width..<end * width])
                for i in 0..<out.count where i < begin * Self.columns || i >= end * Self.columns {
                    #expect(out.isUntouched(out.contents, at: i))
                    seen += 1
                }
                given.withUnsafeBytes { input.base.copyMemory(from: $0.baseAddress!, byteCount: given.count) }
            }
            #expect(seen == 2 * out.count)
        }
    }
}
