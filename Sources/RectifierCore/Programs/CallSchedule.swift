/// In which order calls run, which of them threads share, and where they have to wait for one another.
///
/// Calls run in phases; threads wait for each other between them. Within a phase, calls that are cut by the same rows
/// may depend on each other, because each thread needs of them only what it computed itself: a batch passes forward and
/// back through a network in one phase, each thread with rows of its own. What needs all rows, as the gradients of
/// weights do, is put off to the next phase.
///
/// One thread runs the calls in the order given, each a phase of its own.
struct CallSchedule {
    struct Entry {
        /// The call's place in the order given.
        var call: Int
        var phase: Int
        /// Too small to share.
        var isSolo = false
        /// The rows by which it is cut; 0 where it is not.
        var sharedRows = 0
        var barrierAfter = false
    }

    let threads: Int
    private(set) var entries: [Entry] = []

    /// Fewer element operations than this in a call, in a phase of the mean, or in a program are not worth splitting:
    /// meeting, and fetching what the others wrote, would take longer.
    private static let smallCall = 16_000, smallPhase = 250_000, smallProgram = 3_000_000
    /// Fewer rows than this for each thread are not worth a copy of a weight matrix for each.
    private static let fewRows = 16
    /// So many elements that every thread would read in whole take longer than to meet before and after: such a call is
    /// cut otherwise.
    private static let largeMatrix = 1 << 20
    /// A phase that has written so many elements ends where it can, so that what it wrote is still near when it is
    /// needed in whole, and its memory is free to be used again.
    private static let longPhase = 1 << 20

    /// On so many threads, or on one where they are not worth it.
    ///
    /// - Parameters:
    ///   - firstUpdate: Where the calls begin that may run apart from those before.
    ///   - counts: Elements of each buffer.
    init(_ calls: [PlannedCall], firstUpdate: Int, counts: [Int], atMost threads: Int) {
        self.init(calls, firstUpdate: firstUpdate, counts: counts, threads: threads)
        let work = calls.reduce(0) { $0 + $1.work }, phases = (entries.last?.phase ?? 0) + 1
        if threads > 1, work < max(CallSchedule.smallProgram, phases * CallSchedule.smallPhase) {
            self.init(calls, firstUpdate: firstUpdate, counts: counts, threads: 1)
        }
    }

    private init(_ calls: [PlannedCall], firstUpdate: Int, counts: [Int], threads: Int) {
        self.threads = threads
        guard threads > 1 else {
            entries = calls.indices.map { Entry(call: $0, phase: $0, isSolo: true) }
            return
        }
        let rows = calls.map { call in
            guard let rows = call.rows, rows.count >= CallSchedule.fewRows * threads else { return 0 }
            return rows.inWhole.contains { counts[$0.index] >= CallSchedule.largeMatrix } ? 0 : rows.count
        }
        let uses = zip(calls, rows).map(Uses.init)
        var phase = 0
        for part in [0..<firstUpdate, firstUpdate..<calls.count] {
            var waiting = Array(part)
            while !waiting.isEmpty {
                var done = Uses(), putOff = Uses(), written = 0
                waiting = waiting.filter { index in
                    guard written < CallSchedule.longPhase, !uses[index].needBarrier(after: done), !uses[index].meet(putOff) else {
                        putOff.formUnion(uses[index])
                        return true
                    }
                    done.formUnion(uses[index])
                    written += calls[index].writes.reduce(0) { $0 + counts[$1.index] }
                    let isSolo = rows[index] == 0 && calls[index].work < CallSchedule.smallCall
                    entries.append(Entry(call: index, phase: phase, isSolo: isSolo, sharedRows: rows[index]))
                    return false
                }
                entries[entries.count - 1].barrierAfter = true
                phase += 1
            }
        }
    }

    /// Where a call went.
    func place(of call: Int) -> Int { entries.firstIndex { $0.call == call }! }

    /// The phases between which each buffer is in use.
    func lives(of count: Int, in calls: [PlannedCall], always: [Buffer], untilEnd: [Buffer], elsewhere: Set<Buffer>) -> [ClosedRange<Int>?]
    {
        var lives = [ClosedRange<Int>?](repeating: nil, count: count)
        func extend(_ buffer: Buffer, _ phase: Int) {
            guard !elsewhere.contains(buffer) else { return }
            let life = lives[buffer.index] ?? phase...phase
            lives[buffer.index] = min(life.lowerBound, phase)...max(life.upperBound, phase)
        }
        for entry in entries { for buffer in calls[entry.call].reads + calls[entry.call].writes { extend(buffer, entry.phase) } }
        let last = entries.last?.phase ?? 0
        for buffer in untilEnd { extend(buffer, last) }
        for buffer in always {
            extend(buffer, 0)
            extend(buffer, last)
        }
        return lives
    }
}

/// The buffers that some calls read and write, each with the rows by which threads share it, or 0 where a thread may
/// touch all of it.
private struct Uses {
    private var reads: [Buffer: Int] = [:]
    private var writes: [Buffer: Int] = [:]

    init() {}

    init(_ call: PlannedCall, rows: Int) {
        func shared(_ buffers: [Buffer]) -> [Buffer: Int] {
            Dictionary(buffers.map { ($0, rows > 0 && call.rows!.cuts($0) ? rows : 0) }, uniquingKeysWith: min)
        }
        (reads, writes) = (shared(call.reads), shared(call.writes))
    }

    mutating func formUnion(_ other: Uses) {
        func joined(_ a: Int, _ b: Int) -> Int { a == b ? a : 0 }
        reads.merge(other.reads, uniquingKeysWith: joined)
        writes.merge(other.writes, uniquingKeysWith: joined)
    }

    /// Whether a thread may need what another has done before.
    func needBarrier(after earlier: Uses) -> Bool {
        func parted(_ buffer: Buffer, _ rows: Int, _ before: [Buffer: Int]) -> Bool {
            before[buffer].map { $0 != rows || rows == 0 } ?? false
        }
        return reads.contains { parted($0, $1, earlier.writes) }
            || writes.contains { parted($0, $1, earlier.writes) || parted($0, $1, earlier.reads) }
    }

    /// Whether the order of both matters.
    func meet(_ other: Uses) -> Bool {
        reads.contains { other.writes[$0.key] != nil } || writes.contains { other.writes[$0.key] != nil || other.reads[$0.key] != nil }
    }
}
