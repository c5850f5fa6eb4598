// Takes the first layer of a trained network into another one, freezes it, and trains the rest: transfer.

import Rectifier

var settings = DataSettings()
settings.samples = 3000
let digits = try LoadedData(settings, seed: 0)
func network(_ hidden: Int) throws -> Network {
    try Network(input: [28, 28]) {
        Flatten()
        Dense(64)
        ReLU()
        Dense(hidden)
        ReLU()
        Dense(10, initializer: .glorot)
    }
}

var training = TrainingSettings()
training.epochs = 3
let teacher = try Trainer(network(16), data: digits, settings: training).run().model

let student = try network(32)
let start = try student.initialParameters(seed: 1).taking(["dense1"], from: teacher.parameters)
training.layerRates = ["dense1": 0, "dense2": 0.5]  // frozen, and half the learning rate
let outcome = try Trainer(student, data: digits, settings: training, initialParameters: start).run()
print("the first layer is the teacher's:", outcome.model.parameters["dense1.weights"] == teacher.parameters["dense1.weights"])
print("accuracy:", outcome.heldOut?.accuracy ?? 0)
