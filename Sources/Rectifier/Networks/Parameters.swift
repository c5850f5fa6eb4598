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
}

extension Parameters: Sequence {
    public func makeIterator() -> some IteratorProtocol<(name: String, tensor: Tensor)> {
        names.lazy.map { (name: $0, tensor: tensors[$0]!) }.makeIterator()
    }
}
