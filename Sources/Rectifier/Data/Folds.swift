/// The parts of the training data that networks trained side by side do without, each network another one.
///
/// What a network does on its part chooses the weights it returns to and when its training ends. Together the parts
/// judge every row by a network that has not learned it, and no row is given away.
public struct Folds: Sendable {
    /// At least 2.
    public let count: Int
    /// By sample, the part it is in, from 0.
    let places: [Int32]
    /// By part, its samples in their order.
    private let rows: [[Int32]]

    /// Draws them by the seed: of equal sizes but for one row, and each class in equal shares but for one.
    ///
    /// - Throws: ``RectifierError`` where there are fewer samples than parts.
    init(_ count: Int, of data: Dataset, seed: UInt64) throws {
        guard count > 1 else { throw RectifierError(.setting, "there must be at least 2 folds, not \(count)", setting: "data.validation") }
        guard count <= data.count else {
            throw RectifierError(
                .setting, "\(data.count) rows cannot be put into \(count) folds; choose \(max(2, data.count)) or fewer",
                setting: "data.validation")
        }
        self.count = count
        var order = [Int32](repeating: 0, count: data.count)
        order.withUnsafeMutableBufferPointer { RandomStream(seed: seed, purpose: RandomPurpose.folds).permute($0) }
        if case .classes(let labels, _) = data.targets {
            // Dealt out class by class.
            let starts = order.indices.map { (label: labels[Int(order[$0])], place: $0) }
            let dealt = starts.sorted { ($0.label, $0.place) < ($1.label, $1.place) }
            order = dealt.map { order[$0.place] }
        }
        var places = [Int32](repeating: 0, count: data.count)
        for (index, sample) in order.enumerated() { places[Int(sample)] = Int32(index % count) }
        var rows = [[Int32]](repeating: [], count: count)
        for (sample, place) in places.enumerated() { rows[Int(place)].append(Int32(sample)) }
        (self.places, self.rows) = (places, rows)
    }

    public var sampleCount: Int { places.count }

    /// The samples of a part, in their order.
    func rows(of fold: Int) -> [Int32] { rows[fold] }

    /// Folds of so many rows where nothing says how many. With many rows five networks score as eight do, in two thirds
    /// of the time.
    static func usualCount(rows: Int) -> Int { rows < UsualSettings.manyRows ? max(2, min(rows, 8)) : 5 }
}
