import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct LinearRegionsTests {
    private func oneLayer(inputs: Int, units: Int, hasBias: Bool, seed: UInt64) throws -> LinearPieces {
        let network = try Network(input: [inputs]) {
            Dense(units, hasBias: hasBias); ReLU(); Dense(1)
        }
        return try LinearPieces(of: network, randomParameters(network, seed: seed))
    }

    /// Generic planes cut space into Σ C(planes, i) parts, i up to its dimension; lines through one point cut the plane
    /// into twice as many.
    @Test(arguments: [(2, 5, true, 16), (2, 8, true, 37), (3, 10, true, 176), (2, 5, false, 10), (1, 7, true, 8), (4, 6, true, 57)])
    func planesCutSpace(_ inputs: Int, _ units: Int, _ hasBias: Bool, _ expected: Int) throws {
        for seed in 0..<3 as Range<UInt64> {
            let pieces = try oneLayer(inputs: inputs, units: units, hasBias: hasBias, seed: seed)
            let regions = try pieces.regions()
            #expect(regions.count == expected)
            #expect(Set(regions.map(\.pattern)).count == expected)
        }
    }

    /// 2 relu(x) - 4 relu(x - 1/2), k times after one another, folds the interval from 0 to 1 into 2ᵏ pieces.
    @Test func tentMaps() throws {
        for depth in 1...10 {
            let network = try Network(input: [1], layers: (0..<depth).flatMap { _ in [Dense(2), ReLU()] as [any Layer] } + [Dense(1)])
            var parameters = Parameters()
            for layer in 1...depth + 1 {
                let (rows, columns) = (layer == 1 ? 1 : 2, layer == depth + 1 ? 1 : 2)
                let inward = layer == 1 ? [1.0] : [2, -4]
                parameters["dense\(layer).weights"] = Tensor(
                    shape: [rows, columns], inward.flatMap { [Double](repeating: $0, count: columns) })
                parameters["dense\(layer).bias"] = Tensor(shape: [columns], columns == 1 ? [0.0] : [0, -0.5])
            }
            let pieces = try LinearPieces(of: network, parameters)
            let kinks = try pieces.kinks(from: [0], to: [1])
            #expect(kinks.pieceCount == 1 << depth)
            #expect(kinks.crossings.map(\.position) == (1..<1 << depth).map { Double($0) / Double(1 << depth) })
            let regions = try pieces.regions(in: [0...1])
            #expect(regions.count == 1 << depth)
            #expect(Swift.abs(regions.reduce(0) { $0 + 2 * $1.radius } - 1) < 1e-9)
        }
    }

    /// The same regions by polygons and by linear programs, with the patterns that the network has there, the area of
    /// the window, and edges that are kinks.
    @Test func polygonsAndProgramsAgree() throws {
        let network = try Network(input: [2]) {
            Dense(10); ReLU(); Dense(8); ReLU6();
            Residual {
                Dense(6); PReLU(); Dense(8)
            }; Absolute(); Dense(1)
        }
        for seed in 0..<3 as Range<UInt64> {
            let pieces = try LinearPieces(of: network, randomParameters(network, seed: seed))
            let polygons = try pieces.regions(in: PlaneWindow(x: -2...3, y: -2...2)).polygons
            let regions = try pieces.regions(in: [-2...3, -2...2])
            #expect(polygons.count > 60)
            #expect(polygons.count == regions.count)
            #expect(Set(polygons.map(\.pattern)) == Set(regions.map(\.pattern)))
            #expect(Swift.abs(polygons.reduce(0) { $0 + $1.area } - 20) < 1e-9)
            for region in regions { #expect(try pieces.piece(at: region.centre).pattern == region.pattern) }
            for polygon in polygons {
                #expect(polygon.area > 0 && polygon.corners.count >= 3 && polygon.edges.count == polygon.corners.count)
                let middle = [polygon.middle.x, polygon.middle.y]
                #expect(try pieces.piece(at: middle).pattern == polygon.pattern)
                for (index, unit) in polygon.edges.enumerated() {
                    let a = polygon.corners[index], b = polygon.corners[(index + 1) % polygon.corners.count]
                    let half = (a + b) / 2
                    guard let unit else {
                        #expect([half.x + 2, 3 - half.x, half.y + 2, 2 - half.y].contains { Swift.abs($0) < 1e-12 })
                        continue
                    }
                    // Just inside, the kink of the edge is the nearest one.
                    let length = (b - a) * (b - a)
                    guard length.sum() > 1e-6 else { continue }
                    let inside = half + 1e-6 * (polygon.middle - half)
                    let kink = try #require(try pieces.piece(at: [inside.x, inside.y]).nearestKink(in: .l2))
                    #expect(kink.unit == unit && kink.distance < 1e-5)
                }
            }
        }
    }

    /// A window on a plane in a larger space, against patterns at the points of a grid.
    @Test func windowInLargerSpace() throws {
        let network = try Network(input: [2, 3]) {
            Flatten(); Dense(8); ReLU(); Dense(6); HardTanh(); Dense(2)
        }
        var numbers = Numbers(seed: 6)
        let pieces = try LinearPieces(of: network, randomParameters(network, seed: 9))
        func vector() -> [Double] { (0..<6).map { _ in numbers.uniform(in: -2...2) } }
        let window = PlaneWindow(origin: vector(), u: vector(), v: vector(), s: -1...1, t: 0...1)
        let regions = try pieces.regions(in: window)
        let patterns = Set(regions.polygons.map(\.pattern))
        #expect(patterns.count == regions.polygons.count && patterns.count > 10)
        #expect(Swift.abs(regions.polygons.reduce(0) { $0 + $1.area } - 2) < 1e-12)
        for _ in 0..<1000 {
            let place = SIMD2(numbers.uniform(in: -1...1), numbers.uniform(in: 0...1))
            #expect(patterns.contains(try pieces.piece(at: window.sample(at: place)).pattern))
        }
        let picture = regions.svg(width: 200)
        #expect(picture.hasPrefix("<svg ") && picture.hasSuffix("</svg>\n"))
        #expect(picture.split(separator: "\n").count { $0.hasPrefix("<polygon ") } == regions.polygons.count)
        #expect(picture == regions.svg(width: 200))
    }

    // MARK: Linear programs

    @Test func linearPrograms() throws {
        // Chvátal's first example: 5 x + 4 y + 3 z has its maximum 13 at (2, 0, 1).
        var program = LinearProgram(objective: [5, 4, 3], rows: [[2, 3, 1], [4, 1, 2], [3, 4, 2]], limits: [5, 11, 8])
        let first = program.maximum()
        let best = try #require(first)
        #expect(Swift.abs(best.value - 13) < 1e-12)
        for (ours, theirs) in zip(best.x, [2.0, 0, 1]) { #expect(Swift.abs(ours - theirs) < 1e-12) }
        // Beale's, on which the steepest column alone goes round in a circle.
        var cycling = LinearProgram(
            objective: [0.75, -150, 0.02, -6], rows: [[0.25, -60, -0.04, 9], [0.5, -90, -0.02, 3], [0, 0, 1, 0]], limits: [0, 0, 1])
        let end = cycling.maximum()
        #expect(Swift.abs(try #require(end).value - 0.05) < 1e-12)
        var endless = LinearProgram(objective: [1, 1], rows: [[1, -1]], limits: [1])
        let none = endless.maximum()
        #expect(none == nil)
    }

    /// The ball inside a triangle touches its three sides; without room the radius is negative.
    @Test func largestBalls() throws {
        let sides = [
            HalfSpace(normal: [1, 0], offset: 0), HalfSpace(normal: [0, 1], offset: 0), HalfSpace(normal: [-0.6, -0.8], offset: 2.4),
        ]
        for start in [[0.5, 0.5], [100, -30], [-7, 1]] {
            let (centre, radius) = largestBall(in: sides, from: start, radiusLimit: 50)
            #expect(Swift.abs(radius - 1) < 1e-12 && Swift.abs(centre[0] - 1) < 1e-12 && Swift.abs(centre[1] - 1) < 1e-12)
            #expect(largestBall(in: sides, from: start, radiusLimit: 0.5).radius == 0.5)
            let apart = largestBall(in: sides + [HalfSpace(normal: [-1, 0], offset: -1)], from: start, radiusLimit: 1)
            #expect(Swift.abs(apart.radius + 0.5) < 1e-12)
        }
        let box = boundingBox(of: sides, around: [0.5, 0.5])
        for (ours, theirs) in zip(box, [0.0...4, 0...3]) {
            #expect(Swift.abs(ours.lowerBound - theirs.lowerBound) < 1e-12 && Swift.abs(ours.upperBound - theirs.upperBound) < 1e-12)
        }
        #expect(boundingBox(of: Array(sides.prefix(1)), around: [2, 7])[0].lowerBound == 0)
        #expect(boundingBox(of: Array(sides.prefix(1)), around: [2, 7])[0].upperBound == .infinity)
        let depths = sides[2].depths(in: box)
        #expect(Swift.abs(depths.least + 2.4) < 1e-12 && Swift.abs(depths.largest - 2.4) < 1e-12)
        #expect(sides[0].depths(in: [1...2, -.infinity ... .infinity]) == (1, 2))
    }
}
