/// Samples with their targets, row by row, in memory.
public struct Dataset: Sendable {
    /// The features of all samples, one after another.
    public enum Features: Sendable {
        /// Byte images; a network is fed `Double(byte) * scale` (``Dataset/byteScale``).
        case bytes([UInt8])
        case floats([Float])
        case doubles([Double])
    }

    /// What is to be predicted.
    public enum Targets: Sendable {
        /// A class number per sample, and the names of the classes.
        case classes([Int32], names: [String])
        /// `width` numbers a sample.
        case values([Float], width: Int)
        /// The same in double precision.
        case doubleValues([Double], width: Int)
        /// Features only, as `predict` takes them.
        case none
    }

    /// What byte features are multiplied by.
    public static let byteScale = 1.0 / 255.0

    /// The number of samples.
    public var count: Int
    /// The shape of one sample: `[28, 28]`, `[13]`.
    public var sampleShape: [Int]
    public var features: Features
    public var targets: Targets

    /// Throws where counts contradict one another, a label is out of range, or a number is not finite.
    public init(count: Int, sampleShape: [Int], features: Features, targets: Targets) throws {
        self.count = count
        self.sampleShape = sampleShape
        self.features = features
        self.targets = targets
    }

    /// Elements in a sample.
    public var width: Int { sampleShape.reduce(1, *) }
}
