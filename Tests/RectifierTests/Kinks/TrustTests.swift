import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct TrustTests {
    /// One unit relu(w x + b) at samples 1 and -2, loss its mean; from (1, 0) to (1 + dw, db).
    private func trust(dw: Double, db: Double) throws -> LinearTrust {
        let x = Formula.input("x", shape: [Shape.batch, 1])
        let w = Formula.parameter("w", shape: [1, 1], initializer: .zeros), b = Formula.parameter("b", shape: [1], initializer: .zeros)
        let losses = try relu(matmul(x, w) + b)
        let program = try TrustProgram(
            losses: losses, [w, b], sites: kinkSites(below: [losses], dependingOn: [w, b]), elementType: .float64
        ) { outputs, _, memory in
            let program = try Program(outputs, batchSize: 2, parameters: memory)
            try program.setInput("x", to: [1, -2])
            return program
        }
        func parameters(_ w: Double, _ b: Double) -> Parameters {
            Parameters([("w", Tensor(shape: [1, 1], [w])), ("b", Tensor(shape: [1], [b]))])
        }
        return try program.trust(from: parameters(1, 0), to: parameters(1 + dw, db))
    }

    @Test func withinTheRegionItIsExact() throws {
        let trust = try trust(dw: 0.5, db: 0.25)
        #expect(trust.predicted == 0.375 && trust.actual == 0.375)
        #expect(trust.flipped == 0 && trust.firstFlip == nil)
    }

    /// The second sample's -2 + 8t turns on at a quarter of the step.
    @Test func aFlipIsFound() throws {
        let trust = try trust(dw: 0, db: 8)
        #expect(trust.predicted == 4 && trust.actual == (9 + 6 - 1) / 2)
        #expect(trust.flipped == 0.5)
        #expect(trust.firstFlip! > 0.25 && trust.firstFlip! < 0.26)
        #expect(trust.summary == "loss rose 7 (the gradient predicted 4); 50 % of activations switched side")
    }

    @Test func wordsSayWhatHappenedAndWhatWasPredicted() {
        func words(_ predicted: Double, _ actual: Double, _ flipped: Double = 0) -> String {
            LinearTrust(predicted: predicted, actual: actual, flipped: flipped).summary(one: "ReLU", many: "ReLUs")
        }
        #expect(words(-0.0423, -0.0368, 0.0056) == "loss fell 0.0368 (the gradient predicted 0.0423); 0.56 % of ReLUs switched side")
        #expect(words(-0.5, 0.25) == "loss rose 0.25 (the gradient predicted a fall of 0.5); no ReLU switched side")
        #expect(words(-0.5, 0) == "loss stayed the same (the gradient predicted a fall of 0.5); no ReLU switched side")
    }
}
