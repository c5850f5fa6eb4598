import ArgumentParser
import Foundation
import Rectifier

/// The flags of `train` that are spellings of a recipe's settings. Those that are given override the recipe.
struct TrainingFlags: ParsableArguments {
    @OptionGroup(title: "Data") var data: DataFlags
    @OptionGroup(title: "Network") var network: NetworkFlags
    @OptionGroup(title: "Training") var training: OptimizationFlags

    func apply(to recipe: inout Recipe) throws {
        data.apply(to: &recipe.data)
        network.apply(to: &recipe.network)
        try training.apply(to: &recipe.training)
    }
}

/// Where the samples come from.
struct DataFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A generated set (see `rectifier datasets`), a CSV table, .npy/.npz arrays, an IDX folder or file, a CIFAR folder, or a folder "
                + "with a sub-folder of PNG or JPEG images for each class.", valueName: "source"))
    var data: String?

    @Option(help: ArgumentHelp("Test data of the same form.", valueName: "source"))
    var test: String?

    @Option(
        help: ArgumentHelp(
            "Tables: the column to predict, by name or number from 0 (default: the last). CIFAR-100: fine or coarse labels (default: fine).",
            valueName: "column"))
    var target: String?

    @Option(help: "What is predicted: classification or regression (default: from the target's content).")
    var task: DataSettings.Task?

    @Option(help: "Tables: what becomes of missing values: error, mean or drop (default: filled in, and marked by a feature).")
    var missing: DataSettings.MissingValues?

    @Option(help: ArgumentHelp("Tables: the column that says how much each row counts in the loss.", valueName: "column"))
    var weights: String?

    @Option(help: ArgumentHelp("Tables: columns to leave out, by name or number.", valueName: "a,b"), transform: columnNames)
    var ignore: [String]?

    @Option(help: ArgumentHelp("Tables: the columns to learn from, and no others.", valueName: "a,b"), transform: columnNames)
    var features: [String]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The share of the training data to hold out, or a file, for one network instead of folds.", valueName: "share|source"),
        transform: { DataSettings.Validation($0) })
    var validation: DataSettings.Validation?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            Tables: train a network without each of n parts of the rows, stopped by that part; the model is their mean \
            (default: 8, from 5,000 rows 5).
            """,
            valueName: "n"))
    var folds: Int?

    @Flag(inversion: .prefixedNo, help: "Tables: whether the first line holds names (default: from its content).")
    var header: Bool?

    @Option(
        help: ArgumentHelp("Tables: the character between fields (default: from the content).", valueName: "character"),
        transform: separatorCharacter)
    var separator: String?

    @Flag(help: "Images: standardize each channel by its mean and deviation in the training data (default: divide bytes by 255).")
    var normalize = false

    @Option(parsing: .unconditional, help: ArgumentHelp("Generated sets: the number of training samples.", valueName: "n"))
    var samples: Int?

    @Option(parsing: .unconditional, help: ArgumentHelp("Generated sets: the noise, from 0 to 1.", valueName: "x"))
    var noise: Double?

    func validate() throws {
        if folds != nil, validation != nil { throw ValidationError("--folds trains several networks, --validation one: give one of them") }
    }

    func apply(to settings: inout DataSettings) {
        override(&settings.source, with: data)
        override(&settings.test, with: test)
        override(&settings.target, with: target)
        override(&settings.task, with: task)
        override(&settings.missing, with: missing)
        override(&settings.weights, with: weights)
        override(&settings.features, with: features)
        for name in ignore ?? [] { settings.columns = (settings.columns ?? [:]).merging([name: .ignore]) { $1 } }
        override(&settings.validation, with: validation ?? folds.map { .folds($0) })
        override(&settings.header, with: header)
        override(&settings.separator, with: separator)
        if normalize { settings.normalize = true }
        override(&settings.samples, with: samples)
        override(&settings.noise, with: noise)
    }
}

/// What is trained.
struct NetworkFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "All layers, or a file with them: see above; or \(NamedNetwork.allCases.map(\.rawValue).joined(separator: ", ")). "
                + "In place of --layers, --activation, --initializer and --dropout.",
            valueName: "layers|name|file"),
        transform: networkSettings)
    var network: NetworkSettings?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Units of the hidden layers, or none for a linear model (default: 512,512 for images, fewer for tables).", valueName: "512,512"),
        transform: widths)
    var layers: HiddenWidths?

    @Option(
        help: ArgumentHelp("The activation after each hidden layer: \(Activation.names.joined(separator: ", ")).", valueName: "name"),
        transform: { try Activation($0) })
    var activation: Activation?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The derivative of the activation at its kink, for ReLU at 0: 0, 0.5, 1 or any number between (default: 0; abs: 0.5). Of leaky-relu, abs and others "
                + "the share of the active side: slope + x(1 - slope), 2x - 1. unsound:X allows numbers that are no subgradient.",
            valueName: "x"),
        transform: kinkValue)
    var atZero: KinkValue?

    @Option(
        help: ArgumentHelp(
            "How weights are drawn: \(Initializer.names.joined(separator: ", ")) (default: the activation's usual one).", valueName: "name"),
        transform: { try Initializer($0) })
    var initializer: Initializer?

    @Option(parsing: .unconditional, help: ArgumentHelp("The share of hidden outputs set to 0 while training.", valueName: "share"))
    var dropout: Double?

    @Option(
        help: ArgumentHelp(
            "What is made small: \(Loss.names.joined(separator: ", ")) (default: softmax-cross-entropy for classes, squared-error "
                + "for numbers).", valueName: "name"),
        transform: { try Loss($0) })
    var loss: Loss?

    func apply(to settings: inout NetworkSettings) {
        if let network {
            // In place of whatever layers the recipe has.
            var spelled = network
            (spelled.atZero, spelled.loss) = (settings.atZero, settings.loss)
            settings = spelled
        } else if layers != nil {
            (settings.allLayers, settings.named) = (nil, nil)
        }
        override(&settings.layers, with: layers?.units)
        override(&settings.activation, with: activation)
        override(&settings.atZero, with: atZero)
        override(&settings.initializer, with: initializer)
        override(&settings.dropout, with: dropout)
        override(&settings.loss, with: loss)
    }
}

/// How it is trained.
struct OptimizationFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp("\(Optimizer.names.joined(separator: ", ")) (default: adam).", valueName: "name"),
        transform: { try Optimizer($0) })
    var optimizer: Optimizer?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("How far a step goes (default: 0.001, small sets 0.01; sgd: 0.1, with momentum 0.01).", valueName: "x"))
    var learningRate: Double?

    @Option(parsing: .unconditional, help: ArgumentHelp("The momentum of sgd and rmsprop.", valueName: "x"))
    var momentum: Double?

    @Flag(help: "Nesterov's form of sgd's momentum.")
    var nesterov = false

    @Option(
        help: ArgumentHelp(
            "The learning rate over the run: constant, cosine[:WARMUP[:FLOOR]], staircase:EPOCHS[:FACTOR], warm-up:EPOCHS, one-cycle "
                + "(of the rate alone, without momentum) (default: cosine).",
            valueName: "name"),
        transform: { try Schedule($0) })
    var schedule: Schedule?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Shrinks weights, not biases or PReLU's slopes (default: 0; small tables: 0.3 / rows).", valueName: "x"))
    var weightDecay: Double?

    @Option(parsing: .unconditional, help: ArgumentHelp("Adds x · sign(w) to the gradient of weights.", valueName: "x"))
    var l1: Double?

    @Option(parsing: .unconditional, help: ArgumentHelp("Adds x · w to the gradient of weights.", valueName: "x"))
    var l2: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The largest norm of the whole gradient; a longer one is scaled down to it, before decay and penalties.", valueName: "x"))
    var clipNorm: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Samples a step, or full for all (default: from the data, mostly 128).", valueName: "n|full"),
        transform: { try BatchSize($0) })
    var batchSize: BatchSize?

    @Option(parsing: .unconditional, help: ArgumentHelp("Passes over the training data (default: from the data).", valueName: "n"))
    var epochs: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Stop when the held-out loss has not fallen for this many epochs, and return to the best weights.", valueName: "epochs"))
    var earlyStopping: Int?

    @Option(
        help: ArgumentHelp(
            "What early stopping looks at on held-out data: \(Metric.choosing.map(\.rawValue).joined(separator: ", ")) (default: loss).",
            valueName: "name"), transform: choosingMetric)
    var metric: Metric?

    @Option(
        help: ArgumentHelp(
            """
            How much the classes count in the loss: balanced, or a JSON file as {"yes": 5} (default: as many as their \
            samples).
            """,
            valueName: "balanced|file"),
        transform: { try ClassWeights($0) })
    var classWeights: ClassWeights?

    @Option(
        help: ArgumentHelp(
            "Two classes: take a sample for the second from this probability on, or from what is best on held-out data "
                + "(default: the more probable class).", valueName: "best-f1|best-balanced-accuracy|p"),
        transform: { try Threshold($0) })
    var threshold: Threshold?

    @Flag(help: "Images: mirror half of those of each epoch, left to right, drawn by chance.")
    var flip = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Images: move each by up to n pixels in each direction, anew in each epoch; zeros fill up.", valueName: "n"))
    var shift: Int?

    @Flag(name: .customLong("no-shuffle"), help: "Take the samples in their order instead of a new one each epoch.")
    var noShuffle = false

    @Option(parsing: .unconditional, help: ArgumentHelp("What all random draws come from (default: 0).", valueName: "n"))
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Threads (default: one a core). The result is the same bits for any number.", valueName: "n"))
    var threads: Int?

    @Option(help: "The type numbers are kept in: float32, float64, bfloat16 or float16 (default: float32).")
    var precision: ElementType?

    @Flag(name: .customLong("no-health"), help: "Do not watch for dead units, vanishing gradients and the like.")
    var noHealth = false

    @Flag(name: .customLong("no-census"), help: "Do not count what is exactly at a kink, and give gradients no verdict.")
    var noCensus = false

    func apply(to settings: inout TrainingSettings) throws {
        override(&settings.optimizer, with: optimizer)
        try applyMomentum(to: &settings.optimizer)
        override(&settings.learningRate, with: learningRate)
        override(&settings.schedule, with: schedule)
        override(&settings.weightDecay, with: weightDecay)
        override(&settings.l1, with: l1)
        override(&settings.l2, with: l2)
        override(&settings.clipNorm, with: clipNorm)
        override(&settings.batchSize, with: batchSize)
        override(&settings.epochs, with: epochs)
        override(&settings.earlyStopping, with: earlyStopping.map { EarlyStopping(patience: $0) })
        override(&settings.metric, with: metric)
        override(&settings.classWeights, with: classWeights)
        override(&settings.threshold, with: threshold)
        if flip || shift != nil {
            var augmentation = settings.augmentation ?? Augmentation()
            if flip { augmentation.flip = true }
            override(&augmentation.shift, with: shift)
            settings.augmentation = augmentation
        }
        if noShuffle { settings.shuffle = false }
        override(&settings.seed, with: seed)
        override(&settings.threads, with: threads)
        override(&settings.precision, with: precision)
        if noCensus { settings.census = false }
        if noHealth { settings.health = false }
    }

    private func applyMomentum(to optimizer: inout Optimizer) throws {
        switch optimizer {
        case .sgd(let old, let wasNesterov):
            optimizer = .sgd(momentum: momentum ?? old, nesterov: nesterov || wasNesterov)
        case .rmsProp(let decay, let old, let epsilon) where !nesterov:
            optimizer = .rmsProp(decay: decay, momentum: momentum ?? old, epsilon: epsilon)
        default:
            if nesterov { throw ValidationError("--nesterov needs --optimizer sgd") }
            if momentum != nil { throw ValidationError("--momentum needs --optimizer sgd or rmsprop") }
        }
    }
}

// ===--- Values of flags ---===//

extension DataSettings.Task: ExpressibleByArgument {}
extension DataSettings.MissingValues: ExpressibleByArgument {}
extension ElementType: ExpressibleByArgument {}

/// `id, name`
func columnNames(_ text: String) -> [String] { text.split(separator: ",").map { String($0.trimming(" ")) } }

/// A tab may be written as `\t` or `tab`, which shells pass on more easily.
func separatorCharacter(_ text: String) -> String { text == "\\t" || text == "tab" ? "\t" : text }

/// As many threads as a program can have.
func threadCount(_ text: String) throws -> Int {
    guard let threads = Int(text) else { throw ValidationError("expected a whole number") }
    do { return try checkedThreadCount(threads) } catch { throw ValidationError(error.description) }
}

/// `512,512` or `none`.
struct HiddenWidths: Sendable {
    var units: [Int]
}

private func widths(_ text: String) throws -> HiddenWidths {
    if text == "none" { return HiddenWidths(units: []) }
    let units = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0.trimming(" ")) }
    guard units.allSatisfy({ $0.map { $0 > 0 } ?? false }) else {
        throw ValidationError("expected whole numbers above 0 with commas between them, as 512,512, or none")
    }
    return HiddenWidths(units: units.compactMap { $0 })
}

/// A network's name, layers in the layer language, or a file that holds them.
private func networkSettings(_ text: String) throws -> NetworkSettings {
    guard NamedNetwork(rawValue: text) == nil, FileManager.default.fileExists(atPath: text) else { return try NetworkSettings(text) }
    do {
        return try NetworkSettings(String(contentsOfFile: text, encoding: .utf8))
    } catch let error as RectifierError {
        throw RectifierError(error.kind, "\(text): \(error.description)")
    } catch {
        throw RectifierError(.file, "\(text): cannot be read as text")
    }
}

extension Metric {
    fileprivate static let choosing = allCases.filter(\.canSelect)
}

private func choosingMetric(_ text: String) throws -> Metric {
    guard let metric = Metric(rawValue: text) else {
        throw ValidationError("there is no metric '\(text)'; take one of \(Metric.choosing.map(\.rawValue).joined(separator: ", "))")
    }
    return metric
}

private func kinkValue(_ text: String) throws -> KinkValue {
    guard let value = KinkValue(text) else { throw ValidationError("expected a number from 0 to 1, or unsound:NUMBER, not '\(text)'") }
    return value
}

extension Substring {
    fileprivate func trimming(_ character: Character) -> Substring {
        var trimmed = drop { $0 == character }
        while trimmed.last == character { trimmed.removeLast() }
        return trimmed
    }
}

private func override<Value>(_ setting: inout Value, with flag: Value?) {
    if let flag { setting = flag }
}

private func override<Value>(_ setting: inout Value?, with flag: Value?) {
    if let flag { setting = flag }
}
