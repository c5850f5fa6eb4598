import CRectifierKernels

/// The three products of a dense layer, by the share of zeros in the left operand: dense, skipping, and as programs
/// choose.
struct ZeroSweep {
    /// A layer and one of its products.
    struct Subject {
        enum Product: String, CaseIterable {
            case forward
            case inputGradient = "input gradient"
            case weightGradient = "weight gradient"
        }

        var product: Product
        var batch: Int
        var inputs: Int
        var outputs: Int

        var shape: ProductBenchmark.Shape {
            switch product {
            case .forward: .init(m: batch, k: inputs, n: outputs)
            case .inputGradient: .init(m: batch, k: outputs, n: inputs, transposingB: true)
            case .weightGradient: .init(m: inputs, k: batch, n: outputs, transposingA: true)
            }
        }

        /// What the zeros are in.
        var leftOperand: String { product == .inputGradient ? "the output's gradient" : "the layer's input" }
    }

    struct Row {
        /// Of the left operand's elements, 0 to 1.
        var zeros: Double
        var dense, skipping, byDensity: BenchRate
    }

    static let shares = [0, 0.1, 0.15, 0.25, 0.5, 0.75, 0.9, 0.95]

    static func subjects(isQuick: Bool) -> [Subject] {
        (isQuick ? [784] : [784, 512]).flatMap { inputs in
            Subject.Product.allCases.map { Subject(product: $0, batch: 128, inputs: inputs, outputs: 512) }
        }
    }

    var subject: Subject
    var rows: [Row]

    /// The share of zeros from which on skipping is no slower than dense, on straight lines between the rows; nil if it
    /// is slower at the end.
    var breakEven: Double? { crossing { $0.skipping.ratio } }

    /// The share of zeros from which on the default's dense-equivalent rate is at or above the peak.
    var abovePeakFrom: Double? { crossing { $0.byDensity.share } }

    /// Where a value gets to 1 and stays there.
    private func crossing(_ value: (Row) -> Double) -> Double? {
        guard let first = rows.lastIndex(where: { value($0) < 1 }) else { return rows.first?.zeros }
        guard first + 1 < rows.count else { return nil }
        let (low, high) = (rows[first], rows[first + 1])
        return low.zeros + (high.zeros - low.zeros) * (1 - value(low)) / (value(high) - value(low))
    }
}

extension ZeroSweep {
    /// - Parameter progress: Called before each share of zeros.
    init(_ subject: Subject, on threads: BenchThreads, _ budget: BenchBudget, progress: (Double) throws -> Void) throws {
        self.subject = subject
        let benchmark = try ProductBenchmark(subject.shape, on: threads)
        rows = try Self.shares.map { zeros in
            try progress(zeros)
            benchmark.fillA(zeros: zeros)
            let rates = benchmark.measure([RK_ZEROS_MULTIPLIED, RK_ZEROS_SKIPPED, RK_ZEROS_BY_DENSITY], budget)
            return Row(zeros: zeros, dense: rates[0], skipping: rates[1], byDensity: rates[2])
        }
    }
}
