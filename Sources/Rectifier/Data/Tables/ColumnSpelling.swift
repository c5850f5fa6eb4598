/// How the fields of a table's column spell what is a number, where they are no plain decimal numbers.
public enum ColumnSpelling: String, Codable, Sendable, CaseIterable {
    /// `1,234.5`, `1 234.5`, `$5`, `12 %`: with thousands separators, a currency sign or a percent sign, which are
    /// passed over.
    case amount
    /// The same with a decimal comma: `3,14`, `1.234,5`, `12,5 €`.
    case decimalComma
    /// `yes` and `no`, `true` and `false`, `y`, `t`, `on` and their opposites, in any case: 1 and 0.
    case boolean
    /// `2024-01-31`, `2024/1/31`, `20240131`, with a time or without: days since 1970, as are all dates.
    case yearFirst
    /// `31.1.2024`, `31/01/2024`, `31 Jan 2024`.
    case dayFirst
    /// `1/31/2024`, `Jan 31, 2024`.
    case monthFirst

    public var isDate: Bool { self == .yearFirst || self == .dayFirst || self == .monthFirst }

    /// For messages: what such a column holds.
    var what: String {
        switch self {
        case .amount: "amounts as 1,234.5"
        case .decimalComma: "numbers with a decimal comma"
        case .boolean: "yes or no"
        case .yearFirst: "dates as 2024-01-31"
        case .dayFirst: "dates with the day first"
        case .monthFirst: "dates with the month first"
        }
    }

    /// The number that all of a text spells; nil where it is none.
    func number(_ text: String) -> Double? {
        switch self {
        case .amount: Amount(text, decimal: ".")?.number
        case .decimalComma: Amount(text, decimal: ",")?.number
        case .boolean: ColumnSpelling.truths[text.lowercased()]
        case .yearFirst, .dayFirst, .monthFirst: CalendarDate(text, spelled: self)?.days
        }
    }

    private static let truths: [String: Double] = [
        "yes": 1, "no": 0, "true": 1, "false": 0, "y": 1, "n": 0, "t": 1, "f": 0, "on": 1, "off": 0,
    ]

    /// What is found about a column of text.
    enum Finding: Equatable {
        case spelled(ColumnSpelling)
        /// Dates of which nobody can tell whether the day or the month comes first.
        case unclearDates
        case text
    }

    /// The one of some spellings that all texts of a column follow. Where a comma may be either, fields that semicolons
    /// part hold decimal commas.
    static func finding(_ texts: [String], separator: UInt8, among spellings: [ColumnSpelling] = allCases) -> Finding {
        let texts = texts.filter { !MissingWords.isMissingNumber($0) }
        guard !texts.isEmpty else { return .text }
        let fitting = spellings.filter { spelling in texts.allSatisfy { spelling.number($0) != nil } }
        if fitting.contains(.dayFirst), fitting.contains(.monthFirst) { return .unclearDates }
        if fitting.contains(.amount) || fitting.contains(.decimalComma) {
            let units = Set(texts.map { Amount.unit(of: $0) })
            // A share in percent is another number than one without, and a dollar than a euro.
            guard units.count == 1 || (units.count == 2 && units.contains(nil) && !units.contains("%")) else { return .text }
            if fitting.contains(.decimalComma), separator == UInt8(ascii: ";") || !fitting.contains(.amount) {
                return .spelled(.decimalComma)
            }
        }
        return fitting.first.map(Finding.spelled) ?? .text
    }
}

/// A number with thousands separators and a unit.
private struct Amount {
    var number: Double

    init?(_ text: String, decimal: Unicode.Scalar) {
        var rest = text.unicodeScalars[...]
        var digits = ""
        func passBlanks() {
            while let scalar = rest.first, Amount.isBlank(scalar) { rest.removeFirst() }
            while let scalar = rest.last, Amount.isBlank(scalar) { rest.removeLast() }
        }
        // A sign stands before or behind the currency.
        for _ in 0..<3 {
            passBlanks()
            guard let scalar = rest.first else { return nil }
            if digits.isEmpty, scalar == "-" || scalar == "+" || scalar == "\u{2212}" {
                digits = scalar == "+" ? "+" : "-"
                rest.removeFirst()
            } else if Amount.isUnit(scalar), scalar != "%" {
                rest.removeFirst()
            }
        }
        if let last = rest.last, Amount.isUnit(last) { rest.removeLast() }
        passBlanks()

        var group: Unicode.Scalar?
        var run = 0
        while let scalar = rest.first, scalar != decimal, scalar != "e", scalar != "E" {
            rest.removeFirst()
            if ("0"..."9").contains(scalar) {
                digits.unicodeScalars.append(scalar)
                run += 1
                continue
            }
            // Behind the first one to three digits, groups of three.
            guard Amount.isGroup(scalar, decimal), group == nil ? 1...3 ~= run : group == scalar && run == 3 else { return nil }
            group = scalar
            run = 0
        }
        if group != nil, run != 3 { return nil }
        if rest.first == decimal {
            rest.removeFirst()
            digits += "."
        }
        digits.unicodeScalars.append(contentsOf: rest)
        guard let number = Decimal.number(digits) else { return nil }
        self.number = number
    }

    /// The sign of a text's unit.
    static func unit(of text: String) -> Unicode.Scalar? { text.unicodeScalars.first(where: isUnit) }

    private static func isUnit(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "%" || (scalar.isASCII ? scalar == "$" : scalar.properties.generalCategory == .currencySymbol)
    }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\u{a0}" || scalar == "\u{202f}" }

    private static func isGroup(_ scalar: Unicode.Scalar, _ decimal: Unicode.Scalar) -> Bool {
        scalar == (decimal == "." ? "," : ".") || scalar == "'" || scalar == "\u{2019}" || isBlank(scalar)
    }
}
