import CRectifierKernels

/// The values of a network's parameters by name, in the network's order.
public struct Parameters: Sendable, Equatable {
    public private(set) var names: [String] = []
    private var tensors: [String: Tensor] = [:]

    public init() {}

    public subscript(name: String) -> Tensor? {
        get { tensors[name] }
        set {
            if newValue == nil { names.removeAll { $0 == name } } else if tensors[name] == nil { names.append(name) }
            tensors[name] = newValue
        }
    }

    /// Numbers in all tensors together. O(number of parameters).
    public var count: Int { tensors.values.reduce(0) { $0 + $1.count } }

    /// Numbers that are infinite or NaN, by parameter, where there are any. O(number of parameters).
    public var nonFinite: [(name: String, count: Int)] {
        compactMap { name, tensor in
            let found =
                switch tensor.storage {
                case .float32(let values): values.withUnsafeBytes { countNonFinite($0.baseAddress, count: values.count, RK_FLOAT32) }
                case .float64(let values): values.withUnsafeBytes { countNonFinite($0.baseAddress, count: values.count, RK_FLOAT64) }
                }
            return found > 0 ? (name, found) : nil
        }
    }
}

extension Parameters: Sequence {
    public func makeIterator() -> some IteratorProtocol<(name: String, tensor: Tensor)> {
        names.lazy.map { (name: $0, tensor: tensors[$0]!) }.makeIterator()
    }
}
