import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct DigitsTests {
    struct Images {
        var bytes: [UInt8]
        var labels: [Int32]

        init(_ set: Dataset) throws {
            guard case .bytes(let bytes) = set.features, case .classes(let labels, let names) = set.targets else {
                throw RectifierError(.data, "neither bytes nor classes")
            }
            #expect(set.sampleShape == [28, 28])
            #expect(bytes.count == 784 * set.count && labels.count == set.count)
            #expect(names == ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
            self.bytes = bytes
            self.labels = labels
        }

        subscript(i: Int) -> ArraySlice<UInt8> { bytes[784 * i..<784 * (i + 1)] }
    }

    static func make(_ samples: Int, noise: Double? = nil, seed: UInt64 = 0) throws -> (training: Images, test: Images) {
        let (training, test) = try GeneratedData.make("digits", samples: samples, noise: noise, seed: seed)
        return (try Images(training), try Images(test))
    }

    /// The same bits on every machine: only +, -, ×, ÷ and square roots make them.
    @Test func sameEverywhere() throws {
        let images = try Self.make(20).training
        #expect(images.labels == [5, 1, 3, 8, 4, 9, 7, 0, 2, 6, 6, 9, 1, 2, 0, 4, 8, 7, 3, 5])
        #expect(SHA256.hex(of: images.bytes) == "85108026dfc51a870a147398ca8cdbee05f864351ff7719517aa4cecb518010d")
    }

    @Test func samplesDoNotDependOnTheirNumber() throws {
        let (few, fewTest) = try Self.make(67)
        let (many, manyTest) = try Self.make(600)
        #expect(few.labels.count == 67 && fewTest.labels.count == 11)
        #expect(many.labels.count == 600 && manyTest.labels.count == 100)
        #expect(many.labels.prefix(67) == few.labels[...] && many.bytes.prefix(few.bytes.count) == few.bytes[...])
        #expect(manyTest.labels.prefix(11) == fewTest.labels[...] && manyTest.bytes.prefix(fewTest.bytes.count) == fewTest.bytes[...])
        #expect(try Self.make(1).test.labels.count == 1)
    }

    @Test func seedsAndPartsDiffer() throws {
        let (training, test) = try Self.make(60)
        let other = try Self.make(60, seed: 1).training
        #expect(training.labels != other.labels)
        #expect(training.labels.prefix(10) != test.labels.prefix(10))
        let images = (0..<60).map { Array(training[$0]) } + (0..<60).map { Array(other[$0]) } + (0..<10).map { Array(test[$0]) }
        #expect(Set(images).count == 130)
    }

    @Test func classesAreBalanced() throws {
        let labels = try Self.make(600).training.labels
        for digit in Int32(0)..<10 { #expect(labels.filter { $0 == digit }.count == 60) }
        // In random order: no digit has a place of its own.
        let first = Set(stride(from: 0, to: 600, by: 10).map { labels[$0] })
        #expect(first.count > 7)
    }

    @Test func imagesAreInkOnPaper() throws {
        let images = try Self.make(400).training
        var zeros = 0
        for i in 0..<400 {
            let image = Array(images[i])
            zeros += image.count { $0 == 0 }
            #expect(image.max()! > 120, "image \(i) is faint")
            #expect((30...400).contains(image.count { $0 > 80 }), "image \(i) has little or much ink")
        }
        // Paper is exactly 0 nearly everywhere.
        #expect((0.75...0.88).contains(Double(zeros) / Double(images.bytes.count)))
    }

    /// Digits are not cut off: without noise, few have ink on the border.
    @Test func digitsFitTheImage() throws {
        let images = try Self.make(400, noise: 0).training
        let touching = (0..<400).count { i in
            let image = Array(images[i])
            return (0..<28).contains { max(image[$0], image[27 * 28 + $0], image[28 * $0], image[28 * $0 + 27]) > 0 }
        }
        #expect(touching < 40)
    }

    @Test func noiseAddsSpecks() throws {
        func inked(_ noise: Double) throws -> Int { try Self.make(100, noise: noise).training.bytes.count { $0 > 0 } }
        let (none, usual, much) = (try inked(0), try inked(Digits.usualNoise), try inked(1))
        #expect(none < usual && usual < much)
        #expect(Double(much) < 2 * Double(none))
    }

    /// The means of 60 images of each digit tell most others apart: images look like their labels.
    @Test func labelsFitTheImages() throws {
        let (training, test) = try Self.make(600)
        var means = [[Int]](repeating: [Int](repeating: 0, count: 784), count: 10)
        for i in 0..<600 {
            for (pixel, byte) in training[i].enumerated() { means[Int(training.labels[i])][pixel] += Int(byte) }
        }
        let right = (0..<100).count { i in
            let image = Array(test[i])
            let distances = means.map { mean in
                (0..<784).reduce(0) { $0 + (Int(image[$1]) - mean[$1] / 60) * (Int(image[$1]) - mean[$1] / 60) }
            }
            return distances.firstIndex(of: distances.min()!) == Int(test.labels[i])
        }
        #expect(right > 60)
    }

    @Test func shapesAreSound() {
        #expect(DigitShape.all.count == 10)
        for shapes in DigitShape.all {
            #expect(shapes.count >= 3)
            for shape in shapes {
                #expect(shape.frequency > 0 && !shape.strokes.isEmpty)
                for stroke in shape.strokes {
                    #expect(stroke.count >= 2)
                    #expect(stroke.allSatisfy { abs($0.x) <= 0.5 && abs($0.y) <= 0.5 })
                }
            }
        }
        // Every way to write a digit is used.
        for digit in 0..<10 {
            let used = Set((0..<1000).map { DigitShape.pick(digit, Double($0) / 1000).strokes.map { $0.map { [$0.x, $0.y] } } })
            #expect(used.count == DigitShape.all[digit].count)
        }
    }
}
