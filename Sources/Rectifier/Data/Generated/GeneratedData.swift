/// Data sets that are computed from a seed, so that a first training needs no files.
public enum GeneratedData {
    /// The names that ``make(_:samples:noise:seed:)`` knows.
    public static let names = ["digits"] + PlaygroundSet.allCases.map(\.rawValue)

    /// The most training samples a set may have.
    static let mostSamples = 10_000_000

    /// Makes a set. The same arguments give the same samples on every machine and for any number of cores.
    ///
    /// - Parameters:
    ///   - name: One of ``names``; `reg-plane` and `reg-gauss` are understood as well.
    ///   - samples: The number of training samples, 1 to 10,000,000; `nil`: the set's own. There are as many test
    ///     samples, a sixth for `digits`.
    ///   - noise: 0 to 1 for `digits`, 0 to 0.5 for the others; `nil`: 0.25 and 0.
    /// - Throws: ``RectifierError/Kind/setting`` for an unknown name or a number out of range.
    public static func make(_ name: String, samples: Int?, noise: Double?, seed: UInt64) throws -> (training: Dataset, test: Dataset) {
        if let samples, !(1...mostSamples).contains(samples) {
            throw RectifierError(.setting, "\(samples) samples: a generated set has from 1 to \(mostSamples)")
        }
        func check(noise: Double?, upTo most: Double) throws {
            guard let noise, !(0...most).contains(noise) else { return }
            throw RectifierError(.setting, "noise \(noise): \(name) takes from 0 to \(most)")
        }
        if name == "digits" {
            try check(noise: noise, upTo: 1)
            return try Digits.make(samples: samples, noise: noise, seed: seed)
        }
        guard let set = PlaygroundSet(name: name) else { throw unknown(name) }
        try check(noise: noise, upTo: PlaygroundSet.mostNoise)
        return try set.make(samples: samples, noise: noise ?? 0, seed: seed)
    }

    /// One line about a set: what it is and how much of it there is.
    ///
    /// - Throws: ``RectifierError/Kind/setting`` for an unknown name.
    public static func summary(of name: String) throws -> String {
        if name == "digits" { return Digits.summary }
        guard let set = PlaygroundSet(name: name) else { throw unknown(name) }
        return set.summary
    }

    private static func unknown(_ name: String) -> RectifierError {
        RectifierError(.setting, "\(quoted(name)) is no generated set; there are \(names.joined(separator: ", "))")
    }
}
