import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

struct LayerLanguageTests {
    // MARK: What is printed is read back

    /// A layer of that name with random settings.
    private func random(_ name: String, _ numbers: inout Numbers, depth: Int) throws -> any Layer {
        func any<Value>(_ values: Value...) -> Value { values[numbers.integer(below: values.count)] }
        func number() -> Double {
            any(numbers.uniform(in: -3...3), 1, 2, 0.1 + 0.2, 1e-300, .leastNonzeroMagnitude, -1e16, 123_456_789, -0.0)
        }
        func kink() -> KinkValue { any(0, 0.5, 1, KinkValue(numbers.uniform()), .unsound(numbers.uniform(in: -9...9)), .unsound(2)) }
        func extent() -> Extent { any(2, Extent(1 + numbers.integer(below: 9), 1 + numbers.integer(below: 9))) }
        func padding() -> Padding { any(.valid, .same, .pixels(extent())) }
        func layers() throws -> [any Layer] { depth > 2 ? [] : try self.layers(&numbers, depth: depth + 1) }
        func branches() throws -> [[any Layer]] { try (0...numbers.integer(below: 3)).map { _ in try layers() } }
        switch name {
        case "dense":
            let initializer: Initializer = any(
                .he, .heUniform, .glorot, .glorotUniform, .lecun, .lecunUniform, .orthogonal(), .orthogonal(gain: number()),
                .uniform(Swift.abs(number()) + 0.1), .constant(numbers.uniform()), .zeros)
            return Dense(1 + numbers.integer(below: 1_000_000), initializer: initializer, hasBias: any(true, false))
        case "conv": return Conv2D(1 + numbers.integer(below: 99), window: extent(), stride: extent(), padding: padding())
        case "maxpool":
            return MaxPool2D(
                extent(), stride: any(nil, extent()), dilation: any(1, extent()), padding: padding(), ties: any(.first, .second, .split))
        case "avgpool": return AveragePool2D(extent(), stride: any(nil, extent()), padding: padding())
        case "global-avgpool": return GlobalAveragePool2D()
        case "dropout": return Dropout(number(), channels: any(true, false))
        case "batchnorm": return any(BatchNorm(), BatchNorm(momentum: number()), BatchNorm(momentum: number(), epsilon: number()))
        case "layernorm": return any(LayerNorm(), LayerNorm(epsilon: number()))
        case "flatten": return Flatten()
        case "residual": return Residual(layers: try layers())
        case "sum": return Sum(branches: try branches())
        case "concat": return Concatenation(branches: try branches())
        case "mean": return Mean(branches: try branches())
        case "vote": return Vote(branches: try branches())
        case "relu": return ReLU(atZero: kink())
        case "leaky-relu": return any(LeakyReLU(), LeakyReLU(slope: number(), atZero: any(nil, kink())))
        case "prelu": return PReLU(atZero: kink())
        case "relu6": return ReLU6(atBounds: kink())
        case "elu": return any(ELU(), ELU(alpha: number(), atZero: any(nil, kink())))
        case "gelu": return GELU()
        case "silu": return SiLU()
        case "softplus": return any(Softplus(), Softplus(sharpness: number()))
        case "sigmoid": return Sigmoid()
        case "tanh": return Tanh()
        case "hard-sigmoid": return HardSigmoid(atBounds: kink())
        case "hard-tanh": return HardTanh(atBounds: kink())
        case "abs": return Absolute(atZero: kink())
        case "sin": return SineActivation()
        default: throw RectifierError(.setting, "no random \(name): add it to this test")
        }
    }

    private func layers(_ numbers: inout Numbers, depth: Int = 0) throws -> [any Layer] {
        let names = LayerCatalog.shipped.map(\.name)
        return try (0..<numbers.integer(below: 6)).map { _ in
            try random(names[numbers.integer(below: names.count)], &numbers, depth: depth)
        }
    }

    @Test(arguments: LayerCatalog.shipped.map(\.name)) func everyLayerIsReadBackExactly(_ name: String) throws {
        var numbers = Numbers(seed: name.utf8.reduce(0) { $0 &* 31 &+ Int($1) })
        for _ in 0..<200 {
            let layer = try random(name, &numbers, depth: 2)
            let list = try LayerList([layer])
            #expect("\(try LayerList(list.spelling).layers)" == "\([layer])", "\(list)")
        }
    }

    @Test func listsAreReadBackExactlyWhateverTheirSpace() throws {
        var numbers = Numbers(seed: 11)
        for _ in 0..<500 {
            let layers = try layers(&numbers), list = try LayerList(layers)
            #expect("\(try LayerList(list.spelling).layers)" == "\(layers)", "\(list)")
            #expect(try JSONDecoder().decode([LayerList].self, from: JSONEncoder().encode([list])) == [list])
            let spread = list.spelling.map { ",()| ".contains($0) ? "\n\($0)\t" : "\($0)" }.joined()
            #expect(try LayerList(spread) == list, "\(spread)")
        }
    }

    /// Damaged texts are read or refused in one line, and what is read is printed and read back.
    @Test func damagedTextsAreReadOrRefused() throws {
        var numbers = Numbers(seed: 12)
        let letters = Array(",()|{}\"\\= 0.-:eé\n") + Array("identitydense")
        var read = 0
        for _ in 0..<20_000 {
            var text = Array(try LayerList(layers(&numbers, depth: 2)).spelling)
            for _ in 0..<1 + numbers.integer(below: 3) {
                let place = numbers.integer(below: text.count), letter = letters[numbers.integer(below: letters.count)]
                switch numbers.integer(below: 3) {
                case 0: text[place] = letter
                case 1: text.insert(letter, at: place)
                default: text.removeSubrange(place..<min(text.count, place + 1 + numbers.integer(below: 4)))
                }
                if text.isEmpty { text = [letter] }
            }
            do {
                let list = try LayerList(String(text))
                #expect(try LayerList(list.spelling).spelling == list.spelling, "\(String(text))")
                read += 1
            } catch let error as RectifierError {
                #expect(error.kind == .setting && error.description.hasPrefix("character "), "\(String(text)): \(error)")
                #expect(!error.description.contains("\n"))
            }
        }
        #expect(read > 100)
    }

    @Test func settingsAreWritten() throws {
        func spelling(_ layers: any Layer...) throws -> String { try LayerList(layers).spelling }
        #expect(try spelling(Dense(512), ReLU(), Dropout(0.2), Dense(10, initializer: .glorot)) == "dense 512, relu, dropout 0.2, dense 10")
        let residual = Residual {
            Dense(64); ReLU(); Dense(64, hasBias: false)
        }
        #expect(try spelling(residual) == "residual(dense 64, relu, dense 64 no-bias init=he)")
        #expect(try spelling(Concatenation([Dense(8)], [], [Tanh()])) == "concat(dense 8 init=he | identity | tanh)")
        #expect(try spelling(LeakyReLU(slope: 0.1), LeakyReLU(), Softplus(sharpness: 2)) == "leaky-relu 0.1, leaky-relu, softplus 2")
        #expect(try spelling(ReLU(atZero: .unsound(2)), HardTanh(atBounds: 1)) == "relu at-zero=unsound:2, hard-tanh at-bounds=1")
        #expect(try spelling(MaxPool2D(), MaxPool2D(3, stride: 2, padding: .same)) == "maxpool, maxpool 3 stride=2 padding=same")
        #expect(
            try spelling(MaxPool2D(Extent(2, 3), padding: .pixels(1), ties: .split), AveragePool2D(4), GlobalAveragePool2D())
                == "maxpool 2x3 padding=1 ties=split, avgpool 4, global-avgpool")
        #expect(try spelling(BatchNorm(), BatchNorm(momentum: 0.01), LayerNorm()) == "batchnorm, batchnorm momentum=0.01, layernorm")
        #expect(try spelling(BatchNorm(epsilon: 0.001), Dropout(0.2, channels: true)) == "batchnorm epsilon=0.001, dropout 0.2 channels")
        #expect(try spelling() == "identity" && LayerList("identity").layers.isEmpty)
        #expect(try LayerList("dense no-bias 8 init=orthogonal:0.50").spelling == "dense 8 no-bias init=orthogonal:0.5")
    }

    /// Weights are drawn as the activation behind them needs, if nothing is said.
    @Test func initializersThatAreNotWritten() throws {
        func initializers(_ text: String) throws -> [Initializer] { try LayerList(text).layers.compactMap { ($0 as? Dense)?.initializer } }
        #expect(try initializers("dense 8, relu, dense 8, tanh, dense 2") == [.he, .glorot, .glorot])
        #expect(try initializers("dense 8, batchnorm, relu, dense 8, layernorm, tanh, dense 8, batchnorm") == [.he, .glorot, .glorot])
        #expect(try initializers("dense 8, dropout 0.5, gelu, dense 8, dense 8, relu") == [.he, .glorot, .he])
        #expect(try initializers("dense 8, residual(relu), dense 8 init=lecun, relu") == [.glorot, .lecun])
    }

    // MARK: What is wrong is named

    @Test(arguments: [
        ("", "character 1: a layer is expected, not the end"),
        ("dense 8,", "character 9: a layer is expected, not the end"),
        ("dense 8, , relu", "character 10: a layer is expected, not ','"),
        ("dense 8, tahn", "character 10: there is no layer 'tahn'; did you mean 'tanh'?"),
        ("dense 8, quelle", "character 10: there is no layer 'quelle'; there are dense,"),
        ("dens 8", "character 1: there is no layer 'dens'; did you mean 'dense'?"),
        ("dense", "character 1: dense needs a number behind it: dense UNITS [no-bias] [init=INIT]"),
        ("dense 0", "character 7: UNITS must be a whole number from 1 to 1000000, not '0'"),
        ("dense 8 9", "character 9: dense takes no '9'; it is written: dense UNITS"),
        ("dense 8 no-bais", "character 9: dense takes no 'no-bais'; did you mean 'no-bias'?"),
        ("dense 8 no-bias no-bias", "character 17: no-bias is given twice"),
        ("dense 8 init=", "character 9: there is no initializer ''"),
        ("dense 8 inti=he", "character 9: dense takes no 'inti=he'; did you mean 'init'?"),
        ("relu at-zero=x", "character 6: at-zero=VALUE must be a number or unsound:NUMBER, not 'x'"),
        ("leaky-relu nan", "character 12: SLOPE must be a number, not 'nan'"),
        ("relu(dense 8)", "character 1: relu takes no layers in parentheses"),
        ("residual", "character 1: residual takes layers in parentheses: residual(dense 64, relu, dense 64)"),
        ("residual 8 (relu)", "character 10: residual takes layers in parentheses, not '8'"),
        ("residual(relu | relu)", "character 1: residual has one list of layers"),
        ("sum(relu", "character 9: a ',', '|' or ')' is expected, not the end"),
        ("sum(relu))", "character 10: a ',' or the end is expected, not ')'"),
        ("sum(relu) relu", "character 11: a ',' or the end is expected, not 'relu'"),
        ("identity, relu", "character 1: 'identity' stands for no layers"),
        ("relu {", "character 6: the '{' is not closed"),
        ("relu {\"\n\"}", "character 6: relu takes no '{\" \"}'"),
        ("dense {\n}", "character 7: UNITS must be a whole number from 1 to 1000000, not '{ }'"),
        (String(repeating: "x", count: 200_000), "character 1: there is no layer '\(String(repeating: "x", count: 60))…'; there are"),
        (String(repeating: "sum(", count: 200_000), "character 401: layers lie inside each other more than 100 deep"),
    ]) func mistakes(_ text: String, _ says: String) throws {
        let error = try #require(throws: RectifierError.self) { try LayerList(text) }
        #expect(error.description.hasPrefix(says), "\(error)")
        #expect(error.kind == .setting && !error.description.contains("\n"))
    }

    @Test func layersWithoutASpellingAreNamed() throws {
        let mine = Function("mine") { x, _ in x }
        #expect(throws: RectifierError(.setting, "the layer mine is code and has no spelling; LayerCatalog.register gives it one")) {
            try LayerList([Residual(layers: [mine])])
        }
    }

    // MARK: In recipes

    private func settings(_ json: String) throws -> NetworkSettings {
        let settings = try Recipe(json: Data(#"{"network": \#(json)}"#.utf8)).network
        try settings.validate()
        let written = try JSONEncoder().encode([settings])
        #expect(try JSONDecoder().decode([NetworkSettings].self, from: written) == [settings])
        return settings
    }

    @Test func bothFormsMakeTheSameNetwork() throws {
        func spelling(_ json: String, input: [Int], outputs: Int) throws -> String {
            try LayerList(Network(settings(json), input: input, outputs: outputs).layers).spelling
        }
        for (keys, text) in [
            (#"{"layers": [8, 4], "dropout": 0.25}"#, #""dense 8, relu, dropout 0.25, dense 4, relu, dropout 0.25, dense 3""#),
            (
                #"{"layers": [8], "activation": "leaky-relu 0.5", "atZero": 0.5}"#,
                #"{"layers": "dense 8, leaky-relu 0.5, dense 3", "atZero": 0.5}"#
            ),
            (#"{"layers": [8], "activation": "sin", "initialiser": "he"}"#, #""dense 8 init=he, sin, dense 3 init=he""#),
            (#"{"layers": []}"#, #"{"layers": "dense 3"}"#),
        ] {
            for input in [[5], [2, 3]] {
                let one = try spelling(keys, input: input, outputs: 3), other = try spelling(text, input: input, outputs: 3)
                #expect(one == other)
                #expect(one.hasPrefix("flatten, ") == (input.count > 1))
            }
        }
        #expect(try spelling(#""flatten, dense 2""#, input: [2, 2], outputs: 2) == "flatten, dense 2")
        // The derivative at zero reaches kinks at any depth.
        #expect(
            try spelling(#"{"layers": "residual(relu, tanh), sum(abs | elu 0.5 | elu)", "atZero": 1}"#, input: [2], outputs: 2)
                == "residual(relu at-zero=1, tanh), sum(abs at-zero=1 | elu 0.5 at-zero=1 | elu)")
    }

    @Test func mistakesInRecipes() throws {
        func message(_ json: String, outputs: Int = 10) -> String {
            do { return "\(try Network(settings(json), input: [4], outputs: outputs).outputShape)" } catch { return "\(error)" }
        }
        #expect(message(#""dense 12""#) == "the network's layers end in 12 outputs, the data need 10: let the last one be dense 10")
        #expect(message(#""dense 10""#) == "[10]")
        #expect(message(#"{"layers": "dense 10", "dropout": 0.5}"#).contains("spelled out"))
        #expect(message(#"{"layers": "tanh, dense 10", "atZero": 0.5}"#).contains("the network has none"))
        #expect(message(#"{"layers": "tanh, dense 10", "loss": "absolute-error", "atZero": 0.5}"#) == "[10]")
        #expect(message(#"{"layers": "relu at-zero=2, dense 10"}"#).hasPrefix("relu1: relu: 2 is no derivative"))
    }

    @Test func titles() throws {
        var settings = NetworkSettings()
        settings.layers = [8, 4]
        #expect(settings.title(width: 9) == "8-4 relu")
        settings = NetworkSettings()
        settings.allLayers = try LayerList("dense 8, relu, dense 2")
        #expect(settings.title(width: 22) == "dense 8, relu, dense 2" && settings.title(width: 21) == "3 layers")
    }

    /// Twice as many layers take about twice as long.
    @Test func deepNetworksAreReadAndBuiltQuickly() throws {
        func seconds(_ count: Int) throws -> Double {
            let text = [String](repeating: "residual(dense 2, relu)", count: count).joined(separator: ", ")
            var printed = ""
            let time = try ContinuousClock().measure {
                printed = try LayerList(Network(input: [2], layers: LayerList(text).layers).layers).spelling
            }
            #expect(printed.hasSuffix("relu)"))
            return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
        }
        _ = try seconds(10)
        let few = try (0..<3).map { _ in try seconds(500) }.min()!, many = try (0..<3).map { _ in try seconds(4000) }.min()!
        // Eight times, where a quadratic build would take 64 times.
        #expect(many < 24 * few, "\(few) s and \(many) s")
    }
}
