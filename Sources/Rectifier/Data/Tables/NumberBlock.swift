#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A run of a table's rows: rows × columns doubles, row by row. NaN is a missing value; in a text column the number is
/// that of its level.
///
/// The memory comes from the system and goes back to it at once, so that a table can be given up block by block while
/// what is made of it grows. It is written by one thread, and only read once others can see it.
final class NumberBlock: @unchecked Sendable {
    let columns: Int
    private(set) var rows = 0
    private(set) var values: UnsafeMutablePointer<Double>
    private let byteCount: Int

    /// Room for so many rows; memory is taken as they are written. nil where there is none.
    init?(capacity: Int, columns: Int) {
        let (cells, overflow) = max(capacity, 1).multipliedReportingOverflow(by: max(columns, 1))
        guard !overflow, cells < 1 << 58 else { return nil }
        byteCount = 8 * cells
        #if canImport(Darwin)
        let flags = MAP_PRIVATE | MAP_ANON
        #else
        let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
        #endif
        guard let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED else { return nil }
        values = memory.bindMemory(to: Double.self, capacity: cells)
        self.columns = columns
    }

    deinit { munmap(values, byteCount) }

    /// Says how many rows were written.
    func fill(rows: Int) {
        precondition(8 * rows * columns <= byteCount)
        self.rows = rows
    }

    /// Gives the levels of a text column other numbers; NaN: the level stands for a missing value.
    func renumber(_ column: Int, _ numbers: [Double]) {
        for row in 0..<rows {
            let cell = self.row(row) + column
            if !cell.pointee.isNaN { cell.pointee = numbers[Int(cell.pointee)] }
        }
    }

    func row(_ row: Int) -> UnsafeMutablePointer<Double> { values + row * columns }
}
