import Foundation
import Rectifier
import RectifierReports

/// A file of events in a folder that TensorBoard looks at: `events.out.tfevents.<unix time>.<host>`.
///
/// Each call is one whole record in the file when it returns. A file is never appended to: a run that goes on begins
/// another one in the same folder, and TensorBoard joins them.
final class EventFile {
    let path: String
    private let file: Int32
    /// Bytes of whole records.
    private var length: off_t = 0

    /// Throws where no file could be made in a folder, which need not be there yet: before the work rather than after.
    static func check(_ folder: String) throws {
        var path = URL(fileURLWithPath: folder).standardizedFileURL.path
        var isFolder: ObjCBool = false
        while !FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), path != "/" {
            path = URL(fileURLWithPath: path).deletingLastPathComponent().path
        }
        guard isFolder.boolValue else { throw RectifierError(.output, "\(folder): \(path) is no folder; name another for the events") }
        guard access(path, W_OK | X_OK) == 0 else { throw RectifierError(.output, "\(folder): \(path) cannot be written to") }
    }

    /// Makes the folder where it is missing, and a file in it that says which format it has.
    init(in folder: String) throws {
        do {
            try FileManager.default.createDirectory(at: URL(fileURLWithPath: folder), withIntermediateDirectories: true)
        } catch {
            throw RectifierError(.output, "\(folder): the folder cannot be made")
        }
        let name = "\(folder)/events.out.tfevents.\(Int(Date().timeIntervalSince1970)).\(Self.host)"
        var opened: Int32 = -1, path = name
        // Two runs may begin in one second.
        for number in 1...1000 {
            opened = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
            guard opened < 0, errno == EEXIST else { break }
            path = "\(name).\(number)"
        }
        guard opened >= 0 else { throw RectifierError(.output, "\(path): cannot be written to: \(String(cString: strerror(errno)))") }
        (self.path, file) = (path, opened)
        try write(.fileVersion)
    }

    deinit { close(file) }

    /// Adds numbers by name, `loss/train`, at a step: those done since the run began.
    func write(scalars: [(tag: String, value: Double)], step: Int) throws {
        if !scalars.isEmpty { try write(.scalars(scalars, step: step)) }
    }

    private func write(_ record: EventRecord) throws {
        let bytes = record.bytes(wallTime: Date().timeIntervalSince1970)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Foundation.write(file, $0.baseAddress! + done, bytes.count - done) }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                let reason = String(cString: strerror(errno))
                // No half record is left.
                _ = ftruncate(file, length)
                throw RectifierError(.output, "\(path): cannot be written to: \(reason)")
            }
        }
        length += off_t(bytes.count)
    }

    /// The machine's name, of which only what any file system takes.
    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "localhost" }
        let kept = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.filter {
            UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20 || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                || [UInt8(ascii: "-"), UInt8(ascii: ".")].contains($0)
        }
        return kept.isEmpty ? "localhost" : String(decoding: kept, as: UTF8.self)
    }
}
