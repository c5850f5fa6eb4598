/// `he`, `glorot-uniform`, `orthogonal:0.5`.
extension Initializer: Spelled, Codable {
    /// The ones without a number.
    private static let plain: [Initializer] = [
        .he, .heUniform, .glorot, .glorotUniform, .lecun, .lecunUniform, .orthogonal(), .zeros,
    ]

    /// How they are spelled, for help texts and errors.
    public static let names = plain.map(\.spelling) + ["orthogonal:GAIN", "uniform:LIMIT", "constant:VALUE"]

    public var spelling: String {
        switch self {
        case .he: "he"
        case .heUniform: "he-uniform"
        case .glorot: "glorot"
        case .glorotUniform: "glorot-uniform"
        case .lecun: "lecun"
        case .lecunUniform: "lecun-uniform"
        case .orthogonal(gain: 1): "orthogonal"
        case .orthogonal(let gain): NumberedName.spelling("orthogonal", gain)
        case .uniform(let limit): NumberedName.spelling("uniform", limit)
        case .constant(0): "zeros"
        case .constant(let value): NumberedName.spelling("constant", value)
        }
    }

    public init(_ spelling: String) throws {
        if let plain = Self.plain.first(where: { $0.spelling == spelling }) {
            self = plain
            return
        }
        let parts = NumberedName(spelling)
        switch (parts.name, parts.numbers?.count, parts.numbers?.first) {
        case ("orthogonal", 1, let gain?): self = .orthogonal(gain: gain)
        case ("uniform", 1, let limit?) where limit > 0: self = .uniform(limit)
        case ("constant", 1, let value?): self = .constant(value)
        default:
            throw RectifierError(
                .setting, "there is no initializer '\(oneLine(spelling))'; \(Names.hint(for: spelling, among: Self.names))")
        }
    }
}
