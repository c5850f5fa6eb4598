import ArgumentParser
import RectifierInstruments
import RectifierText

/// `--fail-on dead>20%,vanishing`: findings that make a run end with exit code 3.
struct FailOn {
    private enum Rule {
        case name(Diagnosis.Name)
        /// More than this share of all units dead at the end.
        case dead(above: Double)
        case any
    }

    private var rules: [(text: String, rule: Rule)] = []

    static let code: Int32 = 3

    /// Throws for a text that names no finding.
    init(_ argument: String) throws {
        for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
            let text = part.trimmingPrefix { $0 == " " }
            guard let rule = Self.rule(String(text)) else {
                let names = Diagnosis.Name.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValidationError("there is no finding '\(text)'; take any, dead>20%, or of \(names)")
            }
            rules.append((String(text), rule))
        }
    }

    private static func rule(_ text: String) -> Rule? {
        if text == "any" { return .any }
        if text.hasPrefix("dead>") {
            var number = text.dropFirst(5)
            let isPercent = number.last == "%"
            if isPercent { number.removeLast() }
            guard let value = Double(number), value >= 0, isPercent ? value <= 100 : value <= 1 else { return nil }
            return .dead(above: isPercent ? value / 100 : value)
        }
        return Diagnosis.Name(rawValue: text).map { .name($0) }
    }

    /// What of it holds for a run, a line each.
    func failures(_ health: HealthReport) -> [String] {
        rules.flatMap { text, rule -> [String] in
            switch rule {
            case .any: health.diagnoses.map { Self.line($0) }
            case .name(let name): health.diagnoses.filter { $0.name == name }.map { Self.line($0) }
            case .dead(let share):
                health.units.units > 0 && Double(health.units.dead) > share * Double(health.units.units)
                    ? ["\(text): \(Format.count(health.units.dead)) of \(Format.count(health.units.units, "unit")) are dead"] : []
            }
        }
    }

    private static func line(_ diagnosis: Diagnosis) -> String {
        "\(diagnosis.name.rawValue)\(diagnosis.layer.map { " in \($0)" } ?? ""): \(diagnosis.sentence)"
    }

    static let help = ArgumentHelp(
        "End with exit code 3 where these are found: names of diagnoses, dead>20%, or any.", valueName: "findings")
}
