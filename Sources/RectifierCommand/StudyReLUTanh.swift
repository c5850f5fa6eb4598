import ArgumentParser
import Rectifier
import RectifierReports
import RectifierStudies

/// `rectifier study relu-vs-tanh`
struct StudyReLUTanh: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relu-vs-tanh",
        abstract: "Measure how many times as fast as tanh ReLU learns.",
        discussion: """
            Trains a convolutional network of four layers until it gets 25 % of its
            training images wrong, with ReLU and with tanh, each with the fastest rate
            of a grid: figure 1 of Krizhevsky, Sutskever and Hinton (2012). Compares
            epochs and seconds. The paper says six times as many epochs, and does not
            publish its layers; those here are our own choice. One run goes on at a
            time. Ctrl-C ends it; what is finished is written.

            Examples:
              rectifier study relu-vs-tanh --data cifar-10-batches-bin
              rectifier study relu-vs-tanh --data fashion-mnist --error 0.1
              rectifier study relu-vs-tanh --data digits --error 0.02 --seeds 5
            """
    )

    @Option(
        help: ArgumentHelp(
            "A CIFAR folder, a folder of IDX files or of images by class, an array of images, or the generated set digits.",
            valueName: "source"))
    var data: String

    @Option(help: ArgumentHelp("Images to train on, at most.", valueName: "n"))
    var images = 10_000

    @Option(parsing: .unconditional, help: ArgumentHelp("The training error to reach.", valueName: "share"))
    var error = 0.25

    @Option(
        help: ArgumentHelp(
            "Learning rates, and none beyond them (default: 0.003,0.006,0.012,0.024, and beyond them where the last is the best).",
            valueName: "x,y"), transform: rateList)
    var rates: RateList?

    @Option(parsing: .unconditional, help: ArgumentHelp("Epochs after which a run is given up.", valueName: "n"))
    var epochs = 60

    @Option(parsing: .unconditional, help: ArgumentHelp("Runs with the best rate.", valueName: "n"))
    var seeds = 3

    @Option(
        help: ArgumentHelp("Filters of the three convolutions (default: 16,32,32).", valueName: "16,32,32"), transform: numberList)
    var channels: NumberList?

    @Option(parsing: .unconditional, help: ArgumentHelp("Images to a step.", valueName: "n"))
    var batchSize = 32

    @OptionGroup var shared: StudyFlags

    func validate() throws {
        if let channels, channels.values.count != 3 { throw ValidationError("--channels takes three numbers, one a convolution") }
    }

    func run() throws {
        let settings = settings()
        let output = try shared.place(of: "relu-vs-tanh")
        var source = DataSettings()
        source.source = data
        // The error is that of training, so all images train.
        if GeneratedData.names.contains(data) { source.samples = images } else { source.validation = .share(0) }
        let loaded = try LoadedData(source, seed: shared.seed)

        let study = try output.follow { try ReLUTanhStudy(settings: settings).run(on: loaded.training, stop: $0, $1) }
        try output.write(Report(study, data: data), events: study.events, wasStopped: study.wasStopped)
    }

    private func settings() -> ReLUTanhStudy.Settings {
        var settings = ReLUTanhStudy.Settings()
        (settings.images, settings.targetError, settings.epochs, settings.seeds) = (images, error, epochs, seeds)
        (settings.batchSize, settings.seed, settings.threads) = (batchSize, shared.seed, shared.threads)
        if let rates { (settings.rates, settings.moreRates) = (rates.values, 0) }
        if let channels { settings.channels = channels.values }
        return settings
    }
}
