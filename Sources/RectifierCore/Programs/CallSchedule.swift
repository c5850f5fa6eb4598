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
        // Call by call, the first phase that what it needs, and those that still need what it overwrites, leave to it.
        var reads = [LastUse](repeating: LastUse(), count: counts.count), writes = reads
        for part in [0..<firstUpdate, firstUpdate..<calls.count] {
            let first = (entries.last?.phase ?? -1) + 1
            var phases: [(calls: [Int], written: Int)] = []
            for index in part {
                let call = calls[index]
                func shared(_ buffer: Buffer) -> Int { rows[index] > 0 && call.rows!.cuts(buffer) ? rows[index] : 0 }
                var phase = first
                for buffer in call.reads { phase = max(phase, writes[buffer.index].next(shared(buffer))) }
                for buffer in call.writes {
                    phase = max(phase, writes[buffer.index].next(shared(buffer)), reads[buffer.index].next(shared(buffer)))
                }
                while phase - first < phases.count, phases[phase - first].written >= CallSchedule.longPhase { phase += 1 }
                if phase - first == phases.count { phases.append(([], 0)) }
                phases[phase - first].calls.append(index)
                phases[phase - first].written += call.writes.reduce(0) { $0 + counts[$1.index] }
                for buffer in call.reads { reads[buffer.index].add(phase, rows: shared(buffer)) }
                for buffer in call.writes { writes[buffer.index].add(phase, rows: shared(buffer)) }
            }
            for (offset, phase) in phases.enumerated() {
                for index in phase.calls {
                    let isSolo = rows[index] == 0 && calls[index].work < CallSchedule.smallCall
                    entries.append(Entry(call: index, phase: first + offset, isSolo: isSolo, sharedRows: rows[index]))
                }
                entries[entries.count - 1].barrierAfter = true
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

/// The last phase that reads a buffer, or writes it, and the rows by which all its calls share the buffer; 0 where a
/// thread may touch all of it.
private struct LastUse {
    private var phase = -1
    private var rows = 0

    /// The first phase for a call that must come after, and shares the buffer by `rows`: where both share it alike, a
    /// thread needs only what it did itself.
    func next(_ rows: Int) -> Int { rows > 0 && rows == self.rows ? phase : phase + 1 }

    mutating func add(_ phase: Int, rows: Int) {
        if phase > self.phase {
            (self.phase, self.rows) = (phase, rows)
        } else if phase == self.phase, rows != self.rows {
            self.rows = 0
        }
    }
}
