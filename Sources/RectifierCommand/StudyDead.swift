import ArgumentParser
import Rectifier
import RectifierReports
import RectifierStudies

/// `rectifier study dead`
struct StudyDead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead",
        abstract: "Count dead units: born so, killed by a learning rate, cured.",
        discussion: """
            Draws fresh ReLU networks and counts those that are dead, at one input and
            at every one, against the law 1 - (1 - 2^-N)^H; and measures how signals
            grow. Then trains at several learning rates with relu, leaky-relu and elu,
            from the same seeds, and counts the units that no training sample opens.
            Ctrl-C ends it; what is finished is written.

            Examples:
              rectifier study dead
              rectifier study dead --initializations 40000 --skip-training
              rectifier study dead --data fashion-mnist --rates 1,10 --seeds 3
            """
    )

    @Option(parsing: .unconditional, help: ArgumentHelp("Fresh networks of each kind.", valueName: "n"))
    var initializations = 10_000

    @Option(help: ArgumentHelp("A folder of IDX files, a table with classes, or a generated set with classes.", valueName: "source"))
    var data = "digits"

    @Option(parsing: .unconditional, help: ArgumentHelp("Generated sets: the number of training samples (default: 6000).", valueName: "n"))
    var samples: Int?

    @Option(help: ArgumentHelp("Learning rates, times the usual one of the data.", valueName: "1,3,10,30"), transform: rateList)
    var rates: RateList?

    @Flag(help: "Draw fresh networks only.")
    var skipTraining = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Epochs of each training (default: 2).", valueName: "n"))
    var epochs: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Trainings of each kind (default: 5).", valueName: "n"))
    var seeds: Int?

    @OptionGroup var shared: StudyFlags

    func validate() throws {
        if skipTraining && (epochs != nil || seeds != nil || rates != nil || samples != nil) {
            throw ValidationError("--skip-training leaves nothing for --epochs, --seeds, --rates and --samples")
        }
        if samples != nil, !GeneratedData.names.contains(data) { throw ValidationError("--samples is for generated sets") }
    }

    func run() throws {
        let settings = settings()
        let output = try shared.place(of: "dead")
        var source = DataSettings()
        source.source = data
        if GeneratedData.names.contains(data) { source.samples = samples ?? 6000 }
        let loaded = skipTraining ? nil : try LoadedData(source, seed: shared.seed)

        let study = try output.follow { try DeadStudy(settings: settings).run(on: loaded, stop: $0, $1) }
        try output.write(Report(study, data: data), events: study.events, wasStopped: study.wasStopped)
    }

    private func settings() -> DeadStudy.Settings {
        var settings = DeadStudy.Settings()
        settings.initializations = initializations
        settings.seed = shared.seed
        settings.threads = shared.threads
        if skipTraining {
            settings.training = nil
        } else {
            if let rates { settings.training?.rates = rates.values }
            if let epochs { settings.training?.epochs = epochs }
            if let seeds { settings.training?.seeds = seeds }
        }
        return settings
    }
}

/// `1,3,10,30` on the command line.
struct RateList {
    var values: [Double]
}

/// Numbers above 0, each once.
func rateList(_ text: String) throws -> RateList {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard !values.isEmpty, values.allSatisfy({ $0.map { $0 > 0 && $0.isFinite } ?? false }), Set(values).count == values.count else {
        throw ValidationError("takes different numbers above 0 such as 1,3,10, not \"\(text)\"")
    }
    return RateList(values: values.map { $0! })
}
