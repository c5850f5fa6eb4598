import Foundation
import Rectifier

/// Throws where a file could not be written: before the work rather than after.
func checkOutputFile(_ path: String) throws {
    let url = URL(fileURLWithPath: path), files = FileManager.default
    var isFolder: ObjCBool = false
    if files.fileExists(atPath: url.path, isDirectory: &isFolder) {
        guard !isFolder.boolValue else { throw RectifierError(.output, "\(path): is a folder; name a file") }
        guard files.isWritableFile(atPath: url.path) else { throw RectifierError(.output, "\(path): cannot be written to") }
        return
    }
    let folder = url.standardizedFileURL.deletingLastPathComponent()
    guard files.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
        throw RectifierError(.output, "\(path): there is no folder \(folder.path)")
    }
    guard files.isWritableFile(atPath: folder.path) else { throw RectifierError(.output, "\(path): \(folder.path) cannot be written to") }
}
