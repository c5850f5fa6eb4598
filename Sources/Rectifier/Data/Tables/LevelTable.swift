/// The different values of a text column, numbered as they come.
final class LevelTable {
    /// Beyond this many a column is no category; the values are not kept.
    static let limit = 1 << 16

    struct Level {
        fileprivate var start: Int
        fileprivate var count: Int
        fileprivate var hash: UInt64
    }

    private(set) var levels: [Level] = []
    private(set) var isFull = false
    private var bytes: [UInt8] = []
    /// Open addressing: a level's number plus 1, or 0.
    private var slots = [Int32](repeating: 0, count: 64)

    var count: Int { levels.count }

    func text(_ level: Int) -> String {
        String(decoding: bytes[levels[level].start..<levels[level].start + levels[level].count], as: UTF8.self)
    }

    /// The number of a value, which is added if it is new; nil where the table is full.
    func code(_ value: UnsafeBufferPointer<UInt8>) -> Int? {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in value { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return code(value, hash: hash ^ hash >> 29)
    }

    /// The numbers here of another table's levels; -1 where this one is full.
    func merge(_ other: LevelTable) -> [Int] {
        if other.isFull { isFull = true }
        return other.bytes.withUnsafeBufferPointer { bytes in
            other.levels.map { level in
                code(UnsafeBufferPointer(rebasing: bytes[level.start..<level.start + level.count]), hash: level.hash) ?? -1
            }
        }
    }

    private func code(_ value: UnsafeBufferPointer<UInt8>, hash: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] != 0 {
            let level = Int(slots[slot]) - 1
            let known = levels[level]
            if known.hash == hash, known.count == value.count, isEqual(known, value) { return level }
            slot = (slot + 1) & (slots.count - 1)
        }
        guard levels.count < LevelTable.limit else {
            isFull = true
            return nil
        }
        slots[slot] = Int32(levels.count + 1)
        levels.append(Level(start: bytes.count, count: value.count, hash: hash))
        bytes.append(contentsOf: value)
        if 2 * levels.count > slots.count { grow() }
        return levels.count - 1
    }

    private func isEqual(_ level: Level, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
        for i in 0..<value.count where bytes[level.start + i] != value[i] { return false }
        return true
    }

    private func grow() {
        slots = [Int32](repeating: 0, count: 4 * slots.count)
        for (number, level) in levels.enumerated() {
            var slot = Int(truncatingIfNeeded: level.hash) & (slots.count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number + 1)
        }
    }
}
