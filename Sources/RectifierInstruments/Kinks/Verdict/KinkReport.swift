import RectifierText

/// What the gradients of some batches met at the kinks of a network.
public struct KinkReport: Sendable, Codable, Equatable {
    /// Batches by ``GradientVerdict``.
    public var exact = 0
    public var clarke = 0
    public var clarkeByRank = 0
    public var notGuaranteed = 0
    /// Why, the first time that nothing was guaranteed.
    public var reason: String?
    /// The kinks of the network, in the order they are computed. Empty for a network without any.
    public var kinks: [Kink] = []
    /// By layer with parameters: the largest ‖g₁ - g₀‖ / ‖g₀‖ seen, where g₀ and g₁ are its gradients with derivative 0
    /// and 1 at every kink. The largest number there is where g₀ is 0 and g₁ is not. Looked at only where a kink was
    /// touched, and not every time.
    public var sensitivity: [String: Double] = [:]
    /// How the last step that was looked at compares with the linear model behind it. At most one an epoch is.
    public var trust: LinearTrust?

    /// One kink of one layer.
    public struct Kink: Sendable, Codable, Equatable {
        /// As in ``NetworkSummary``; `loss` for the loss's own.
        public var layer: String
        /// `relu`, or `clip at 6`.
        public var name: String
        /// (Sample, unit) pairs that were exactly at the kink, over all batches.
        public var touched = 0
        /// How many of those were looked into.
        public var examined = 0
        /// Of those examined: every contributing input was 0, so that no precision removes them. The others are
        /// accidents of rounding.
        public var structural = 0

        public var accidental: Int { examined - structural }
    }

    public init() {}

    /// Batches in all.
    public var steps: Int { exact + onAKink }
    /// Batches that touched a kink, or may have.
    public var onAKink: Int { clarke + clarkeByRank + notGuaranteed }

    mutating func add(_ verdict: GradientVerdict, count: Int = 1) {
        switch verdict {
        case .exact: exact += count
        case .clarke: clarke += count
        case .clarkeByRank: clarkeByRank += count
        case .notGuaranteed(let reason):
            notGuaranteed += count
            self.reason = self.reason ?? reason
        }
    }

    /// Adds what other batches of the same network met.
    mutating func add(_ other: KinkReport) {
        exact += other.exact
        clarke += other.clarke
        clarkeByRank += other.clarkeByRank
        notGuaranteed += other.notGuaranteed
        reason = reason ?? other.reason
        if kinks.isEmpty {
            kinks = other.kinks
        } else {
            for (index, kink) in other.kinks.enumerated() where index < kinks.count {
                kinks[index].touched += kink.touched
                kinks[index].examined += kink.examined
                kinks[index].structural += kink.structural
            }
        }
        sensitivity.merge(other.sensitivity) { max($0, $1) }
        trust = other.trust ?? trust
    }

    /// Whether every kink is a ReLU's, so that words can say so.
    private var isReLUOnly: Bool { kinks.allSatisfy { $0.name == "relu" } }

    /// `all 2,345 exact: no step met a kink, where ReLU has no derivative`, or how many did and what their verdicts
    /// are.
    public var summary: String {
        let place = isReLUOnly ? "where ReLU has no derivative" : "where the loss has no derivative"
        guard onAKink > 0 else {
            let all = steps == 1 ? "exact" : "all \(Format.count(steps)) exact"
            return kinks.isEmpty
                ? "\(all): the network has no kinks"
                : "\(all): \(steps == 1 ? "the" : "no") step met \(steps == 1 ? "no" : "a") kink, \(place)"
        }
        var parts: [String] = []
        if clarke + clarkeByRank > 0 {
            let byRank = clarkeByRank > 0 ? " (\(Format.count(clarkeByRank)) by rank)" : ""
            parts.append("\(Format.count(clarke + clarkeByRank)) in the Clarke subdifferential" + byRank)
        }
        if notGuaranteed > 0 { parts.append("\(Format.count(notGuaranteed)) not guaranteed") }
        return "\(Format.count(exact)) exact; \(Format.count(onAKink)) on a kink, \(place): \(parts.joined(separator: ", "))"
    }

    /// Kinks of one layer and name as one: a pooling has several.
    private var kinksByName: [Kink] {
        kinks.reduce(into: []) { result, kink in
            guard let place = result.firstIndex(where: { $0.layer == kink.layer && $0.name == kink.name }) else {
                return result.append(kink)
            }
            result[place].touched += kink.touched
            result[place].examined += kink.examined
            result[place].structural += kink.structural
        }
    }

    /// A line for each layer whose kinks were touched, why nothing was guaranteed, if so, and how well a gradient
    /// predicted its step.
    public var details: [String] {
        var lines = kinksByName.filter { $0.touched > 0 }.map { kink in
            "\(kink.layer): \(Format.count(kink.touched)) exactly at the kink of \(kink.name); of \(Format.count(kink.examined)) examined, "
                + "\(Format.count(kink.structural)) structural and \(Format.count(kink.accidental)) accidental"
        }
        if let (layer, largest) = sensitivity.max(by: { $0.value < $1.value }), largest > 0 {
            let change =
                largest < 1e6
                ? "changed the gradient of \(layer) by up to \(Format.significant(100 * largest, 3)) %"
                : "gave \(layer) a gradient where it had none"
            lines.append("taking the derivative 1 there instead of 0 \(change)")
        } else if !sensitivity.isEmpty {
            lines.append("taking the derivative 1 there instead of 0 changed no gradient")
        }
        if let reason { lines.append("not guaranteed: \(reason)") }
        if let trust { lines.append("sampled step: \(isReLUOnly ? trust.summary(one: "ReLU", many: "ReLUs") : trust.summary)") }
        return lines
    }
}
