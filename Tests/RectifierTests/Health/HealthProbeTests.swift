import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierInstruments

@Suite struct HealthProbeTests {
    private func settings(_ edit: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
        var settings = TrainingSettings()
        (settings.epochs, settings.batchSize, settings.threads) = (3, .samples(32), 1)
        edit(&settings)
        return settings
    }

    private func network(_ activation: any Layer = ReLU()) throws -> Network {
        try Network(input: [6]) {
            Dense(24)
            activation
            Residual {
                Dense(24); activation
            }
            Dropout(0.2)
            Dense(1)
        }
    }

    private func data(_ count: Int = 200) throws -> LoadedData {
        try madeData(count, features: 6, seed: 3, heldOut: 50) { x, _ in x[0] * x[1] }
    }

    @Test(arguments: ElementType.allCases) func changesNoBit(_ precision: ElementType) throws {
        for layer in [ReLU(), ReLU6(), LeakyReLU(), Tanh(), GELU()] as [any Layer] {
            func sum(_ probes: [any TrainingProbe]) throws -> String {
                let trainer = try Trainer(
                    network(layer), data: data(), settings: settings { $0.precision = precision }, probes: probes)
                return try trainer.run().model.weightsSHA256
            }
            let plain = try sum([])
            #expect(try sum([HealthProbe()]) == plain, "\(layer.name)")
            #expect(try sum([KinkProbe(), HealthProbe()]) == plain, "\(layer.name)")
            #expect(try sum([HealthProbe(), KinkProbe()]) == plain, "\(layer.name)")
        }
    }

    /// Wide enough for two threads to share each step.
    @Test func isTheSameForAnyNumberOfThreadsAndResumed() throws {
        let data = try madeData(1500, features: 6, seed: 4, heldOut: 50) { x, _ in abs(x[0]) }
        let wide = try Network(input: [6]) {
            Dense(192); ReLU(); Dense(192); ReLU6(); Dense(1)
        }
        func trainer(_ threads: Int) throws -> Trainer {
            try Trainer(
                wide, data: data,
                settings: settings { ($0.threads, $0.batchSize, $0.learningRate) = (threads, .samples(256), 0.02) },
                probes: [KinkProbe(), HealthProbe()])
        }
        let one = try trainer(1).run(), two = try trainer(2).run()
        #expect(one.model.weightsSHA256 == two.model.weightsSHA256)
        #expect(one.health == two.health)
        #expect(one.health?.units.count == 2)

        let session = try TrainingSession(trainer(2))
        for _ in 0..<9 { _ = try session.step() }
        let resumed = try Trainer(resuming: session.snapshot(), data: data, threads: 1, probes: [KinkProbe(), HealthProbe()]).run()
        #expect(resumed.model.weightsSHA256 == one.model.weightsSHA256)
        #expect(resumed.health == one.health)
    }

    /// Weights that do not move: the tally of an epoch is a census of the data, and both are what plain loops in double
    /// precision count.
    @Test func countsAreThoseOfABruteForcePass() throws {
        let data = try madeData(2600, features: 6, seed: 5) { x, _ in x[0] }
        let network = try Network(input: [6]) {
            Dense(40); ReLU(); Dense(30); ReLU(); Dense(1)
        }
        var start = try network.initialParameters(seed: 7, precision: .float64)
        // Some units are dead, some nearly so.
        start["dense1.bias"] = Tensor(shape: [40], (0..<40).map { $0 % 3 == 0 ? -0.2 * Double($0) : 0 })
        start["dense2.bias"] = Tensor(shape: [30], (0..<30).map { $0 % 4 == 0 ? -0.15 * Double($0) : 0 })
        let trainer = try Trainer(
            network, data: data,
            settings: settings { ($0.precision, $0.learningRate, $0.epochs, $0.weightDecay) = (.float64, 1e-300, 1, 0) },
            initialParameters: start, probes: [HealthProbe()])
        let outcome = try trainer.run(), health = try #require(outcome.health)
        let census = try UnitCensus(network, parameters: start, data: data.training, precision: .float64)

        func dense(_ x: [Double], _ name: String) -> [Double] {
            let w = start["\(name).weights"]!, b = start["\(name).bias"]!.doubles, units = b.count
            return (0..<units).map { unit in x.indices.reduce(b[unit]) { $0 + x[$1] * w.doubles[$1 * units + unit] } }
        }
        var active = [[Int](repeating: 0, count: 40), [Int](repeating: 0, count: 30)]
        var sizes = active.map { $0.map { _ in 0.0 } }, largest = active.map { $0.map { _ in -Double.infinity } }
        for row in 0..<2600 {
            var x = (0..<6).map { data.training.features[row * 6 + $0] }
            for (place, name) in ["dense1", "dense2"].enumerated() {
                let z = dense(x, name)
                x = z.map { max($0, 0) }
                for unit in z.indices {
                    active[place][unit] += z[unit] > 0 ? 1 : 0
                    sizes[place][unit] += x[unit] / 2600
                    largest[place][unit] = max(largest[place][unit], z[unit])
                }
            }
        }
        for place in 0..<2 {
            let dead = active[place].indices.filter { active[place][$0] == 0 }
            #expect(!dead.isEmpty && dead.count < active[place].count / 2)
            #expect(health.units[place].active == active[place])
            #expect(health.units[place].dead.map(\.unit) == dead)
            #expect(health.units[place].dead.allSatisfy { $0.isBornDead })
            let areLargest = zip(health.units[place].largest, largest[place]).allSatisfy { abs($0 - max(0, $1)) < 1e-12 }
            #expect(areLargest)
            #expect(census.layers[place].active == active[place])
            #expect(census.layers[place].dead == dead)
            let areExact = zip(census.layers[place].largest, largest[place]).allSatisfy { abs($0 - $1) < 1e-12 }
            #expect(areExact)
            let areSizes = zip(census.layers[place].size, sizes[place]).allSatisfy { abs($0 - $1) < 1e-12 }
            #expect(areSizes)
            let mean = sizes[place].reduce(0, +) / Double(sizes[place].count)
            for tau in [0, 0.1] {
                let dormant = sizes[place].indices.filter { sizes[place][$0] <= tau * mean }
                #expect(census.layers[place].dormant(tau: tau) == dormant)
            }
            // The definitions disagree, but each holds the one before.
            let zero = Set(census.layers[place].dormant(tau: 0)), tenth = Set(census.layers[place].dormant(tau: 0.1))
            #expect(Set(dead).isSubset(of: zero) && zero.isSubset(of: tenth))
        }
        // The 2,000-sample rule, on the first 2,000 samples of the epoch's order.
        var order = [Int32](repeating: 0, count: 2600)
        order.withUnsafeMutableBufferPointer { RandomStream(seed: 0, purpose: RandomPurpose.order, epoch: 0).permute($0) }
        let first = try UnitCensus(
            network, parameters: start, data: data.training.selecting(Array(order.prefix(2000))), precision: .float64)
        for place in 0..<2 { #expect(health.units[place].closedFor2000 == first.layers[place].dead.count) }
    }

    /// The step that killed each unit, against a look at every pre-activation of every step.
    @Test(arguments: 0..<10) func deathsAreFoundToTheStep(_ seed: Int) throws {
        let data = try madeData(150, features: 6, seed: UInt64(seed)) { x, _ in x[0] * x[1] }
        let network = try Network(input: [6]) {
            Dense(20); ReLU(); Dense(20); ReLU(); Dense(1)
        }
        let witness = Witness()
        let trainer = try Trainer(
            network, data: data,
            settings: settings {
                ($0.seed, $0.optimizer, $0.learningRate, $0.epochs, $0.batchSize) = (
                    UInt64(seed), seed % 2 == 0 ? .sgd(momentum: 0.5) : .adam(), seed % 2 == 0 ? 0.15 : 0.1, 6, .samples(16)
                )
            },
            probes: [witness, HealthProbe()])
        let run = try trainer.run()
        check(try #require(run.health), against: witness.seen.steps, stepsPerEpoch: 10)
    }

    /// A layer that is not trained, a census beside, and deaths behind step 1,024, in which both look.
    @Test func deathsAreFoundBehindAFrozenLayer() throws {
        let data = try madeData(150, features: 6, seed: 1) { x, _ in x[0] * x[1] }
        let network = try Network(input: [6]) {
            Dense(20); ReLU(); Dense(20); ReLU(); Dense(1)
        }
        let witness = Witness()
        let run = try Trainer(
            network, data: data,
            settings: settings {
                ($0.optimizer, $0.learningRate, $0.epochs, $0.batchSize) = (.adam(), 0.001, 110, .samples(16))
                ($0.schedule, $0.layerRates) = (.constant, ["dense1": 0])
                $0.changes = [TrainingChange(afterStep: 1030)]
                $0.changes[0].learningRate = 0.2
            },
            probes: [witness, KinkProbe(), HealthProbe()]
        ).run()
        let health = try #require(run.health)
        #expect(witness.seen.steps.count == 1100 && run.kinks?.trust != nil)
        check(health, against: witness.seen.steps, stepsPerEpoch: 10)
        let late = health.units[1].dead.filter { $0.killedByStep > 1024 }.count
        #expect(late > 0 && health.units[0].dead.allSatisfy { $0.isBornDead })
    }

    /// - Parameter steps: What a witness saw of two layers of 20 units.
    private func check(_ health: HealthReport, against steps: [Witness.Seen.Step], stepsPerEpoch: Int) {
        for (place, layer) in health.units.enumerated() {
            for unit in 0..<20 {
                let last = steps.last { $0.active[place][unit].contains(true) }
                let dead = layer.dead.first { $0.unit == unit }
                let isDead = last.map { $0.number <= steps.count - stepsPerEpoch } ?? true
                #expect((dead != nil) == isDead)
                guard let dead else { continue }
                #expect(dead.killedByStep == last?.number ?? 0)
                let epoch = last.map { ($0.number - 1) / stepsPerEpoch + 1 }
                #expect(dead.epoch == epoch ?? 0)
                let sample = last.map { $0.samples[$0.active[place][unit].lastIndex(of: true)!] }
                #expect(dead.lastSample == sample)
            }
        }
    }
}

/// Keeps what every step's units did.
private struct Witness: TrainingProbe {
    final class Seen: @unchecked Sendable {
        /// Which samples of the batch were active, by layer and unit; and which samples they are.
        typealias Step = (number: Int, active: [[[Bool]]], samples: [Int])
        var steps: [Step] = []
    }
    let seen = Seen()
    let name = "witness"
    func observer(of run: ProbedRun) throws -> any ProbeObserver { Observer(run, seen) }

    struct Report: ProbeReport {}

    final class Observer: ProbeObserver {
        let formulas: [Formula]
        let seen: Seen, run: ProbedRun
        var state = 0
        init(_ run: ProbedRun, _ seen: Seen) {
            (self.seen, self.run) = (seen, run)
            formulas = run.network.healthSites.map(\.input)
        }
        func looks(atStep step: Int) -> Bool { true }
        func look(at step: ProbedStep) throws {
            let active = try formulas.indices.map { place -> [[Bool]] in
                let values = try step.values(ofFormula: place)
                return (0..<20).map { unit in (0..<step.batchSize).map { values[$0 * 20 + unit] > 0 } }
            }
            let order = RandomStream(seed: run.plan.settings.seed, purpose: RandomPurpose.order, epoch: UInt64(step.epoch - 1))
                .permutation(run.samples)
            seen.steps.append((step.number, active, (0..<step.batchSize).map { Int(order[step.position + $0]) }))
        }
        func endEpoch() -> Report { Report() }
        var report: Report { Report() }
    }
}
