// Compiles a model once, then asks it for one sample, for many, and from many tasks at once.

import Rectifier

var recipe = Recipe()
recipe.data.samples = 6000
recipe.training.epochs = 2
let data = try LoadedData(recipe.data, seed: recipe.training.seed)
let outcome = try Trainer(recipe: recipe, data: data).run()
let digits = try CompiledModel(outcome.model)

guard case .bytes(let pixels)? = data.heldOut?.features else { fatalError("digits are byte images") }
let images = pixels.count / digits.inputCount
let image = Array(pixels[0..<digits.inputCount])

// One sample: the most probable class, or the probabilities of all.
let digit = try digits.classify(pixels: image)
let probabilities = try digits(pixels: image)
print("the first image is a", digits.classNames?[digit] ?? "?", probabilities)

// Many samples, into memory that is there already.
func predict(_ pixels: [UInt8], into results: inout [Float]) throws {
    var outputs = results.mutableSpan
    try digits.predict(pixels: pixels.span, into: &outputs)
}
var results = [Float](repeating: 0, count: images * digits.outputCount)
try predict(pixels, into: &results)
print("the probability that the last one is a 9:", results[results.count - 1])

// From tasks that run side by side: all of them use the same weights.
let rounds = 2_000
let time = try await ContinuousClock().measure {
    try await withThrowingTaskGroup { group in
        for _ in 0..<4 {
            group.addTask { for _ in 0..<rounds { _ = try digits.classify(pixels: image) } }
        }
        try await group.waitForAll()
    }
}
print("\(4 * rounds) calls from 4 tasks in \(time)")
