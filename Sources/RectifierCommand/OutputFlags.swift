import ArgumentParser

/// How much a long run prints.
struct OutputFlags: ParsableArguments {
    @Flag(help: "Print one JSON object a line, and nothing else.")
    var json = false

    @Flag(help: "Print errors only.")
    var quiet = false

    func validate() throws {
        if json && quiet { throw ValidationError("--json and --quiet exclude each other") }
    }
}
