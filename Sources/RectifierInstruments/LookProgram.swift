/// A program for looks at batches.
///
/// Between looks it is kept where it is small, and else made anew: over a batch of images it holds as much memory as
/// the step itself, and an instrument should not multiply what a run takes.
struct LookProgram {
    /// Bytes of an arena that is kept.
    private static let mostKept = 16 << 20

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
        if program.memoryBytes <= Self.mostKept { kept[batchSize] = program }
        program.run()
        return try read(program)
    }
}
