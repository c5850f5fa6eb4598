import Foundation
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

/// A model that 0.1 wrote, as it wrote it, and as it did before some keys got other names.
struct OldModelTests {
    static let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Fixtures/model-0.1").standardizedFileURL

    @Test(arguments: [[:], ["initializer": "initialiser"]]) func aModelOfAnOlderVersionIsRead(_ renamed: [String: String]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("rectifier-old-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.fixture, to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in ["model.json", "recipe.json"] {
            let file = folder.appendingPathComponent(name)
            var text = try String(contentsOf: file, encoding: .utf8)
            for (new, old) in renamed {
                #expect(text.contains("\"\(new)\""))
                text = text.replacing("\"\(new)\"", with: "\"\(old)\"")
            }
            #expect(text.contains("\"orthogonal:2.0\"") && text.contains("\"step\""))
            try Data(text.utf8).write(to: file)
        }
        let model = try Model(contentsOf: folder)
        #expect(
            try LayerList(model.network.layers).spelling
                == "dense 4 init=orthogonal:2, leaky-relu at-zero=0.505, dropout 0.25, dense 2 init=orthogonal:2")
        #expect(model.weightsSHA256 == "910f2d36523eeecb28e4b8f226a0d406701e5c59bfe322bd63a62c242d38d21d")
        #expect(model.recipe?.training.schedule == .staircase(every: 1, factor: 0.5))
        #expect(model.recipe?.network.initializer == .orthogonal(gain: 2))
        #expect(try model.recipe == Recipe(contentsOf: folder))
        // Its recipe makes the same network.
        let recipe = try #require(model.recipe)
        let network = try Network(recipe.network, input: [2], outputs: 2)
        #expect(try LayerList(network.layers) == LayerList(model.network.layers))
        // And is written as it is written today.
        try model.write(to: folder)
        #expect(try Model(contentsOf: folder).weightsSHA256 == model.weightsSHA256)
    }
}
