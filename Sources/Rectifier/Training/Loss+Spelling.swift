import Synchronization

/// `softmax-cross-entropy`, `huber:1`; `hinge:0.5` and `absolute-error:unsound:2` where the derivative at the kink is
/// not 0; a registered loss by its name and numbers, `pinball:0.9`.
extension Loss: Spelled, Codable {
    /// Those without a number.
    private static let plain: [Loss] = [
        .softmaxCrossEntropy, .sigmoidCrossEntropy, .squaredError, .halfSquaredError, .absoluteError, .hinge,
    ]

    /// How losses are spelled, for help texts and errors.
    public static var names: [String] { plain.map(\.spelling) + ["huber:DELTA"] + registered.withLock { $0.keys.sorted() } }

    public var spelling: String {
        func named(_ name: String, _ value: KinkValue) -> String { value == 0 ? name : "\(name):\(value)" }
        return switch kind {
        case .softmaxCrossEntropy: "softmax-cross-entropy"
        case .sigmoidCrossEntropy: "sigmoid-cross-entropy"
        case .squaredError: "squared-error"
        case .halfSquaredError: "half-squared-error"
        case .absoluteError(let value): named("absolute-error", value)
        case .huber(let delta): NumberedName.spelling("huber", delta)
        case .hinge(let value): named("hinge", value)
        case .registered(let own): own.spelling
        }
    }

    public init(_ spelling: String) throws {
        if let plain = Self.plain.first(where: { $0.spelling == spelling }) {
            self = plain
            return
        }
        let parts = NumberedName(spelling)
        let value = spelling.firstIndex(of: ":").flatMap { KinkValue(String(spelling[spelling.index(after: $0)...])) }
        switch (parts.name, parts.numbers, value) {
        case ("huber", let numbers?, _) where numbers.count == 1 && numbers[0] > 0: self = .huber(delta: numbers[0])
        case ("absolute-error", _, let value?): self = .absoluteError(atKink: value)
        case ("hinge", _, let value?): self = .hinge(atKink: value)
        case (let name, let numbers?, _):
            guard let makers = Self.registered.withLock({ $0[name] }) else { throw Self.unknown(spelling) }
            self = Loss(kind: .registered(RegisteredLoss(spelling: spelling, numbers: numbers, makers: makers)))
        default: throw Self.unknown(spelling)
        }
        try validate()
    }

    private static func unknown(_ spelling: String) -> RectifierError {
        RectifierError(
            .setting, "there is no loss '\(oneLine(spelling))'; \(Names.hint(for: spelling, among: names))")
    }

    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        self = try located(decoder) {
            do {
                return try Loss(text)
            } catch let error as RectifierError where error == Self.unknown(text) {
                throw RectifierError(
                    error.kind, "\(error.description); one of your own must be registered before it is read: Loss.register")
            }
        }
    }
}

/// A loss of one's own, by its name and numbers.
struct RegisteredLoss: Hashable, Sendable {
    let spelling: String
    let numbers: [Double]
    let makers: Makers

    /// What it computes of outputs, targets and its numbers, and what outputs mean.
    struct Makers: Sendable {
        let formula: @Sendable (Formula, Formula, [Double]) throws -> Formula
        let prediction: @Sendable (Formula) throws -> Formula
    }

    func formula(_ output: Formula, _ target: Formula) throws -> Formula { try makers.formula(output, target, numbers) }
    func prediction(_ output: Formula) throws -> Formula { try makers.prediction(output) }

    static func == (a: RegisteredLoss, b: RegisteredLoss) -> Bool { a.spelling == b.spelling }
    func hash(into hasher: inout Hasher) { hasher.combine(spelling) }
}

extension Loss {
    private static let registered = Mutex([String: RegisteredLoss.Makers]())

    /// Makes a loss of your own known by a name, to recipes, flags and model files.
    ///
    /// ```swift
    /// try Loss.register("pinball") { output, target, numbers in
    ///     let miss = try target - output, share = Formula.constant(numbers.first ?? 0.5)
    ///     return try maximum(share * miss, (share - 1) * miss)
    /// }
    /// let loss = try Loss("pinball:0.9")
    /// ```
    ///
    /// What it declares at its kinks is checked and watched as in the losses that come with the library. Register it
    /// before a model with it is read, once in a program: a loss cannot be replaced.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and hyphens, a letter first.
    ///   - prediction: What an output of the network means, for predictions: of shape `[batch, n]` as the output.
    ///   - formula: The loss of outputs and targets, both `[batch, n]`: either that shape, whose mean over each sample
    ///     is taken, or `[batch, 1]`. The numbers are those behind the name: `pinball:0.9` has one.
    /// - Throws: ``RectifierError`` where the name is taken or is none.
    public static func register(
        _ name: String, prediction: @escaping @Sendable (_ output: Formula) throws -> Formula = { $0 },
        formula: @escaping @Sendable (_ output: Formula, _ target: Formula, _ numbers: [Double]) throws -> Formula
    ) throws {
        guard isName(name) else {
            throw RectifierError(.setting, "'\(name)' cannot be a loss's name: take letters, digits and hyphens, a letter first")
        }
        let shipped = plain.map(\.spelling) + ["huber"]
        try registered.withLock { losses in
            guard losses[name] == nil, !shipped.contains(name) else {
                throw RectifierError(.setting, "there is a loss '\(name)' already; register yours under another name")
            }
            losses[name] = RegisteredLoss.Makers(formula: formula, prediction: prediction)
        }
    }
}
