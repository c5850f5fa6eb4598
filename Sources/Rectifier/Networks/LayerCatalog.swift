import Synchronization

/// All layers that files and the layer language know, each once: its name, how its settings are spelled, what it
/// declares at its kinks, and how the weights before it are usually drawn. Its form in `model.json` is that of its
/// `Codable`.
///
/// A layer of your own is one of them once it is registered:
///
/// ```swift
/// try LayerCatalog.register(ScaledMish.self, name: "scaled-mish")
/// ```
public enum LayerCatalog {
    /// The layers that come with the library, the usual ones first.
    static let shipped: [LayerEntry] = [
        LayerEntry("dense", Dense(1), .count(\.units, "UNITS"), .flag("no-bias", \.hasBias, sets: false), .value("init", \.initializer)),
        LayerEntry(
            "conv", Conv2D(1), .count(\.filters, "FILTERS"), .place(\.window, "WINDOW"), .value("stride", \.stride),
            .value("padding", \.padding), .value("dilation", \.dilation), .value("groups", \.groups),
            .flag("no-bias", \.hasBias, sets: false), .value("init", \.initializer)),
        LayerEntry(
            "maxpool", MaxPool2D(), .place(\.window, "WINDOW"), .value("stride", \.stride), .value("padding", \.padding),
            .value("dilation", \.dilation), .value("ties", \.ties)),
        LayerEntry(
            "avgpool", AveragePool2D(), .place(\.window, "WINDOW"), .value("stride", \.stride), .value("padding", \.padding)),
        LayerEntry("global-avgpool", GlobalAveragePool2D()),
        LayerEntry("dropout", Dropout(0.5), .number(\.rate, "RATE", isRequired: true), .flag("channels", \.dropsChannels)),
        LayerEntry("batchnorm", BatchNorm(), .number(\.momentum, key: "momentum"), .number(\.epsilon, key: "epsilon")),
        LayerEntry("layernorm", LayerNorm(), .number(\.epsilon, key: "epsilon")),
        LayerEntry("flatten", Flatten()),
        LayerEntry("residual", Residual.self),
        LayerEntry("sum", Sum.self),
        LayerEntry("concat", Concatenation.self),
        LayerEntry("mean", Mean.self),
        LayerEntry("vote", Vote.self),

        LayerEntry("relu", ReLU(), .kink("at-zero", \.atZero), activation: .he),
        LayerEntry("leaky-relu", LeakyReLU(), .number(\.slope, "SLOPE"), .kink("at-zero", \.atZero), activation: .he),
        LayerEntry("prelu", PReLU(), .kink("at-zero", \.atZero), activation: .he),
        LayerEntry("relu6", ReLU6(), .kink("at-bounds", \.atBounds), activation: .he),
        LayerEntry("elu", ELU(), .number(\.alpha, "ALPHA"), .kink("at-zero", \.atZero), activation: .he),
        LayerEntry("gelu", GELU(), activation: .he),
        LayerEntry("silu", SiLU(), activation: .he),
        LayerEntry("softplus", Softplus(), .number(\.sharpness, "SHARPNESS"), activation: .he),
        LayerEntry("sigmoid", Sigmoid(), activation: .glorot),
        LayerEntry("tanh", Tanh(), activation: .glorot),
        LayerEntry("hard-sigmoid", HardSigmoid(), .kink("at-bounds", \.atBounds), activation: .glorot),
        LayerEntry("hard-tanh", HardTanh(), .kink("at-bounds", \.atBounds), activation: .glorot),
        LayerEntry("abs", Absolute(), .kink("at-zero", \.atZero), activation: .he),
        LayerEntry("sin", SineActivation(), activation: .glorot),
    ]

    private static let table = Mutex(shipped)

    static var entries: [LayerEntry] { table.withLock { $0 } }
    static func entry(named name: String) -> LayerEntry? { entries.first { $0.name == name } }
    static func entry(for layer: any Layer) -> LayerEntry? {
        let type = ObjectIdentifier(type(of: layer))
        return entries.first { ObjectIdentifier($0.type) == type }
    }

    /// The names of all layers.
    public static var names: [String] { entries.map(\.name) }

    /// Makes a layer of your own one of the catalog's: models with it are saved and read, `inspect` prints it, and
    /// the layer language knows it, its settings as JSON: `scaled-mish {"scale":2}`.
    ///
    /// - Parameters:
    ///   - name: Letters, digits and hyphens, a letter first. Model files know the layer by it.
    ///   - activation: How weights before it are usually drawn, where it is an activation: recipes then take it as one.
    /// - Throws: ``RectifierError`` where another type has the name, or the type another name. Registering a type
    ///   again under its name changes nothing.
    public static func register<L: Layer & Codable>(
        _ type: L.Type, name: String, activation usualInitializer: Initializer? = nil
    ) throws {
        try register(LayerEntry(coded: type, name, activation: usualInitializer))
    }

    /// The same for a layer that tells how its settings are spelled: `scaled-mish 2`.
    ///
    /// - Parameters:
    ///   - usual: What the layer is where its text says no more than the name.
    ///   - arguments: The settings, in the order in which they are printed.
    public static func register<L: Layer & Codable>(
        _ usual: L, name: String, arguments: [LayerArgument<L>], activation usualInitializer: Initializer? = nil
    ) throws {
        try register(LayerEntry(name, usual, arguments, activation: usualInitializer))
    }

    private static func register(_ entry: LayerEntry) throws {
        guard isName(entry.name), ![LayerParser.identity, Activation.linear.spelling].contains(entry.name) else {
            throw RectifierError(
                .setting, "'\(entry.name)' cannot be a layer's name: take letters, digits and hyphens, a letter first")
        }
        try table.withLock { entries in
            let type = ObjectIdentifier(entry.type)
            for old in entries where old.name == entry.name || ObjectIdentifier(old.type) == type {
                guard old.name == entry.name else {
                    throw RectifierError(
                        .setting, "the layer \(entry.type) is registered as '\(old.name)', so it cannot be '\(entry.name)'")
                }
                guard ObjectIdentifier(old.type) == type else {
                    throw RectifierError(.setting, "the layer name '\(entry.name)' is \(old.type)'s; register \(entry.type) under another")
                }
                return
            }
            entries.append(entry)
        }
    }
}
