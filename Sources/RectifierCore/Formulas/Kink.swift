/// The derivative that an operation is given at a kink, where it has none of its own.
///
/// A number between the derivatives on both sides is a subgradient; another one is a mistake, and refused where a
/// network is built or a gradient taken, unless it says so:
///
/// ```swift
/// relu(x, atZero: 0.5)
/// relu(x, atZero: .unsound(2))
/// ```
public struct KinkValue: Sendable, Hashable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
    public var value: Double
    /// Whether the value may lie outside the subdifferential. No verdict then vouches for a gradient that it enters.
    public var isUnsound: Bool

    public init(_ value: Double) { (self.value, isUnsound) = (value, false) }
    public init(floatLiteral value: Double) { self.init(value) }
    public init(integerLiteral value: Int) { self.init(Double(value)) }

    /// A value that need not be a subgradient.
    public static func unsound(_ value: Double) -> KinkValue {
        var result = KinkValue(value)
        result.isUnsound = true
        return result
    }

    /// The same with another number.
    package func map(_ transform: (Double) -> Double) -> KinkValue {
        var result = self
        result.value = transform(value)
        return result
    }
}

/// As recipes and flags spell it: `0.5`, `unsound:2`.
extension KinkValue: LosslessStringConvertible {
    public init?(_ description: String) {
        let mark = "unsound:"
        let number = description.hasPrefix(mark) ? String(description.dropFirst(mark.count)) : description
        guard let value = Double(number), value.isFinite else { return nil }
        self = number == description ? KinkValue(value) : .unsound(value)
    }

    /// `0.5`, and `2` rather than `2.0`.
    public var description: String { (isUnsound ? "unsound:" : "") + Kink.text(value) }
}

/// In files a number, or a string where it is unsound.
extension KinkValue: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Double.self) {
            self.init(value)
        } else if let value = KinkValue(try container.decode(String.self)) {
            self = value
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "the value at a kink must be a number or \"unsound:NUMBER\"")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if isUnsound { try container.encode(description) } else { try container.encode(value) }
    }
}

/// A place where an operation's derivative jumps: where `a` and `b` are equal.
package struct Kink {
    package var a: Formula
    package var b: Formula
    /// The derivative of the result with respect to `a - b`, with `b` held, where that is negative, 0 and positive.
    /// `nil` where the operation is not continuous, or has no finite derivative, or one that is not a number's
    /// multiple or depends on other kinks: nothing is vouched for there.
    package var slopes: Slopes?
    /// 1 where there is such a place, 0 where the result does not depend on which of both is larger; `nil` for 1
    /// everywhere.
    package var matters: Formula?

    package struct Slopes {
        package var below: Double, at: KinkValue, above: Double

        /// Where between both sides the value lies: 0 is `below`, 1 is `above`.
        package var share: Double { (at.value - below) / (above - below) }
        package var isSubgradient: Bool { min(below, above)...max(below, above) ~= at.value }
    }

    package init(_ a: Formula, _ b: Formula, _ slopes: Slopes? = nil, where matters: Formula? = nil) {
        (self.a, self.b, self.slopes, self.matters) = (a, b, slopes, matters)
    }

    fileprivate static func text(_ number: Double) -> String {
        number == number.rounded() && Swift.abs(number) < 1e15 ? String(Int(number)) : String(number)
    }

    /// `a - b`; 1 where both are equal and that does not matter.
    package var margin: Formula {
        get throws {
            let margin = b.constantValue == 0 ? a : try a - b
            return try matters.map { try margin + equal(a, b) * (1 - $0) } ?? margin
        }
    }

    /// On which side of the kink it lies: -1, 0 or 1; 0 as well where that does not matter.
    package var side: Formula {
        get throws {
            let side = heaviside(try margin, below: -1, atZero: 0, above: 1)
            return try matters.map { try side * $0 } ?? side
        }
    }

    /// 1 where the kink is touched, 0 elsewhere.
    package var touched: Formula {
        get throws {
            let isEqual = try equal(a, b)
            return try matters.map { try isEqual * $0 } ?? isEqual
        }
    }
}

/// Refuses values that are not subgradients and do not say so, and those that are no finite numbers at all.
package func checkKinkValues(of formula: Formula) throws {
    for slopes in formula.operation.kinks(of: formula.operands).compactMap(\.slopes) {
        let name = formula.operation.name
        guard slopes.at.value.isFinite else {
            throw RectifierError(.setting, "\(name): the derivative at a kink must be a finite number, not \(slopes.at.value)")
        }
        guard slopes.isSubgradient || slopes.at.isUnsound else {
            let interval = [slopes.below, slopes.above].sorted().map(Kink.text)
            throw RectifierError(
                .setting,
                "\(name): \(slopes.at) is no derivative at the kink, where subgradients lie in [\(interval[0]), \(interval[1])]; "
                    + "if it is meant, write .unsound(\(slopes.at)) in code, unsound:\(slopes.at) in a recipe",
                setting: "network.atZero")
        }
    }
}
