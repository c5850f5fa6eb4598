import CRectifierKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The next batch of augmented samples, copied into memory of its own just before its step, in the types in which the
/// data set keeps them.
final class AugmentedBatch {
    /// What fills a program from the copies; the rows are then ``rows``.
    private(set) var feeds: [String: Feed] = [:]
    private let augmentation: Augmentation
    private let seed: UInt64
    private let shape: [Int]
    /// How many samples there is room for.
    private var room = 0
    private var memory: [String: UnsafeMutableRawPointer] = [:]
    private let numbers: UnsafeMutablePointer<Int32>

    /// - Parameters:
    ///   - shape: of a sample, which the augmentation fits: ``Augmentation/check(_:)``.
    ///   - limit: The most samples in a batch.
    init(_ augmentation: Augmentation, seed: UInt64, shape: [Int], limit: Int) {
        (self.augmentation, self.seed, self.shape) = (augmentation, seed, shape)
        numbers = .allocate(capacity: limit)
        for i in 0..<limit { (numbers + i).initialize(to: Int32(i)) }
    }

    deinit {
        numbers.deallocate()
        memory.values.forEach { rk_free($0) }
    }

    /// The numbers of the samples in this memory: 0, 1, ….
    var rows: UnsafePointer<Int32> { UnsafePointer(numbers) }

    /// Makes room for a batch of samples that feeds stand for. Where there is too little, ``feeds`` are elsewhere
    /// afterwards.
    ///
    /// - Returns: Whether they are.
    func makeRoom(for count: Int, of data: [String: Feed]) throws -> Bool {
        guard count > room else { return false }
        memory.values.forEach { rk_free($0) }
        (memory, feeds, room) = ([:], [:], 0)
        for (name, feed) in data {
            let block = try MachineMemory.block(
                count * feed.rowBytes, for: "a batch of augmented samples", advice: "choose a smaller batch size")
            memory[name] = block
            feeds[name] = feed.moved(to: block)
        }
        room = count
        return true
    }

    /// Copies and augments samples.
    ///
    /// - Precondition: There is room for them, and the data are of the form that room was made for.
    func fill(from data: [String: Feed], _ samples: UnsafePointer<Int32>, count: Int, epoch: Int) {
        let stream = RandomStream(seed: seed, purpose: RandomPurpose.augmentation, epoch: UInt64(epoch))
        for (name, feed) in data {
            let source = feed.start, bytes = feed.rowBytes
            for i in 0..<count {
                let sample = Int(samples[i]), from = source + sample * bytes, to = memory[name]! + i * bytes
                if name == Network.inputName {
                    copy(from, to: to, bytes: bytes, augmentation.change(of: sample, stream))
                } else {
                    to.copyMemory(from: from, byteCount: bytes)
                }
            }
        }
    }

    /// Copies an image, changed. What lies outside of it is 0, in bytes as in floats.
    private func copy(_ image: UnsafeRawPointer, to result: UnsafeMutableRawPointer, bytes: Int, _ change: Augmentation.Change) {
        let height = shape[0], width = shape[1], row = bytes / height, pixel = row / width
        let columns = max(0, -change.right)..<width - max(0, change.right)
        for y in 0..<height {
            let line = result + y * row, from = y + change.down
            guard 0..<height ~= from else {
                memset(line, 0, row)
                continue
            }
            memset(line, 0, columns.lowerBound * pixel)
            memset(line + columns.upperBound * pixel, 0, (width - columns.upperBound) * pixel)
            let source = image + from * row
            if change.isFlipped {
                for x in columns { memcpy(line + x * pixel, source + (width - 1 - x - change.right) * pixel, pixel) }
            } else {
                memcpy(line + columns.lowerBound * pixel, source + (columns.lowerBound + change.right) * pixel, columns.count * pixel)
            }
        }
    }
}

extension Feed {
    /// Bytes of a sample.
    fileprivate var rowBytes: Int {
        switch self {
        case .labels: MemoryLayout<Int32>.size
        case .rows(_, let type, let width, _):
            width * (type == RK_SOURCE_UINT8 ? 1 : type == RK_SOURCE_FLOAT32 ? MemoryLayout<Float>.size : MemoryLayout<Double>.size)
        }
    }

    fileprivate var start: UnsafeRawPointer {
        switch self {
        case .labels(let labels, _): UnsafeRawPointer(labels)
        case .rows(let start, _, _, _): start
        }
    }

    /// The same from other memory.
    fileprivate func moved(to start: UnsafeMutableRawPointer) -> Feed {
        switch self {
        case .labels(_, let classes): .labels(UnsafePointer(start.assumingMemoryBound(to: Int32.self)), classes: classes)
        case .rows(_, let type, let width, let scale): .rows(UnsafeRawPointer(start), type, width: width, scale: scale)
        }
    }
}
