import ArgumentParser
import Foundation
import Rectifier
import RectifierReports
import RectifierStudies

/// `rectifier study at-zero`
struct StudyAtZero: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "at-zero",
        abstract: "Count how often ReLU's derivative at 0 changes a gradient.",
        discussion: """
            Draws networks as PyTorch does and passes all images through each. Counts
            those whose first gradient differs between the derivatives 0 and 1 on at
            least one batch: by the chain rule, and as the code published with
            Bertoin et al. (NeurIPS 2021) computes it. Then trains with 0, 1/2 and 1.
            Ctrl-C ends it; what is finished is written.

            Examples:
              rectifier study at-zero --networks 200
              rectifier study at-zero --data fashion-mnist --skip-training
            """
    )

    @Option(help: ArgumentHelp("A folder of IDX files, or the generated set digits.", valueName: "source"))
    var data = "digits"

    @Option(parsing: .unconditional, help: ArgumentHelp("Networks of each kind.", valueName: "n"))
    var networks = 1000

    @Option(help: ArgumentHelp("Numbers of hidden layers.", valueName: "1,2,3,5,6"), transform: numberList)
    var depths: NumberList?

    @Option(help: ArgumentHelp("Units of three hidden layers.", valueName: "16,64,256,512"), transform: numberList)
    var widths: NumberList?

    @Option(help: ArgumentHelp("Batch sizes.", valueName: "16,64,256,512,1024"), transform: numberList)
    var batchSizes: NumberList?

    @Option(help: ArgumentHelp("Bits that a number takes.", valueName: "16,32,64"), transform: numberList)
    var precisions: NumberList?

    @Option(name: .customLong("share-64"), help: ArgumentHelp("The share of the images that is scanned in 64 bits.", valueName: "0.1"))
    var float64Share: Double?

    @Flag(help: "Count only.")
    var skipTraining = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Epochs of each training (default: 3).", valueName: "n"))
    var epochs: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Trainings with each derivative (default: 4).", valueName: "n"))
    var seeds: Int?

    @OptionGroup var shared: StudyFlags

    func validate() throws {
        if skipTraining && (epochs != nil || seeds != nil) {
            throw ValidationError("--skip-training leaves nothing for --epochs and --seeds")
        }
    }

    func run() throws {
        let settings = try settings()
        let output = try shared.place(of: "at-zero")
        var source = DataSettings()
        source.source = data
        let loaded = try LoadedData(source, seed: shared.seed)

        let study = try output.follow { try ZeroStudy(settings: settings).run(on: loaded.training, heldOut: loaded.heldOut, stop: $0, $1) }
        try output.write(Report(study, data: data), events: study.events, wasStopped: study.wasStopped)
    }

    private func settings() throws -> ZeroStudy.Settings {
        var settings = ZeroStudy.Settings()
        settings.networks = networks
        settings.seed = shared.seed
        settings.threads = shared.threads
        if let depths { settings.depths = depths.values }
        if let widths {
            settings.widths = widths.values
            settings.zeroBiasWidths = widths.values.filter { $0 <= 64 }
        }
        if let batchSizes { settings.batchSizes = batchSizes.values }
        if let precisions {
            settings.precisions = try precisions.values.map {
                switch $0 {
                case 16: .float16
                case 32: .float32
                case 64: .float64
                default: throw ValidationError("--precisions: there are 16, 32 and 64 bits, not \($0)")
                }
            }
        }
        if let float64Share { settings.float64Share = float64Share }
        if skipTraining {
            settings.training = nil
        } else {
            if let epochs { settings.training?.epochs = epochs }
            if let seeds { settings.training?.seeds = seeds }
        }
        return settings
    }
}

/// `16,64,256` on the command line.
struct NumberList {
    var values: [Int]
}

/// Positive whole numbers.
func numberList(_ text: String) throws -> NumberList {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard !values.isEmpty, values.allSatisfy({ $0 ?? 0 > 0 }) else {
        throw ValidationError("takes positive numbers such as 16,64,256, not \"\(text)\"")
    }
    return NumberList(values: values.map { $0! })
}
