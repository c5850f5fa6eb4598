import ArgumentParser
import Foundation
import Rectifier
import RectifierInstruments

/// `rectifier train`
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a network and save it.",
        discussion: """
            With no flags, learns the generated set "digits". Flags fill a recipe, or
            override the one given with --recipe. Ctrl-C, SIGTERM and a closed terminal
            stop after the current step and save (exit code 130); --resume goes on from
            there, to the same bits. A recipe's files are looked for beside it first. A model that is at --output already stays until the
            run has finished an epoch.

            --network spells all layers, the last as wide as the data's outputs:
              "dense 512, relu, dropout 0.2, dense 10"
              "residual(dense 64, relu, dense 64)", "concat(dense 8 | dense 8, tanh)"
            Behind a layer's name stand its settings: "leaky-relu 0.1", "relu at-zero=0.5",
            "dense 64 no-bias init=orthogonal". `rectifier inspect` prints a model's layers so.

            Examples:
              rectifier train
              rectifier train --data fashion-mnist --layers 512,512 --epochs 5
              rectifier train --data cifar-10-batches-bin --flip --shift 4
              rectifier train --network "dense 128, gelu, dense 10" --epochs 2
              rectifier train --data housing.csv --target price --ignore id
              rectifier train --recipe digits.rectifier/recipe.json --learning-rate 0.0005
              rectifier train --resume digits.rectifier --epochs 20
            """
    )

    @OptionGroup var flags: TrainingFlags

    @Option(help: ArgumentHelp("Read the run from a recipe file (JSON with comments) or a model folder.", valueName: "file"))
    var recipe: String?

    @Option(help: ArgumentHelp("Go on with an interrupted run, or with --epochs with a finished one.", valueName: "folder"))
    var resume: String?

    @Option(help: ArgumentHelp("The folder for the model (default: the data's name with .rectifier).", valueName: "folder"))
    var output: String?

    @Flag(help: "Replace the model of another recipe at --output.")
    var overwrite = false

    @OptionGroup(title: "Health") var health: HealthFlags

    @Option(help: ArgumentHelp("Write events for TensorBoard to a new file in a folder, one point an epoch.", valueName: "folder"))
    var tensorboard: String?

    @OptionGroup var printing: OutputFlags

    func validate() throws {
        if resume != nil && recipe != nil { throw ValidationError("--resume goes on with the recipe of its run; leave out --recipe") }
        if resume != nil && output != nil { throw ValidationError("--resume goes on in the folder it names; leave out --output") }
        if resume != nil && overwrite { throw ValidationError("--resume replaces the model it goes on with; leave out --overwrite") }
    }

    func run() throws {
        try tensorboard.map(EventFile.check)
        let (trainer, folder, notes) = try resume.map(resumedRun) ?? newRun()
        try health.check(trainer.plan)
        let printer = makeReporter(folder: folder)
        let reporter = tensorboard.map { TensorBoardReporter(beside: printer, folder: $0) } ?? printer
        try reporter.begin(trainer, notes: notes)

        let stop = StopSignal()
        Interrupts.handle { stop.stop() }
        var ward = TrainingWard(trainer, folder: folder, flags: health, reporter: reporter)
        var readerIsGone: (any Error)?
        // On this thread: a run needs none but those that share its steps.
        let outcome = try ward.run(stop: stop) { event in
            guard readerIsGone == nil else { return }
            do {
                try reporter.report(event)
            } catch  where stop.isStopped {
                // A closed terminal takes its reader away and says so with a signal.
            } catch {
                // Nothing is learned yet, and where nobody can ever have read, nothing will be.
                if case .started = event, !(error is BrokenPipe) { throw error }
                // What was learned is worth more than the report: stop, let the trainer save, and fail then.
                readerIsGone = error
                stop.stop()
            }
        }
        if let readerIsGone { throw readerIsGone }
        if outcome.reason == .interrupted { throw ExitCode(130) }
        if ward.fails { throw ExitCode(FailOn.code) }
    }

    private func newRun() throws -> (Trainer, URL, [String]) {
        var settings = try recipe.map { try Recipe(locatedAt: $0) } ?? Recipe()
        try flags.apply(to: &settings)
        try settings.validate()
        let folder = URL(fileURLWithPath: output ?? Self.usualFolder(for: settings.data.source))
        // Before the data are read, which may take a while; the run looks again.
        try Trainer.checkOutput(folder)
        let data = try LoadedData(settings.data, seed: settings.training.seed, precision: settings.training.precision, folds: true)
        var trainer = try Trainer(recipe: settings, data: data, probes: probes(settings), output: folder)
        trainer.replacesOtherRuns = overwrite
        return (trainer, folder, data.notes)
    }

    /// What looks into a run of the command line.
    private func probes(_ recipe: Recipe) -> [any TrainingProbe] {
        [HistoryProbe()] + (recipe.training.census ? [KinkProbe()] : []) + (recipe.training.health ? [HealthProbe()] : [])
            + (health.sharpness ? [StabilityProbe()] : [])
    }

    /// The run goes on as its recipe says; only how long and on how many threads can change, and where its data are.
    private func resumedRun(_ path: String) throws -> (Trainer, URL, [String]) {
        let folder = URL(fileURLWithPath: path)
        let checkpoint = try Checkpoint(contentsOf: folder)
        guard let old = checkpoint.model.recipe else {
            throw RectifierError(.file, "\(path): the model has no recipe, so there is no run to resume")
        }
        var changed = old
        changed.training.epochs = nil
        try flags.apply(to: &changed)
        try changed.validate()
        var allowed = changed
        allowed.training.epochs = old.training.epochs
        allowed.training.threads = old.training.threads
        (allowed.training.census, allowed.training.health) = (old.training.census, old.training.health)
        allowed.data.source = old.data.source
        allowed.data.test = old.data.test
        guard allowed == old else {
            throw ValidationError(
                "--resume goes on with the run as it was; only --epochs, --threads, --no-census, --no-health, --data and "
                    + "--test may change")
        }
        let data = try LoadedData(changed.data, seed: changed.training.seed, precision: changed.training.precision)
        let trainer = try Trainer(
            resuming: checkpoint, data: data, epochs: changed.training.epochs, threads: changed.training.threads,
            probes: probes(changed), output: folder)
        return (trainer, folder, data.notes + trainer.notes)
    }

    private func makeReporter(folder: URL) -> any TrainingReporter {
        if printing.json { return JSONReporter(folder: folder) }
        if printing.quiet { return QuietReporter() }
        return TextReporter(folder: folder, terminal: .standardOutput())
    }

    /// `housing.rectifier` for `/data/housing.csv`.
    static func usualFolder(for source: String) -> String {
        var name = URL(fileURLWithPath: source).lastPathComponent
        for ending in [".gz", ".csv", ".tsv", ".txt", ".npz", ".npy"] where name.hasSuffix(ending) && name.count > ending.count {
            name.removeLast(ending.count)
        }
        return (name.isEmpty || name == "/" || name == "-" ? "model" : name) + ".rectifier"
    }
}
