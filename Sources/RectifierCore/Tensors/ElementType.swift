import CRectifierKernels

/// What a program's numbers are stored as.
///
/// Sums and elementwise arithmetic are done in `double` for ``float64`` and in `float` for all others. Weights trained
/// in a 16-bit type are kept in `float`, with a rounded copy for the products.
public enum ElementType: String, Sendable, Codable, CaseIterable {
    case float32, float64, bfloat16, float16

    package var kernelType: rk_type {
        switch self {
        case .float32: RK_FLOAT32
        case .float64: RK_FLOAT64
        case .bfloat16: RK_BFLOAT16
        case .float16: RK_FLOAT16
        }
    }

    /// Bytes of one element.
    public var size: Int { Int(rk_type_size(kernelType)) }

    /// The type that sums and weights are kept in.
    public var computing: ElementType { self == .float64 ? .float64 : .float32 }
}
