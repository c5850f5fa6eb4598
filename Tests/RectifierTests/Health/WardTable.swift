import Foundation
import TestSupport
import Testing

/// Tables with faults that no generated set has. `Tests/Ward` holds them beside the recipes that read them.
enum WardTable: String, CaseIterable {
    /// x and |x|.
    case magnitude
    /// Few rows, and a target that is half noise.
    case noisy
    /// A feature that is the same in all rows.
    case constant
    /// Classes that belong to other rows.
    case shuffled
    /// Each row twice, half of them with two classes.
    case contradictory

    /// The file's content.
    /// - Parameter isCured: Without the fault.
    func text(isCured: Bool = false) -> String {
        var random = Numbers(seed: 1)
        func rows<Target>(_ count: Int, features: Int, _ target: ([Double]) -> Target) -> [(x: [Double], target: Target)] {
            (0..<count).map { _ in
                let x = (0..<features).map { _ in (random.uniform(in: -2...2) * 100).rounded() / 100 }
                return (x, target(x))
            }
        }
        func isInside(_ x: [Double]) -> String { x[0] + x[1] * x[2] > 0 ? "yes" : "no" }
        func written<Target>(_ rows: [(x: [Double], target: Target)], without column: Int? = nil) -> String {
            let columns = rows[0].x.indices.filter { $0 != column }
            let header = columns.map { "x\($0 + 1)" } + ["target"]
            return ([header] + rows.map { row in columns.map { "\(row.x[$0])" } + ["\(row.target)"] })
                .map { $0.joined(separator: ",") + "\n" }.joined()
        }
        switch self {
        case .magnitude: return written(rows(800, features: 1) { abs($0[0]) })
        case .noisy:
            var noise = Numbers(seed: 2)
            return written(rows(260, features: 4) { (($0[0] + noise.uniform(in: -2...2)) * 100).rounded() / 100 })
        case .constant:
            var made = rows(500, features: 4) { (($0[0] - $0[3]) * 100).rounded() / 100 }
            for row in made.indices { made[row].x[2] = 0.5 }
            return written(made, without: isCured ? 2 : nil)
        case .shuffled:
            let made = rows(500, features: 3, isInside)
            let targets = isCured ? made.map(\.target) : made.map(\.target).shuffled(using: &random)
            return written(zip(made, targets).map { ($0.x, $1) })
        case .contradictory:
            let made = rows(250, features: 3, isInside)
            let again = made.enumerated().map { place, row in
                (x: row.x, target: place % 2 == 0 && !isCured ? (row.target == "yes" ? "no" : "yes") : row.target)
            }
            return written(made + again)
        }
    }
}

@Suite struct WardTableTests {
    /// RECTIFIER_WARD_TABLES=write writes them.
    @Test(arguments: WardTable.allCases) func `The tables of the ward are those that code makes`(_ table: WardTable) throws {
        let file = Ward.folder.appendingPathComponent("\(table).csv")
        if ProcessInfo.processInfo.environment["RECTIFIER_WARD_TABLES"] == "write" { try Data(table.text().utf8).write(to: file) }
        #expect(try String(contentsOf: file, encoding: .utf8) == table.text())
    }
}
