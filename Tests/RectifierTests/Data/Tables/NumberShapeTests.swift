import Testing

@testable import Rectifier

@Suite("Numbers in pieces")
struct NumberShapeTests {
    private func features(_ value: Double, _ shape: NumberShape) -> [Double] {
        [Double](unsafeUninitializedCapacity: shape.width) { space, count in
            shape.encode(value, to: space.baseAddress!)
            count = shape.width
        }
    }

    @Test func `Pieces fill one after another`() {
        let shape = NumberShape((0...100).map(Double.init))
        #expect(shape.median == 50 && shape.spread == 50 && shape.edges.first == 0 && shape.edges.last == 100)
        #expect(shape.isPossible && shape.width == shape.edges.count)
        for value in [-7, 0, 3.3, 50, 99.5, 100, 1e9] {
            let pieces = features(value, shape).dropFirst()
            let length = zip(pieces, zip(shape.edges, shape.edges.dropFirst())).reduce(0) { $0 + ($1.0 + 0.5) * ($1.1.1 - $1.1.0) }
            #expect(abs(length - min(max(value, 0), 100)) < 1e-9)
            #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0 >= $1 } && pieces.allSatisfy { -0.5...0.5 ~= $0 })
        }
        #expect(features(.nan, shape) == features(50, shape))
        #expect(abs(features(1e300, shape)[0] - 3) < 1e-6 && abs(features(-.greatestFiniteMagnitude, shape)[0] + 3) < 1e-6)
    }

    @Test func `A column that is mostly one value has edges among the others`() {
        let shape = NumberShape([Double](repeating: 0, count: 900) + (1...100).map(Double.init))
        #expect(shape.median == 0 && shape.spread == 50)
        #expect(shape.edges.count { $0 > 0 } >= 16 && shape.isPossible)
    }

    @Test func `Columns of few values are one feature`() {
        for values in [[], [4.0, 4], [0.0, 0, 1]] { #expect(NumberShape(values).width == 1 && NumberShape(values).isPossible) }
        #expect(features(4, NumberShape([4, 4])) == [0])
    }

    @Test func `Shapes that no rows have are refused`() {
        var shape = NumberShape([1, 2, 3, 4])
        shape.edges.swapAt(0, 1)
        #expect(!shape.isPossible)
        shape.edges = [1]
        #expect(!shape.isPossible)
        (shape.edges, shape.spread) = ([], 0)
        #expect(!shape.isPossible)
    }
}
