import ArgumentParser
import Rectifier

/// What `train` does about findings.
struct HealthFlags: ParsableArguments {
    @Flag(help: "Try the cures of what is found, each on a twin of the run, and print what they do.")
    var tryCures = false

    @Flag(help: "The same, and train again with the best cure; the recipe that is saved has it.")
    var cure = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Steps of each twin (default: 300).", valueName: "n"))
    var cureSteps: Int?

    @Flag(help: "Measure the sharpness in steps 1, 2, 4, …; a look takes as long as 60 to 100 steps.")
    var sharpness = false

    @Option(help: FailOn.help, transform: FailOn.init)
    var failOn: FailOn?

    func validate() throws {
        if let cureSteps, cureSteps < 1 { throw ValidationError("--cure-steps takes a number from 1 on, not \(cureSteps)") }
        if cureSteps != nil, !tryCures, !cure { throw ValidationError("--cure-steps is for --try-cures and --cure") }
    }

    /// Throws where the run does not look for what is asked.
    func check(_ plan: TrainingPlan) throws {
        guard !plan.settings.health, tryCures || cure || failOn != nil else { return }
        throw ValidationError("--try-cures, --cure and --fail-on need what --no-health (or the recipe) turns off")
    }
}
