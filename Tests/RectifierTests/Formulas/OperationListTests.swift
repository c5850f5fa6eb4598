import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// What kernels have in their table: no operation goes without a check.
struct OperationListTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Sources")

    /// Every type in the sources that is an operation by its declaration or by an extension, also through other
    /// protocols. Those of `leaves` have no operands, so there is nothing to differentiate.
    private func declaredOperations() throws -> (all: Set<String>, leaves: Set<String>) {
        var declarations: [(kind: Substring, name: String, conformances: Set<String>)] = []
        let files = try #require(FileManager.default.enumerator(at: Self.sources, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let code = try String(contentsOf: file, encoding: .utf8).replacing(/\/\/.*/, with: "")
            let pattern = /\b(protocol|struct|enum|class|actor|extension)\s+(\w+)\s*(?:<[^>{]*>)?\s*:([^{]*)\{/
            for match in code.matches(of: pattern) {
                declarations.append((match.1, String(match.2), Set(match.3.matches(of: /\w+/).map { String($0.output) })))
            }
        }
        func conforming(to root: String) -> Set<String> {
            var protocols: Set = [root]
            while true {
                let more = declarations.filter { $0.kind == "protocol" && !$0.conformances.isDisjoint(with: protocols) }.map(\.name)
                guard !protocols.isSuperset(of: more) else { break }
                protocols.formUnion(more)
            }
            let types = declarations.filter { $0.kind != "protocol" && !$0.conformances.isDisjoint(with: protocols) }
            return Set(types.map(\.name)).subtracting(protocols)
        }
        return (conforming(to: "Operation"), conforming(to: "Leaf"))
    }

    @Test func everyOperationHasACase() throws {
        let (declared, leaves) = try declaredOperations()
        var checked: Set<String> = []
        for formula in topologicalOrder(of: try OperationTests.all.flatMap { try $0.formulas() }) {
            checked.insert(String(describing: type(of: formula.operation)))
        }
        #expect(leaves == ["Input", "Parameter", "DropoutMask"])
        #expect(
            declared.subtracting(leaves).subtracting(checked).sorted() == [],
            "OperationTests has no case for these operations; add one, which TraitTests will use as well")
        // What the cases use is declared somewhere, so the search through the sources misses nothing.
        #expect(checked.subtracting(declared).sorted() == [])
    }
}
