import Foundation
import RectifierInstruments

@testable import Rectifier

// A model is several files. An input holds them one behind the other, with a record separator between them; the fuzzer
// cannot find checksums, so they are put in.

/// Where the files of an input go: in memory, where the system has such a folder.
let modelFolder: URL = {
    let memory = URL(fileURLWithPath: "/dev/shm")
    let base = FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    let made = base.appendingPathComponent("rectifier-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
    try! FileManager.default.createDirectory(at: made, withIntermediateDirectories: true)
    atexit(removeFolder)
    return made
}()

private func removeFolder() { try? FileManager.default.removeItem(at: modelFolder) }

/// `model.json` and `weights.safetensors`, and for a checkpoint `checkpoint.json` and `state.safetensors`.
func readModel(_ input: [UInt8], isCheckpoint: Bool) throws {
    let names = [["model.json", "weights.safetensors"], ["checkpoint.json", "state.safetensors"]]
    var parts = input.split(separator: 0x1e, maxSplits: isCheckpoint ? 3 : 1, omittingEmptySubsequences: false).map(Array.init)
    while parts.count < 4 { parts.append([]) }
    for (index, pair) in (isCheckpoint ? names : [names[0]]).enumerated() {
        let json = parts[2 * index].replacing("@sum@".utf8, with: SHA256.hex(of: parts[2 * index + 1]).utf8)
        try Data(json).write(to: modelFolder.appendingPathComponent(pair[0]))
        try Data(parts[2 * index + 1]).write(to: modelFolder.appendingPathComponent(pair[1]))
    }
    let samples = try Dataset(
        count: 3, sampleShape: [2], features: .floats([0, 1, -1, 0.5, 2, -3]), targets: .classes([0, 1, 0], names: ["a", "b"]))
    guard isCheckpoint else {
        let model = try Model(contentsOf: modelFolder)
        _ = model.network.summary.description
        _ = try model.predictions(for: samples, threads: 1)
        return
    }
    let checkpoint = try Checkpoint(contentsOf: modelFolder)
    let trainer = try Trainer(
        resuming: checkpoint, data: LoadedData(training: samples, preparation: checkpoint.model.preparation), threads: 1,
        probes: [KinkProbe()])
    let session = try TrainingSession(trainer)
    try session.step()
    _ = try session.epoch()?.kinks?.details
}
