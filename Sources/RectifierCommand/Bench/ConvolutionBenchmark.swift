import CRectifierKernels
import Rectifier

/// The passes of a convolutional layer against the multiply-add peak that is measured beside them.
final class ConvolutionBenchmark {
    enum Pass: String, CaseIterable {
        case forward
        case imageGradient = "image gradient"
        case weightGradient = "weight gradient"
    }

    /// A layer of 3×3 windows, with as many outputs as pixels, and one of its passes.
    struct Subject: CustomStringConvertible {
        var pass: Pass
        var batch: Int
        /// Pixels along each side of an image.
        var side: Int
        var channels: Int
        var filters: Int

        static let taps = 9

        /// `conv 64 of 32×32×3`
        var description: String { "conv \(filters) of \(side)×\(side)×\(channels)" }
        var outputs: Int { batch * side * side }
        var flops: Double { 2 * Double(outputs) * Double(Self.taps * channels) * Double(filters) }
    }

    /// The layers of `vgg6` on images as CIFAR-10 has them. Nobody asks for the gradient of the images themselves.
    /// - Parameter isQuick: Few images, and no large layers.
    static func subjects(isQuick: Bool) -> [Subject] {
        let layers = [(32, 3, 64), (32, 64, 64), (16, 64, 128), (16, 128, 128), (8, 128, 256), (8, 256, 256)]
        return layers.filter { !isQuick || $0.0 == 8 || $0.1 == 3 }.flatMap { side, channels, filters in
            Pass.allCases.filter { channels > 3 || $0 != .imageGradient }.map {
                Subject(pass: $0, batch: isQuick ? 4 : 64, side: side, channels: channels, filters: filters)
            }
        }
    }

    let subject: Subject
    private let threads: BenchThreads
    private let images, factor, result, scratch: UnsafeMutableRawPointer
    private let places: UnsafeMutablePointer<Int32>
    private var description: rk_convolution

    init(_ subject: Subject, on threads: BenchThreads) throws {
        self.subject = subject
        self.threads = threads
        let size = Windows.Pair(subject.side, subject.side)
        let windows = try Windows(image: size, kernel: Windows.Pair(3, 3), padding: .same)
        // Images are those that patches are taken from: of the layer, or of what is handed back to its outputs.
        let isBack = subject.pass == .imageGradient
        let channels = isBack ? subject.filters : subject.channels,
            columns = isBack ? subject.channels : subject.filters
        let list = isBack ? windows.placesOfPixels : windows.places
        places = .allocate(capacity: list.count)
        places.initialize(from: list, count: list.count)

        let pixels = subject.side * subject.side, terms = Subject.taps * channels, outputs = subject.outputs
        let isWeights = subject.pass == .weightGradient
        description = rk_convolution()
        (description.outputs, description.taps, description.pixels) = (
            Int64(pixels), Int64(Subject.taps), Int64(pixels)
        )
        (description.channels, description.pixel, description.groups) = (Int64(channels), Int64(channels), 1)
        description.places = UnsafePointer(places)
        let (m, k) = isWeights ? (terms, outputs) : (outputs, terms)
        (description.product.m, description.product.n, description.product.k) = (Int64(m), Int64(columns), Int64(k))
        (description.product.a_row, description.product.a_column, description.product.b_column) = (1, 1, 1)
        (description.product.b_row, description.product.c_row) = (Int64(columns), Int64(columns))
        description.product.zeros = Int32(RK_ZEROS_MULTIPLIED.rawValue)

        let kernels = threads.kernels, count = Int32(threads.count)
        let bytes =
            isWeights ? kernels.filters_scratch(&description, count) : kernels.convolution_scratch(&description, count)
        (images, factor) = (try threads.allocate(outputs * channels), try threads.allocate(k * columns))
        (result, scratch) = (
            try threads.allocate(m * columns), try threads.allocate(Int(bytes) * threads.count / threads.type.size)
        )
        threads.fill(images, outputs * channels)
        threads.fill(factor, k * columns)
        (description.product.a, description.product.b) = (UnsafeRawPointer(images), UnsafeRawPointer(factor))
        (description.product.c, description.product.scratch, description.product.scratch_stride) = (
            result, scratch, bytes
        )
    }

    deinit {
        for pointer in [images, factor, result, scratch] { rk_free(pointer) }
        places.deallocate()
    }

    /// All zeros multiplied. Runs of some milliseconds, or one pass.
    func measure(_ budget: BenchBudget) -> BenchRate {
        var call = rk_call()
        call.kernel = subject.pass == .weightGradient ? threads.kernels.filters : threads.kernels.convolution
        call.barrier = true
        call.convolution = description
        let repetitions = max(1, Int(0.003 * threads.peak(seconds: 0.001) / subject.flops))
        return threads.rates(
            [Array(repeating: call, count: repetitions)], flops: subject.flops * Double(repetitions), budget)[0]
    }
}
