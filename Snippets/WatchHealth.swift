// Watch a run for what goes wrong, and print what is found.

import Rectifier
import RectifierInstruments

var settings = TrainingSettings()
settings.epochs = 2
settings.learningRate = 0.03
var source = DataSettings()
source.samples = 4000
let data = try LoadedData(source, seed: 0)
let network = try Network(input: [28, 28]) {
    Flatten()
    Dense(128)
    ReLU()
    Dense(10)
}
// snippet.show
let trainer = try Trainer(network, data: data, settings: settings, probes: [HealthProbe()])
let outcome = try trainer.run { event in
    if case .noticed(let notice) = event, let diagnosis = notice as? Diagnosis { print(diagnosis.sentence) }
}
print(outcome.health?.summary ?? "")
