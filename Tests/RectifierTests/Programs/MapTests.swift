import CRectifierKernels
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct MapTests {
    private static let first = Int(RK_MAP_OPERANDS)

    private static func map(_ instructions: [(rk_opcode, to: Int, of: [Int])]) -> Map {
        var map = Map(rows: 1, columns: 8, leading: 1)
        for (opcode, slot, arguments) in instructions {
            map.append(Instruction(opcode, -0.5, 0.25, 2), to: slot, arguments)
        }
        map.joinInstructions()
        return map
    }

    private static func opcodes(_ map: Map) -> [UInt32] { map.instructions.map { UInt32($0.opcode) } }

    /// On either side of the product; what else the map does stays.
    @Test(arguments: [[first, 0], [0, first]])
    func aStepJoinsTheProductThatReadsIt(_ arguments: [Int]) {
        let map = Self.map([(RK_OP_HEAVISIDE, Self.first, [1]), (RK_OP_NEG, Self.first + 1, [2]), (RK_OP_MUL, 0, arguments)])
        #expect(Self.opcodes(map) == [RK_OP_NEG.rawValue, RK_OP_HEAVISIDE_MUL.rawValue])
        let joined = map.instructions[1]
        #expect([joined.d, joined.a, joined.b] == [0, 1, 0])
        #expect([joined.x, joined.y, joined.z] == [-0.5, 0.25, 2])
    }

    /// A call that is read twice, by something else, or by nobody because it is the result.
    @Test func otherStepsStay() {
        let first = Self.first
        let kept: [[(rk_opcode, to: Int, of: [Int])]] = [
            [(RK_OP_HEAVISIDE, first, [1]), (RK_OP_MUL, 0, [first, first])],
            [(RK_OP_HEAVISIDE, first, [1]), (RK_OP_MUL, first + 1, [first, 2]), (RK_OP_ADD, 0, [first, first + 1])],
            [(RK_OP_HEAVISIDE, first, [1]), (RK_OP_ADD, 0, [first, 2])],
            [(RK_OP_MUL, first, [0, 1]), (RK_OP_HEAVISIDE, 0, [first])],
        ]
        for instructions in kept {
            #expect(Self.opcodes(Self.map(instructions)) == instructions.map { $0.0.rawValue })
        }
    }
}
