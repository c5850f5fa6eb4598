// A probe of your own: the mean length of each layer's gradient, by epoch.

import Rectifier

struct GradientLengths: TrainingProbe {
    struct Lengths: ProbeReport {
        var lengths: [String: Double] = [:]
        var steps = 0
    }

    var name: String { "gradient-lengths" }
    func observer(of run: ProbedRun) -> any ProbeObserver { Observer() }

    final class Observer: ProbeObserver {
        /// Of the present epoch, and of the run.
        var state = [Lengths(), Lengths()]

        /// Every tenth step: a rule made of step numbers gives the same report on every machine.
        func looks(atStep step: Int) -> Bool { step % 10 == 0 }

        func look(at step: ProbedStep) {
            for (name, gradient) in step.gradients {
                let length = gradient.doubles.reduce(0) { $0 + $1 * $1 }.squareRoot()
                for index in state.indices { state[index].lengths[name, default: 0] += length }
            }
            for index in state.indices { state[index].steps += 1 }
        }

        func endEpoch() -> Lengths {
            defer { state[0] = Lengths() }
            return state[0]
        }

        var report: Lengths { state[1] }
    }
}

var recipe = Recipe()
recipe.data.source = "spiral"
recipe.training.epochs = 5
let data = try LoadedData(recipe.data, seed: recipe.training.seed)
try Trainer(recipe: recipe, data: data, probes: [GradientLengths()]).run { event in
    guard case .epochEnded(let epoch) = event, let report = epoch.measurements[GradientLengths.Lengths.self] else { return }
    for (name, sum) in report.lengths.sorted(by: { $0.key < $1.key }) { print(epoch.epoch, name, sum / Double(report.steps)) }
}
