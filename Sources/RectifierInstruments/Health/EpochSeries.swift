/// What is kept of the epochs of a run, however long it is: of a long one every second, fourth, eighth, … epoch, from
/// the first on.
package struct EpochSeries<Value> {
    /// From 1.
    package private(set) var epochs: [Int] = []
    package private(set) var values: [Value] = []
    /// Every so many epochs one is kept.
    private(set) var every = 1

    package init() {}

    /// - Parameter most: More epochs than these are not kept.
    package mutating func add(_ value: Value, epoch: Int, most: Int) {
        guard (epoch - 1) % every == 0 else { return }
        epochs.append(epoch)
        values.append(value)
        guard epochs.count > most else { return }
        every *= 2
        let kept = epochs.indices.filter { (epochs[$0] - 1) % every == 0 }
        (epochs, values) = (kept.map { epochs[$0] }, kept.map { values[$0] })
    }
}

extension EpochSeries: Equatable where Value: Equatable {}
extension EpochSeries: Codable where Value: Codable {}
extension EpochSeries: Sendable where Value: Sendable {}
