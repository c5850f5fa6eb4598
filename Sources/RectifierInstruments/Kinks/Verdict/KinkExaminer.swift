/// Looks at the kinks of one batch element by element: which samples touch them, why, and what follows for the
/// gradient.
///
/// A program of its own computes the pre-activations again, from the same memory by the same kernels, so with the same
/// bits.
final class KinkExaminer {
    /// One kink of the network on one batch.
    struct Finding {
        var site: KinkSite
        /// (Sample, unit) pairs at the kink.
        var touched = 0
        /// Those where every contributing input is 0, so that no precision removes them; the others are accidents of
        /// rounding.
        var structural = 0
    }

    private let certificate: GradientCertificate
    private var program: LookProgram
    /// For each site the places of its outputs.
    private let places: [Places]

    private struct Places {
        /// For each element 0 where it is not at the kink, else a sum of `Mark`s: one number, because a batch of images
        /// has millions of elements and outputs are kept to the end.
        var marks: Int
        /// The factors between handle and margin, and the rows that weights are multiplied by.
        var factor: Int?
        var rows: Int?
    }

    private enum Mark {
        static let touched = 1, structural = 2, frozen = 4
    }

    init(_ certificate: GradientCertificate) throws {
        self.certificate = certificate
        var outputs: [Formula] = []
        var structuralZeros = ZeroMasks(.structural), frozenZeros = ZeroMasks(.frozen)
        func place(_ formula: Formula?, shape: Shape? = nil) throws -> Int? {
            guard let formula else { return nil }
            outputs.append(try formula.broadcast(to: shape ?? formula.shape))
            return outputs.count - 1
        }
        places = try certificate.entries.map { entry in
            let kink = entry.site.kink, shape = entry.site.result.shape
            // A clip's bounds are numbers; the zeros that matter are those of what is compared with 0.
            func zeros(_ masks: inout ZeroMasks) throws -> Formula? {
                guard let a = try masks.mask(of: kink.a) else { return nil }
                if let b = kink.b.constantValue { return b == 0 ? a : nil }
                return try masks.mask(of: kink.b).map { try minimum(a, $0) }
            }
            var rows: Formula?
            if case .weights(let input)? = entry.handle?.kind { rows = input }
            let factors = entry.handle?.factors ?? []
            var marks = Formula.constant(Double(Mark.touched))
            if let zeros = try zeros(&structuralZeros) { marks = try marks + zeros * .constant(Double(Mark.structural)) }
            if let zeros = try zeros(&frozenZeros) { marks = try marks + zeros * .constant(Double(Mark.frozen)) }
            return Places(
                marks: try place(kink.touched * marks, shape: shape)!,
                factor: try place(factors.first.map { try factors.dropFirst().reduce($0) { try $0 * $1 } }, shape: shape),
                rows: try place(rows))
        }
        program = LookProgram(outputs)
    }

    /// Looks at a batch.
    /// - Parameter compile: Makes a program over it, at the parameters as they are now.
    func examine(batchSize: Int, compile: ([Formula]) throws -> Program) throws -> (findings: [Finding], verdict: GradientVerdict) {
        try program.run(batchSize: batchSize, compile: compile, read: findings)
    }

    private func findings(_ program: Program) -> (findings: [Finding], verdict: GradientVerdict) {
        var handles = Handles()
        var isTouched = certificate.entries.map { _ in false }
        var obstacle = certificate.obstacle
        let findings = zip(certificate.entries, places).enumerated().map { index, pair in
            let (entry, place) = pair
            var finding = Finding(site: entry.site)
            let touched = program.nonzeros(ofOutput: place.marks).map { (element: $0.place, marks: Int($0.value)) }
            guard !touched.isEmpty else { return finding }
            finding.touched = touched.count
            finding.structural = touched.count { $0.marks & Mark.structural != 0 }
            let moving = touched.filter { $0.marks & Mark.frozen == 0 }.map(\.element)
            guard !moving.isEmpty else { return finding }
            isTouched[index] = true
            if let reason = entry.obstacle {
                obstacle = obstacle ?? "\(entry.site.layer): \(reason)"
                return finding
            }
            let factor = place.factor.map(program.values(ofOutput:)), units = entry.site.extents.reduce(1, *)
            for element in moving {
                let sign = entry.handle!.sign * (factor?[element] ?? 1)
                if sign == 0 || sign.isNaN {
                    obstacle = obstacle ?? "\(entry.site.layer): nothing moves unit \(element % units) at sample \(element / units)"
                }
                // Positions of a channel have one bias.
                let unit = element % units % entry.handle!.parameter.shape.extents.reduce(1, *)
                handles.add(
                    entry, sample: element / units, unit: unit, share: oriented(entry.site.kink.slopes!.share, sign), rows: place.rows)
            }
            return finding
        }
        /// Inputs of a layer, sample by sample.
        func rows(_ output: Int, samples: [Int]) -> [[Double]] {
            let width = program.shape(ofOutput: output)[1]
            return samples.map { program.values(ofOutput: output, in: $0 * width..<($0 + 1) * width) }
        }
        if let reason = obstacle ?? certificate.crossing(isTouched) ?? handles.conflict(rows: rows) {
            return (findings, .notGuaranteed(reason))
        }
        return (findings, !isTouched.contains(true) ? .exact : handles.useRank ? .clarkeByRank : .clarke)
    }
}

/// The values at the kinks that are touched, by handle.
private struct Handles {
    private struct Key: Hashable {
        var parameter: Int
        var unit: Int
        /// For weights, which can move each sample by itself; `nil` for a bias.
        var sample: Int?
    }

    private struct Column: Hashable {
        var parameter: Int
        var unit: Int
    }

    private var shares: [Key: Double] = [:]
    private var columns: [Column: (layer: String, output: Int, samples: [Int])] = [:]
    private var disagreement: String?

    var useRank: Bool { !columns.isEmpty }

    /// - Parameter rows: Where the rows of a handle of weights are; `nil` for a bias.
    mutating func add(_ entry: GradientCertificate.Entry, sample: Int, unit: Int, share: Double, rows: Int?) {
        let parameter = entry.handle!.parameter.id, layer = entry.site.layer
        let known = shares.updateValue(share, forKey: Key(parameter: parameter, unit: unit, sample: rows == nil ? nil : sample))
        if let known, known != share {
            disagreement = disagreement ?? "\(layer): unit \(unit) meets kinks of different values that one bias moves"
        }
        if let rows {
            // An element met before, at another kink of the same margin, has its row already.
            if known == nil { columns[Column(parameter: parameter, unit: unit), default: (layer, rows, [])].samples.append(sample) }
        }
    }

    /// Why the values do not make a mean of gradients, if so.
    func conflict(rows: (_ output: Int, _ samples: [Int]) -> [[Double]]) -> String? {
        if let disagreement { return disagreement }
        for (column, (layer, output, samples)) in columns.sorted(by: { $0.key.unit < $1.key.unit })
        where !areIndependent(rows(output, samples), tolerance: GradientCertificate.rankTolerance) {
            let list = samples.prefix(4).map(String.init).joined(separator: ", ") + (samples.count > 4 ? ", …" : "")
            return "\(layer): unit \(column.unit) has no bias, and its inputs at samples \(list) are not independent"
        }
        return nil
    }
}

/// Whether each row has a part orthogonal to the ones before that is longer than `tolerance` of its length (Gram and
/// Schmidt, each row twice).
func areIndependent(_ rows: [[Double]], tolerance: Double) -> Bool {
    guard let width = rows.first?.count, rows.count <= width else { return rows.isEmpty }
    var basis: [[Double]] = []
    func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
    for row in rows {
        let length = dot(row, row).squareRoot()
        guard length > 0, length.isFinite else { return false }
        var rest = row.map { $0 / length }
        for _ in 0..<2 {
            for direction in basis {
                let part = dot(rest, direction)
                for index in rest.indices { rest[index] -= part * direction[index] }
            }
        }
        let left = dot(rest, rest).squareRoot()
        guard left > tolerance else { return false }
        basis.append(rest.map { $0 / left })
    }
    return true
}
