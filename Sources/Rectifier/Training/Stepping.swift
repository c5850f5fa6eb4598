/// How a run makes a step of a gradient, as far as the run has come.
package struct Stepping: Sendable {
    package var optimizer: Optimizer
    /// Of this step, schedule included.
    package var learningRate: Double
    package var penalties: Penalties
    /// What the learning rate is multiplied by for the parameter of a name.
    package var layerRate: @Sendable (String) -> Double
    /// The optimizer's numbers for each weight, block by block.
    package var states: [Parameters]
    /// Updates that have made these numbers.
    package var updates: Int

    package init(
        optimizer: Optimizer, learningRate: Double, penalties: Penalties = Penalties(),
        layerRate: @escaping @Sendable (String) -> Double = { _ in 1 }, states: [Parameters] = [], updates: Int = 0
    ) {
        (self.optimizer, self.learningRate, self.penalties) = (optimizer, learningRate, penalties)
        (self.layerRate, self.states, self.updates) = (layerRate, states, updates)
    }
}
