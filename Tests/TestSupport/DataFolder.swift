import Foundation

/// The folder of real data that `RECTIFIER_DATA` names; tests that need it are skipped where it is not given.
///
/// Its layout: `fashion-mnist`, `cifar10`, `tabular`, `spec/csv-spectrum`, `spec/npy`, `spec/safetensors`, and `oracle`
/// beside it.
public let dataFolder = ProcessInfo.processInfo.environment["RECTIFIER_DATA"].map { URL(filePath: $0) }
