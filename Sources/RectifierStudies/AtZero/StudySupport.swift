import RectifierInstruments
import Synchronization

/// What the study needs to know of its data.
struct StudyImages {
    var count: Int
    var shape: [Int]
    var classes: Int
    /// Of pixels in [0, 1].
    var meanSquare: Double
    /// By image: whether all pixels are 0.
    var isBlank: [Bool]
    var width: Int { shape.reduce(1, *) }

    init(_ data: Dataset) {
        guard case .bytes(let bytes) = data.features else { preconditionFailure("checked before") }
        (count, shape, classes) = (data.count, data.sampleShape, data.outputCount)
        let width = data.width
        var squares = 0
        var isBlank = [Bool](repeating: true, count: data.count)
        bytes.withUnsafeBufferPointer { bytes in
            for image in 0..<data.count {
                var any: UInt8 = 0
                for place in image * width..<(image + 1) * width {
                    any |= bytes[place]
                    squares += Int(bytes[place]) * Int(bytes[place])
                }
                isBlank[image] = any == 0
            }
        }
        self.isBlank = isBlank
        meanSquare = Double(squares) / Double(bytes.count) * Dataset.byteScale * Dataset.byteScale
    }
}

/// Runs `body` on some threads, each of which takes numbers from 0 to `count` - 1 until there are no more. Throws the
/// first error.
func inParallel(_ count: Int, threads: Int?, _ body: @Sendable (_ next: () -> Int?) throws -> Void) throws {
    let threads = try checkedThreadCount(threads)
    let taken = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    sideBySide(min(threads, count), threads: threads) { _ in
        do {
            try body {
                let index = taken.wrappingAdd(1, ordering: .relaxed).oldValue
                return index < count ? index : nil
            }
        } catch {
            // The others find nothing more to do.
            taken.store(count, ordering: .relaxed)
            failure.withLock { $0 = $0 ?? error }
        }
    }
    if let error = failure.withLock({ $0 }) { throw error }
}

/// Turns work done into ``ZeroStudy/Progress``.
final class StudyMeter: Sendable {
    private struct State {
        var stage = ""
        var count = 0, doneInStage = 0
        /// Of one piece.
        var work = 0.0
        var done = 0.0
    }

    private let state = Mutex(State())
    private let total: Double
    private let began = ContinuousClock.now
    private let listener: @Sendable (ZeroStudy.Progress) -> Void

    init(total: Double, _ listener: @escaping @Sendable (ZeroStudy.Progress) -> Void) { (self.total, self.listener) = (total, listener) }

    var seconds: Double { began.duration(to: .now).seconds }

    func begin(_ stage: String, count: Int, work: Double) {
        state.withLock { ($0.stage, $0.count, $0.doneInStage, $0.work) = (stage, count, 0, work) }
        report()
    }

    func didOne() {
        state.withLock {
            $0.doneInStage += 1
            $0.done += $0.work
        }
        report()
    }

    private func report() {
        state.withLock { state in
            let share = total > 0 ? min(1, state.done / total) : 0
            listener(
                ZeroStudy.Progress(
                    stage: state.stage, done: state.doneInStage, total: state.count, share: share,
                    secondsLeft: share > 0 ? seconds / share * (1 - share) : .infinity))
        }
    }
}
