/// A program for looks at batches.
///
/// Between looks it is kept up to ``Program/mostMemoryKept``, and else made anew: an instrument should not multiply
/// what a run takes.
struct LookProgram {
    let outputs: [Formula]
    /// By batch size.
    private var kept: [Int: Program] = [:]

    init(_ outputs: [Formula]) { self.outputs = outputs }

    /// Runs it.
    /// - Parameters:
    ///   - compile: Makes it for a batch of this size.
    ///   - read: Called with what was computed, which is gone afterwards.
    mutating func run<Result>(
        batchSize: Int, compile: ([Formula]) throws -> Program, read: (Program) throws -> Result
    ) rethrows -> Result {
        let program = try kept[batchSize] ?? compile(outputs)
        if program.memoryBytes <= Program.mostMemoryKept { kept[batchSize] = program }
        program.run()
        return try read(program)
    }
}
