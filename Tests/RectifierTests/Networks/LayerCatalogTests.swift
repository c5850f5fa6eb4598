import Dispatch
import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// x · tanh(softplus(x)) · scale, with a learned shift.
private struct Mish: Layer, Codable {
    var scale = 1.0
    var label: String?
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        let shift = try build.parameter("shift", shape: [x.shape[1]], initializer: .uniform(0.5), decays: false)
        return try (x * tanh(softplus(x)) + shift) * .constant(scale)
    }
}

/// A kinked one of one's own.
private struct Shrink: KinkedLayer, Codable {
    var width = 1.0
    var isSoft = false
    var atZero: KinkValue = 0
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula {
        try relu(abs(x) - .constant(width), atZero: atZero)
    }
    func atKinks(_ share: KinkValue) -> Shrink { Shrink(width: width, isSoft: isSoft, atZero: share) }
}

private struct Unknown: Layer, Codable {
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { x }
}

private struct Another: Layer, Codable {
    func callAsFunction(_ x: Formula, in build: inout NetworkBuild) throws -> Formula { x }
}

struct LayerCatalogTests {
    private func message(_ body: () throws -> Void) -> String {
        do { try body() } catch { return "\(error)" }
        return "nothing"
    }

    @Test func aRegisteredLayerIsSavedSpelledAndReadBack() throws {
        try LayerCatalog.register(Mish.self, name: "test-mish", activation: .lecun)
        try LayerCatalog.register(
            Shrink(), name: "test-shrink",
            arguments: [.number(\.width, key: "width"), .flag("soft", \.isSoft), .kink("at-zero", \.atZero)])
        let text =
            #"dense 8, test-mish {"scale":1}, dense 4, residual(test-mish {"label":"a, (b) }","scale":2}), "#
            + "test-shrink width=0.25 soft, dense 2"
        let list = try LayerList(text)
        #expect(list.spelling == text)
        #expect((list.layers[0] as? Dense)?.initializer == .lecun)
        #expect((list.layers[4] as? Shrink)?.width == 0.25)
        #expect(Activation.names.contains("test-mish") && !Activation.names.contains("test-shrink"))
        #expect(try Activation(#"test-mish {"scale":3}"#).usualInitializer == .lecun)

        let network = try Network(input: [3], layers: list.layers)
        let model = Model(network: network, loss: .squaredError, parameters: try network.initialParameters(seed: 4))
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rectifier-catalog-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try model.write(to: folder)
        let read = try Model(contentsOf: folder)
        #expect(try LayerList(read.network.layers) == list && read.parameters == model.parameters)
        #expect(try network.gradientCheck(samples: 3).passes)

        var settings = NetworkSettings()
        settings.allLayers = list
        settings.atZero = 1
        let set = try LayerList(Network(settings, input: [3], outputs: 2).layers)
        #expect(set.spelling.contains("test-shrink width=0.25 soft at-zero=1"))
        #expect(message { _ = try LayerList("test-mish") }.hasSuffix("takes its settings as a JSON object: scale is missing"))
        #expect(message { _ = try LayerList("test-mish 3") }.hasPrefix("character 11: test-mish takes its settings as a JSON object"))
        #expect(message { _ = try LayerList(#"test-mish {"scale":"x"}"#) }.contains("scale has the wrong type"))
    }

    @Test func namesAreTakenOnce() throws {
        try LayerCatalog.register(Another.self, name: "test-another")
        try LayerCatalog.register(Another.self, name: "test-another")
        #expect(message { try LayerCatalog.register(Unknown.self, name: "test-another") }.contains("'test-another' is Another's"))
        #expect(message { try LayerCatalog.register(Another.self, name: "test-other") }.contains("registered as 'test-another'"))
        #expect(message { try LayerCatalog.register(Unknown.self, name: "relu") }.contains("'relu' is ReLU's"))
        for name in ["", "a b", "1x", "a,b", "identity", "linear", "größe", "-x"] {
            #expect(message { try LayerCatalog.register(Unknown.self, name: name) }.contains("cannot be a layer's name"), "\(name)")
        }
        #expect(LayerCatalog.names.filter { $0 == "test-another" }.count == 1)
    }

    @Test func manyThreadsMayRegister() {
        DispatchQueue.concurrentPerform(iterations: 200) { index in
            #expect(throws: Never.self) {
                try LayerCatalog.register(Another.self, name: "test-another")
                #expect(try LayerList("test-another, relu").layers.count == 2)
            }
        }
    }

    @Test func unknownLayersSayWhatToDo() throws {
        let network = try Network(input: [2], layers: [Unknown()])
        #expect(message { _ = try JSONEncoder().encode(network) }.contains("LayerCatalog.register"))
        let json = #"{"input": [2], "layers": [{"layer": "swirl", "turns": 2}]}"#
        let error = message { _ = try JSONDecoder().decode(Network.self, from: Data(json.utf8)) }
        #expect(error.contains(#"there is no layer "swirl""#) && error.contains("LayerCatalog.register"))
    }

    @Test func branchesAreBuiltAndSaved() throws {
        let network = try Network(input: [4]) {
            Sum([Dense(4)], [], [Dense(3), ReLU(), Dense(4)])
            Concatenation([Dense(2), Tanh()], [], [Dense(3)])
            Dense(2)
        }
        let names = "sum1.dense1, sum1.dense2, sum1.relu1, sum1.dense3, concat1.dense1, concat1.tanh1, concat1.dense2, dense1"
        #expect(network.summary.rows.map(\.name).joined(separator: ", ") == names)
        #expect(network.summary.rows.last?.multiplyAdds == 9 * 2)
        let written = try JSONEncoder().encode(network), read = try JSONDecoder().decode(Network.self, from: written)
        #expect(try LayerList(read.layers) == LayerList(network.layers))
        #expect(try network.gradientCheck(loss: .softmaxCrossEntropy).passes)
        func message(_ layer: any Layer) -> String { self.message { _ = try Network(input: [4], layers: [layer]) } }
        #expect(message(Sum([Dense(3)], [])) == "sum1: branch 1 gives [batch, 3], branch 2 [batch, 4], which cannot be joined")
        #expect(message(Sum()) == "sum1: needs at least one branch")
        #expect(message(Concatenation([Dense(3)], [Dense(0)])) == "concat1.dense2: needs at least 1 unit, not 0")
        let image = self.message { _ = try Network(input: [2, 3]) { Concatenation([], [Flatten()]) } }
        #expect(image == "concat1: branch 1 gives [batch, 2, 3], branch 2 [batch, 6], which cannot be joined")
        #expect(message(Residual(layers: [])) == "nothing" && message(Sum([], [])) == "nothing")
    }
}
