import CRectifierKernels

/// What features may be kept as. What a network is fed is said here, for kernels and for Swift alike.
protocol FeatureElement: Sendable {
    /// Their name in C.
    static var source: rk_source_type { get }
    /// What they are multiplied by on their way into a network.
    static var scale: Double { get }
    var number: Double { get }
    /// The place of the first one that is infinite or NaN.
    static func firstNotFinite(_ values: UnsafeBufferPointer<Self>) -> Int?
}

extension FeatureElement {
    static var scale: Double { 1 }
    /// As a network is fed it.
    var asFed: Double { number * Self.scale }
}

extension UInt8: FeatureElement {
    static var source: rk_source_type { RK_SOURCE_UINT8 }
    static var scale: Double { Dataset.byteScale }
    var number: Double { Double(self) }
    static func firstNotFinite(_ values: UnsafeBufferPointer<UInt8>) -> Int? { nil }
}

extension Float: FeatureElement {
    static var source: rk_source_type { RK_SOURCE_FLOAT32 }
    var number: Double { Double(self) }
    static func firstNotFinite(_ values: UnsafeBufferPointer<Float>) -> Int? {
        countNonFinite(values.baseAddress, count: values.count, RK_FLOAT32) == 0 ? nil : values.firstIndex { !$0.isFinite }
    }
}

extension Double: FeatureElement {
    static var source: rk_source_type { RK_SOURCE_FLOAT64 }
    var number: Double { self }
    static func firstNotFinite(_ values: UnsafeBufferPointer<Double>) -> Int? {
        countNonFinite(values.baseAddress, count: values.count, RK_FLOAT64) == 0 ? nil : values.firstIndex { !$0.isFinite }
    }
}
