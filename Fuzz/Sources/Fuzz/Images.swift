import CZlib
import Foundation

@testable import Rectifier

/// A PNG file whose chunks are made to have the right checksums, which the fuzzer cannot find. What cannot be one stays
/// as it is.
func withChecksums(_ input: [UInt8]) -> [UInt8] {
    var file = input, place = 8
    while place + 12 <= file.count {
        let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        guard length <= file.count - place - 12 else { break }
        let end = place + 8 + length
        let sum = file[place + 4..<end].withUnsafeBytes {
            crc32(0, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), uInt($0.count))
        }
        for i in 0..<4 { file[end + i] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * uLong(i))) }
        place = end + 4
    }
    return file
}

/// A batch of CIFAR: as it is, or as labels of so many records, whose pixels are made up, because a record is long.
func readBatch(_ input: [UInt8], _ options: UInt8) throws {
    let file = modelFolder.appendingPathComponent(["data_batch_1.bin", "train.bin", "x.bin"][Int(options >> 4) % 3])
    defer { try? FileManager.default.removeItem(at: file) }
    let labels = input.prefix(8), isHundred = options & 2 != 0
    let records = labels.flatMap { label in [label] + (isHundred ? [label] : []) + [UInt8](repeating: label, count: 3072) }
    let content = options & 1 == 0 ? input : records + input.dropFirst(64)
    try Data(content).write(to: file)
    let files = try FileManager.default.contentsOfDirectory(at: modelFolder, includingPropertiesForKeys: nil)
    let target = options & 4 == 0 ? nil : "coarse"
    let batches =
        options & 8 == 0
        ? try CIFAR(file: file, length: content.count, name: "input", target: target)
        : try CIFAR(files: files, in: modelFolder, name: "input", target: target)
    guard let arrays = try batches?.read(name: { $0.lastPathComponent }, needsLabels: true).training else { return }
    _ = try arrays.fitted(settings: DataSettings(), share: 0.2, seed: 1)
}
