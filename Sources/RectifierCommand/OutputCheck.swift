import Foundation
import Rectifier

/// Throws where a model could not be written to the folder, or would replace something else: before hours of training
/// rather than after.
/// - Parameter marker: The file by which a folder of ours is known, and `what` it holds.
func checkOutput(_ folder: URL, marker: String = "model.json", of what: String = "a model") throws {
    let files = FileManager.default
    let name = folder.relativePath
    var isFolder: ObjCBool = false
    if files.fileExists(atPath: folder.path, isDirectory: &isFolder) {
        guard isFolder.boolValue else { throw RectifierError(.output, "\(name): is a file; --output names a folder") }
        let content = (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
        guard content.isEmpty || content.contains(marker) else {
            throw RectifierError(.output, "\(name): the folder holds something else than \(what); choose another --output")
        }
    }
    // The folder is written beside its place and renamed, so it is the folder around it that must take files.
    var parent = folder.standardizedFileURL.deletingLastPathComponent()
    while !files.fileExists(atPath: parent.path, isDirectory: &isFolder), parent.path != "/" { parent.deleteLastPathComponent() }
    guard isFolder.boolValue else { throw RectifierError(.output, "\(name): \(parent.lastPathComponent) is a file, not a folder") }
    guard files.isWritableFile(atPath: parent.path) else { throw RectifierError(.output, "\(name): \(parent.path) cannot be written to") }
}

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
