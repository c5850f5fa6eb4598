import CRectifierKernels

/// The memory of one program: an arena for everything it computes, the addresses of its buffers, and the descriptors
/// its calls point to.
final class ProgramMemory {
    private let arena: UnsafeMutableRawPointer
    private let addresses: [UnsafeMutableRawPointer]
    /// The threads' scratch, one after another.
    let scratch: UnsafeMutableRawPointer
    let scratchStride: Int
    private var descriptors: [UnsafeMutableRawPointer] = []
    private var labels: [Buffer: UnsafeMutablePointer<rk_labels>] = [:]

    /// - Parameters:
    ///   - fixed: Buffers that lie outside the arena.
    ///   - labels: What fills inputs, or is read in their place.
    init(plan: MemoryPlan, fixed: [Buffer: UnsafeMutableRawPointer], labels: [Buffer: rk_labels]) throws {
        let arena = try MachineMemory.block(plan.bytes, for: "one batch", advice: "choose a smaller batch size")
        self.arena = arena
        scratch = arena + plan.scratchOffset
        scratchStride = plan.scratchStride
        addresses = plan.offsets.indices.map { fixed[Buffer(index: $0)] ?? arena + plan.offsets[$0] }
        self.labels = labels.mapValues(store)
    }

    deinit {
        rk_free(arena)
        for descriptor in descriptors { descriptor.deallocate() }
    }

    subscript(buffer: Buffer) -> UnsafeMutableRawPointer { addresses[buffer.index] }

    /// The labels that fill an input, or are read in its place. Calls point here, so that other labels are a store.
    func labels(of input: Buffer) -> UnsafeMutablePointer<rk_labels>? { labels[input] }

    /// A copy of some structs of C that lives as long as the program.
    func store<T>(_ values: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: max(1, values.count))
        memory.initialize(from: values, count: values.count)
        descriptors.append(UnsafeMutableRawPointer(memory))
        return memory
    }

    func store<T>(_ value: T) -> UnsafeMutablePointer<T> { store([value]) }
}

/// Where each buffer lies in the arena. Buffers whose lives do not meet share memory.
struct MemoryPlan {
    private(set) var offsets: [Int]
    /// Where the threads' scratch begins, behind all buffers, and bytes from one thread's to the next one's.
    let scratchOffset, scratchStride: Int
    let bytes: Int

    /// Between what one thread uses and what another does. Processors fetch ahead of a loop, several rows, and would
    /// take lines of scratch from the thread that is using them.
    private static let distance = 65536

    /// - Parameters:
    ///   - sizes: Bytes of each buffer.
    ///   - lives: The phases between which each is in use; `nil` for one that lies elsewhere or is not used.
    ///   - scratch: Bytes that each thread needs besides.
    init(sizes: [Int], lives: [ClosedRange<Int>?], scratch: Int, threads: Int) {
        var arenaBytes = 0
        offsets = [Int](repeating: 0, count: sizes.count)
        let starts = lives.indices.filter { lives[$0] != nil }.sorted { (lives[$0]!.lowerBound, $0) < (lives[$1]!.lowerBound, $1) }
        var ends = starts.sorted { lives[$0]!.upperBound < lives[$1]!.upperBound }[...]
        var free: [(offset: Int, bytes: Int)] = []
        func rounded(_ bytes: Int) -> Int { (bytes + Int(RK_PADDING) + 63) / 64 * 64 }

        for buffer in starts {
            while let ended = ends.first, lives[ended]!.upperBound < lives[buffer]!.lowerBound {
                ends.removeFirst()
                release(offsets[ended], rounded(sizes[ended]))
            }
            let bytes = rounded(sizes[buffer])
            // The smallest hole that fits, else new memory.
            if let hole = free.indices.filter({ free[$0].bytes >= bytes }).min(by: { free[$0].bytes < free[$1].bytes }) {
                offsets[buffer] = free[hole].offset
                free[hole] = (free[hole].offset + bytes, free[hole].bytes - bytes)
                if free[hole].bytes == 0 { free.remove(at: hole) }
            } else {
                offsets[buffer] = arenaBytes
                arenaBytes += bytes
            }
        }
        let distance = threads > 1 && scratch > 0 ? MemoryPlan.distance : 0
        scratchOffset = arenaBytes + distance
        scratchStride = rounded(scratch) + distance
        bytes = scratchOffset + scratchStride * threads

        func release(_ offset: Int, _ bytes: Int) {
            var hole = (offset: offset, bytes: bytes)
            if let before = free.firstIndex(where: { $0.offset + $0.bytes == hole.offset }) {
                hole = (free[before].offset, free[before].bytes + hole.bytes)
                free.remove(at: before)
            }
            if let after = free.firstIndex(where: { $0.offset == hole.offset + hole.bytes }) {
                hole.bytes += free[after].bytes
                free.remove(at: after)
            }
            free.append(hole)
        }
    }
}
