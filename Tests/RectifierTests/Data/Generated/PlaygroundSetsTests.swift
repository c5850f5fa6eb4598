import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct PlaygroundSetsTests {
    struct Point: Hashable {
        var x: Double
        var y: Double
        /// The class as its name says it, or the value.
        var label: Double
    }

    /// Training points, then test points.
    static func points(_ name: String, samples: Int? = nil, noise: Double? = nil, seed: UInt64 = 1) throws -> [Point] {
        let (training, test) = try GeneratedData.make(name, samples: samples, noise: noise, seed: seed)
        return try [training, test].flatMap { set in
            #expect(set.sampleShape == [2])
            guard case .doubles(let numbers) = set.features else { throw RectifierError(.data, "not doubles") }
            let labels: [Double]
            switch set.targets {
            case .classes(let classes, let names): labels = classes.map { Double(names[Int($0)])! }
            case .doubleValues(let values, 1): labels = values
            default: throw RectifierError(.data, "neither classes nor one value")
            }
            #expect(numbers.count == 2 * set.count && labels.count == set.count)
            return (0..<set.count).map { Point(x: numbers[2 * $0], y: numbers[2 * $0 + 1], label: labels[$0]) }
        }
    }

    static let sets = ["circle", "xor", "gauss", "spiral", "plane", "multi-gauss"]

    @Test(arguments: sets) func sizes(name: String) throws {
        let half = ["plane", "multi-gauss"].contains(name) ? 600 : 250
        let (training, test) = try GeneratedData.make(name, samples: nil, noise: nil, seed: 0)
        #expect(training.count == half && test.count == half)
        #expect(try Self.points(name, samples: 7).count == 14)
        #expect(try Self.points(name, samples: 1).count == 2)
        #expect(try GeneratedData.summary(of: name).contains("\(half) + \(half)"))
    }

    @Test(arguments: sets) func seedDecides(name: String) throws {
        #expect(try Self.points(name, noise: 0.2, seed: 3) == Self.points(name, noise: 0.2, seed: 3))
        let common = try Set(Self.points(name, noise: 0.2, seed: 3)).intersection(Self.points(name, noise: 0.2, seed: 4))
        #expect(common.isEmpty)
    }

    @Test func classesAndOrder() throws {
        let (training, _) = try GeneratedData.make("gauss", samples: nil, noise: nil, seed: 0)
        guard case .classes(let classes, let names) = training.targets else {
            Issue.record("no classes")
            return
        }
        #expect(names == ["-1", "1"])
        // Shuffled: neither class comes in one piece.
        #expect(zip(classes, classes.dropFirst()).filter { $0 != $1 }.count > 80)
        for name in ["circle", "gauss", "spiral"] {
            #expect(try Self.points(name).filter { $0.label == 1 }.count == 250)
        }
    }

    @Test func aliases() throws {
        #expect(try Self.points("reg-plane") == Self.points("plane"))
        #expect(try Self.points("reg-gauss") == Self.points("multi-gauss"))
    }

    @Test func circle() throws {
        let points = try Self.points("circle", samples: 2000)
        for point in points {
            let radius = hypot(point.x, point.y)
            #expect(point.label == 1 ? radius < 2.5 : (3.5 - 1e-9..<5).contains(radius))
        }
        // The radius is uniform, so the inner points crowd at the centre.
        let inner = points.filter { $0.label == 1 }.map { hypot($0.x, $0.y) }
        #expect(abs(inner.reduce(0, +) / Double(inner.count) - 1.25) < 0.06)
        #expect(abs(points.reduce(0) { $0 + $1.x } / 4000) < 0.2 && abs(points.reduce(0) { $0 + $1.y } / 4000) < 0.2)
    }

    @Test func xor() throws {
        for point in try Self.points("xor", samples: 1000) {
            #expect((0.3...5.3).contains(abs(point.x)) && (0.3...5.3).contains(abs(point.y)))
            #expect(point.label == (point.x * point.y >= 0 ? 1 : -1))
        }
    }

    @Test(arguments: [(0.0, 0.5), (0.25, 2.25), (0.5, 4.0)]) func gauss(noise: Double, variance: Double) throws {
        let points = try Self.points("gauss", samples: 5000, noise: noise)
        let offsets = points.flatMap { [$0.x - 2 * $0.label, $0.y - 2 * $0.label] }
        let mean = offsets.reduce(0, +) / 20_000
        let spread = offsets.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
        #expect(abs(mean) < 0.04 * variance.squareRoot())
        #expect(abs(spread / variance - 1) < 0.05)
        // A normal law has 68.3 % within one deviation and 95.4 % within two.
        let scaled = offsets.map { abs($0) / variance.squareRoot() }
        #expect(abs(Double(scaled.filter { $0 < 1 }.count) / 20_000 - 0.683) < 0.02)
        #expect(abs(Double(scaled.filter { $0 < 2 }.count) / 20_000 - 0.954) < 0.01)
    }

    /// Sorted by radius, point i of an arm is at i/n of its way.
    @Test func spiral() throws {
        let points = try Self.points("spiral")
        for (label, start) in [(1.0, 0.0), (-1.0, Double.pi)] {
            let arm = points.filter { $0.label == label }.sorted { hypot($0.x, $0.y) < hypot($1.x, $1.y) }
            for (i, point) in arm.enumerated() {
                let share = Double(i) / Double(arm.count)
                let angle = 1.75 * share * 2 * .pi + start
                #expect(abs(point.x - 5 * share * sin(angle)) < 1e-12 && abs(point.y - 5 * share * cos(angle)) < 1e-12)
            }
        }
        let noisy = try Self.points("spiral", noise: 0.3)
        #expect(zip(points, noisy).allSatisfy { abs($0.x - $1.x) <= 0.3 && abs($0.y - $1.y) <= 0.3 })
        #expect(points != noisy)
    }

    @Test func plane() throws {
        let points = try Self.points("plane")
        for point in points {
            #expect(abs(point.x) <= 6 && abs(point.y) <= 6)
            #expect(abs(point.label - (point.x + point.y) / 10) < 1e-15)
        }
        #expect(points.contains { $0.label > 1 })
    }

    @Test func multiGauss() throws {
        let hills = [(-4.0, 2.5, 1.0), (0, 2.5, -1), (4, 2.5, 1), (-4, -2.5, -1), (0, -2.5, 1), (4, -2.5, -1)]
        for point in try Self.points("multi-gauss") {
            // Hills touch at most at their feet, so one at most is not 0.
            let value = hills.reduce(0) { $0 + $1.2 * max(0, 1 - hypot(point.x - $1.0, point.y - $1.1) / 2) }
            #expect(abs(point.label - value) < 1e-12)
        }
    }

    /// Noise on the label leaves the points where they are, and changes about the same labels on both sides.
    @Test(arguments: ["circle", "xor", "plane", "multi-gauss"]) func labelNoise(name: String) throws {
        let clean = try Self.points(name, samples: 1000)
        let noisy = try Self.points(name, samples: 1000, noise: 0.4)
        #expect(zip(clean, noisy).allSatisfy { $0.x == $1.x && $0.y == $1.y })
        let changed = zip(clean, noisy).filter { $0.label != $1.label }.count
        #expect(changed > 100)
        if ["circle", "xor"].contains(name) { #expect(changed < 1000) }
    }

    @Test func refuses() {
        for (name, samples, noise) in [
            ("moons", nil, nil), ("", nil, nil), ("xor", 0, nil), ("xor", -5, nil), ("digits", Int.max, nil), ("xor", nil, 0.6),
            ("digits", nil, 1.1), ("digits", 1, -0.1), ("spiral", nil, Double.nan), ("digits", 1, Double.infinity),
        ] as [(String, Int?, Double?)] {
            let error = #expect(throws: RectifierError.self) { try GeneratedData.make(name, samples: samples, noise: noise, seed: 0) }
            #expect(error?.kind == .setting)
        }
        #expect(throws: RectifierError.self) { try GeneratedData.summary(of: "moons") }
    }

    @Test func everyNameWorks() throws {
        #expect(Set(GeneratedData.names) == Set(Self.sets + ["digits"]))
        for name in GeneratedData.names {
            #expect(try GeneratedData.make(name, samples: 12, noise: 0.1, seed: 5).training.count == 12)
            #expect(try !GeneratedData.summary(of: name).isEmpty)
        }
    }

    @Test func portableMath() {
        for i in -2000...2000 {
            let turns = Double(i) / 777
            let (sine, cosine) = PortableMath.sineAndCosine(turns: turns)
            #expect(abs(sine - sin(2 * .pi * turns)) < 3e-15 && abs(cosine - cos(2 * .pi * turns)) < 3e-15)
        }
        for turns in [0, 0.25, 0.5, 0.75, 1] {
            let (sine, cosine) = PortableMath.sineAndCosine(turns: turns)
            #expect([sine, cosine].allSatisfy { [-1, 0, 1].contains($0) })
        }
        for i in 1...2000 {
            let x = Double(i) / 1000
            #expect(abs(PortableMath.log(x) - log(x)) <= 4e-16 * max(1, abs(log(x))))
        }
        #expect(abs(PortableMath.log(1e-30) / log(1e-30) - 1) < 1e-15)
    }
}
