/// Networks that people know by name, for images.
///
/// A recipe names one, `"network": "vgg6"`; the plan, and so the model, has its layers.
public enum NamedNetwork: String, CaseIterable, Sendable, Codable {
    /// Two convolutions with pooling, of 32 and 64 filters, and 128 units: what MNIST and its kin need.
    case lenet
    /// Six convolutions in pairs of 64, 128 and 256 filters with pooling behind each, and 256 units (after Simonyan and
    /// Zisserman 2014).
    case vgg6
    /// Twenty layers in residual blocks of 16, 32 and 64 filters with batch normalization (He et al. 2015, section
    /// 4.2).
    case resnet20

    /// The layers, in the layer language.
    /// - Parameter outputs: Of the last one.
    public func layers(outputs: Int) throws -> LayerList {
        let text =
            switch self {
            case .lenet: "conv 32, relu, maxpool 2, conv 64, relu, maxpool 2, flatten, dense 128, relu, "
            case .vgg6:
                [64, 128, 256].map { "conv \($0), relu, conv \($0), relu, maxpool 2, " }.joined() + "flatten, dense 256, relu, "
            case .resnet20:
                "conv 16 no-bias, batchnorm, relu, " + [16, 32, 64].map(Self.stage).joined() + "global-avgpool, "
            }
        return try LayerList(text + "dense \(outputs)")
    }

    /// Three blocks, of which the first one of a wider stage halves the image.
    private static func stage(_ filters: Int) -> String {
        (0..<3).map { block in
            let halves = filters > 16 && block == 0, stride = halves ? " stride=2" : ""
            let inner = "conv \(filters)\(stride) no-bias, batchnorm, relu, conv \(filters) no-bias, batchnorm"
            let past = halves ? "conv \(filters) 1 stride=2 no-bias, batchnorm" : "identity"
            return "sum(\(past) | \(inner)), relu, "
        }.joined()
    }
}
