import Foundation
import Rectifier

/// A folder that the driver wrote: `workload.json`, and in `tensors.safetensors` the initial weights and the data.
struct Workload {
    struct Description: Decodable {
        enum Kind: String, Decodable { case train, infer }
        var kind: Kind
        /// The shape of a sample.
        var input: [Int]
        /// In the layer language.
        var network: String
        /// What `--network` calls it.
        var named: NamedNetwork?
        var loss: Loss
        var optimizer: Optimizer
        var learningRate: Double
        var batchSize: Int
        /// In the whole comparison.
        var epochs: Int
        var threads: Int
        /// Where the samples are not tensors but a folder of images, which then are taken in the order of the tensor
        /// `order`.
        var data: String?
        /// Inference only: the model's folder.
        var model: String?
        /// Whether gradients get their verdicts, the default of the library.
        var census: Bool?
    }

    let description: Description
    private let tensors: [String: Tensor]

    init(contentsOf folder: URL) throws {
        description = try JSONDecoder().decode(Description.self, from: Data(contentsOf: folder.appendingPathComponent("workload.json")))
        let file = try SafeTensors(contentsOf: folder.appendingPathComponent("tensors.safetensors"))
        tensors = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0.tensor) })
    }

    func network() throws -> Network {
        let list = try LayerList(description.network)
        if let named = description.named, try named.layers(outputs: 10) != list {
            throw RectifierError(.setting, "\(named.rawValue) has other layers than the comparison")
        }
        return try Network(input: description.input, layers: list.layers)
    }

    /// The initial weights, under the names that the network gives them.
    func parameters() -> Parameters {
        var result = Parameters()
        for (name, tensor) in tensors where !["features", "targets", "labels", "order"].contains(name) { result[name] = tensor }
        return result
    }

    /// The training samples in the order in which they are taken, and the test samples where there are any.
    func data() throws -> (training: Dataset, test: Dataset?) {
        if let source = description.data {
            var settings = DataSettings()
            settings.source = source
            let loaded = try LoadedData(settings, seed: 0)
            return (try loaded.training.selecting(try tensor("order").doubles.map { Int32($0) }), loaded.heldOut)
        }
        let features = try tensor("features")
        let targets: Dataset.Targets
        if let labels = tensors["labels"] {
            let values = labels.doubles.map { Int32($0) }
            targets = .classes(values, names: (0...(values.max() ?? 0)).map { String($0) })
        } else {
            let values = try tensor("targets")
            targets = .values(values.floats, width: values.shape[1])
        }
        let dataset = try Dataset(
            count: features.shape[0], sampleShape: description.input, features: .floats(features.floats), targets: targets)
        return (dataset, nil)
    }

    private func tensor(_ name: String) throws -> Tensor {
        guard let tensor = tensors[name] else { throw RectifierError(.data, "the workload has no tensor \(name)") }
        return tensor
    }
}
