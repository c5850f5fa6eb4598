/// Programs over batches of data sets. One is made where the data's form or the batch's size is new, and kept for the
/// batches that follow.
struct BatchPrograms {
    /// How many are kept: a loop of one's own may bring a new size each time.
    private static let limit = 8

    private let outputs: [Formula]
    private let parameters: ParameterMemory
    private let cursor: BatchCursor
    private let training: UpdateCalls?
    private let pool: ThreadPool?
    /// The one used last comes last.
    private var programs: [(form: Dataset.Form, count: Int, program: Program)] = []

    init(
        _ outputs: [Formula], parameters: ParameterMemory, cursor: BatchCursor, training: UpdateCalls? = nil, pool: ThreadPool?
    ) {
        (self.outputs, self.parameters, self.cursor, self.training, self.pool) = (outputs, parameters, cursor, training, pool)
    }

    /// The program over so many samples of a data set, which lie where its feeds say.
    mutating func program(over count: Int, of data: Dataset, _ feeds: [String: Feed]) throws -> Program {
        if let place = programs.firstIndex(where: { $0.form == data.form && $0.count == count }) {
            programs.append(programs.remove(at: place))
            programs[programs.count - 1].program.refeed(feeds)
        } else {
            let program = try Program(
                outputs, batchSize: count, parameters: parameters, cursor: cursor, feeds: feeds, training: training, pool: pool)
            if programs.count == Self.limit { programs.removeFirst() }
            programs.append((data.form, count, program))
        }
        return programs[programs.count - 1].program
    }
    /// Frees those above ``Program/mostMemoryKept``.
    mutating func dropLarge() { programs.removeAll { $0.program.memoryBytes > Program.mostMemoryKept } }
}
