import Foundation
import TestSupport
import Testing

@testable import Rectifier
@testable import RectifierCore
@testable import RectifierInstruments
@testable import RectifierStudies

@Suite struct AtomicWritingTests {
    private let temporary: TemporaryFolder
    private var place: URL { temporary.url }

    init() throws { temporary = try TemporaryFolder() }

    static let owned: Set = ["model.json", "weights.safetensors", "checkpoint.safetensors"]

    func write(_ folder: URL, _ files: [String: String]) throws {
        try writeAtomically(folder: folder, files: files.map { ($0.key, Array($0.value.utf8)) }, owned: Self.owned)
    }

    /// Names and contents in a folder, hidden files included.
    func contents(_ folder: URL) throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try String(contentsOf: folder.appending(path: $0), encoding: .utf8)) })
    }

    func names(_ folder: URL? = nil) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: (folder ?? place).path).sorted()
    }

    func outputError(_ body: () throws -> Void) -> String {
        let error = #expect(throws: RectifierError.self) { try body() }
        #expect(error?.kind == .output)
        #expect(error?.description.contains("\n") == false)
        return error?.description ?? ""
    }

    @Test func fileIsWrittenAndReplaced() throws {
        let file = place.appending(path: "made/on/the/way/recipe.json")
        try writeAtomically(Array("one".utf8), to: file)
        #expect(try String(contentsOf: file, encoding: .utf8) == "one")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        try writeAtomically([], to: file)
        #expect(try Data(contentsOf: file).isEmpty)
        #expect(try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int == 0o600)
        #expect(try names(file.deletingLastPathComponent()) == ["recipe.json"])
    }

    @Test func linksStay() throws {
        try writeAtomically(Array("one".utf8), to: place.appending(path: "file"))
        try FileManager.default.createSymbolicLink(atPath: place.appending(path: "link").path, withDestinationPath: "file")
        try writeAtomically(Array("two".utf8), to: place.appending(path: "link"))
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place.appending(path: "link").path) == "file")
        #expect(try contents(place) == ["file": "two", "link": "two"])
    }

    @Test func folderIsWrittenAndReplaced() throws {
        let folder = place.appending(path: "models/first")
        try write(folder, ["model.json": "1", "weights.safetensors": "w1", "checkpoint.safetensors": "c1"])
        #expect(try contents(folder) == ["model.json": "1", "weights.safetensors": "w1", "checkpoint.safetensors": "c1"])
        try Data("mine".utf8).write(to: folder.appending(path: "notes.txt"))
        try write(folder, ["model.json": "2", "weights.safetensors": "w2"])
        #expect(try contents(folder) == ["model.json": "2", "weights.safetensors": "w2", "notes.txt": "mine"])
        #expect(try names(folder.deletingLastPathComponent()) == ["first"])
    }

    @Test func emptyFolderIsFilled() throws {
        let folder = place.appending(path: "empty", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try write(folder, ["model.json": "1"])
        #expect(try contents(folder) == ["model.json": "1"])
        #expect(try names() == ["empty"])
    }

    @Test func foreignThingsAreNotReplaced() throws {
        let folder = place.appending(path: "photos")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        try Data("mine".utf8).write(to: folder.appending(path: "holiday"))
        let file = place.appending(path: "file")
        try Data("mine".utf8).write(to: file)

        #expect(outputError { try write(folder, ["model.json": "1"]) }.contains("holds something else"))
        #expect(outputError { try write(file, ["model.json": "1"]) }.contains("there is a file"))
        #expect(outputError { try writeAtomically([1], to: folder) }.contains("something else than a file"))
        #expect(try contents(folder) == ["holiday": "mine"])
        #expect(try String(contentsOf: file, encoding: .utf8) == "mine")
        #expect(try names() == ["file", "photos"])
    }

    @Test func reasonsAreNamed() throws {
        try Data().write(to: place.appending(path: "file"))
        let below = place.appending(path: "file/model")
        #expect(
            outputError { try write(below, ["model.json": "1"]) }.hasPrefix(
                "\(below.path): cannot be written: a part of this path is a file"))
        #expect(outputError { try writeAtomically([1], to: below) }.contains("a part of this path is a file"))

        let long = place.appending(path: "new/" + String(repeating: "n", count: 300))
        #expect(outputError { try write(long, ["model.json": "1"]) }.contains("the name is too long"))
        #expect(outputError { try writeAtomically([1], to: long) }.contains("the name is too long"))
        // The longest possible name needs no longer temporary one.
        try write(place.appending(path: String(repeating: "n", count: 255)), ["model.json": "1"])

        // A file name that cannot be made, after another that could.
        let failing = place.appending(path: "failing/model")
        #expect(outputError { try write(failing, ["model.json": "1", String(repeating: "n", count: 300): "2"]) }.contains("too long"))
        #expect(try names() == ["file", String(repeating: "n", count: 255)])
    }

    @Test func unwritableParent() throws {
        // The superuser may write anywhere but into /proc.
        let isRoot = geteuid() == 0
        let parent = isRoot ? URL(filePath: "/proc/self") : place.appending(path: "locked")
        if isRoot {
            guard FileManager.default.fileExists(atPath: parent.path) else { return }
        } else {
            try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o555])
        }
        let error = outputError { try write(parent.appending(path: "model"), ["model.json": "1"]) }
        #expect(error.hasPrefix("\(parent.path)/model: cannot be written: "))
        if !isRoot { #expect(error.hasSuffix("permission denied")) }
    }

    /// File systems that cannot exchange two names take another way to the same end.
    @Test func withoutExchange() throws {
        let folder = place.appending(path: "model")
        for round in 1...2 {
            try writeAtomically(
                folder: folder, files: [("model.json", Array("\(round)".utf8))], owned: Self.owned, marker: "model.json",
                exchange: { _, _ throws(SystemFiles.Failure) in throw SystemFiles.Failure(code: EINVAL) })
            try Data("mine".utf8).write(to: folder.appending(path: "notes.txt"))
        }
        #expect(try contents(folder) == ["model.json": "2", "notes.txt": "mine"])
        #expect(try names() == ["model"])
    }

    @Test func failedExchangeLeavesTheOld() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "1"])
        let error = outputError {
            try writeAtomically(
                folder: folder, files: [("model.json", [50])], owned: Self.owned, marker: "model.json",
                exchange: { _, _ throws(SystemFiles.Failure) in throw SystemFiles.Failure(code: EROFS) })
        }
        #expect(error.contains("read-only"))
        #expect(try contents(folder) == ["model.json": "1"])
        #expect(try names() == ["model"])
    }

    /// The temporary name that a process of this number would have used for `model`.
    func leftover(process: Int32, _ kind: String) -> URL {
        place.appending(path: ".rectifier-\(SHA256.hex(of: Array("model".utf8)).prefix(12))-\(process)-0-0.\(kind)")
    }

    /// The number of a process that has ended.
    func endedProcess() throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", "exit 0"]
        try process.run()
        process.waitUntilExit()
        return process.processIdentifier
    }

    @Test func leftoversOfTheDeadAreRemoved() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "0"])
        // Of a run that has ended; of one that had our number, as happens in containers; of one that runs: our parent.
        let dead = leftover(process: try endedProcess(), "new")
        let namesake = leftover(process: getpid(), "new")
        let living = leftover(process: getppid(), "new")
        for leftover in [dead, namesake, living] {
            try FileManager.default.createDirectory(at: leftover, withIntermediateDirectories: false)
            try Data("half".utf8).write(to: leftover.appending(path: "weights.safetensors"))
        }
        try Data("mine".utf8).write(to: dead.appending(path: "notes.txt"))
        try write(folder, ["model.json": "1"])
        #expect(try names() == [living.lastPathComponent, "model"])
        #expect(try contents(folder) == ["model.json": "1", "notes.txt": "mine"])
        #expect(try contents(living) == ["weights.safetensors": "half"])
    }

    @Test func interruptedReplacementIsRecovered() throws {
        let folder = place.appending(path: "model")
        let old = leftover(process: try endedProcess(), "old")
        try FileManager.default.createDirectory(at: old, withIntermediateDirectories: false)
        try Data("1".utf8).write(to: old.appending(path: "model.json"))
        recoverInterruptedWrite(of: folder)
        #expect(try contents(folder) == ["model.json": "1"])
        #expect(try names() == ["model"])
        recoverInterruptedWrite(of: place.appending(path: "absent/model"))
        #expect(try names() == ["model"])
    }

    /// While one thread replaces a folder again and again, a reader never sees a mixture nor nothing.
    @Test func readersSeeOldOrNew() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "0", "weights.safetensors": "0"])
        let path = folder.path
        let done = Locked(false)
        let missing = Locked(0)
        let reader = Thread {
            while !done.value {
                if access("\(path)/model.json", F_OK) != 0 { missing.value += 1 }
            }
            done.value = false
        }
        reader.start()
        for round in 1...50 { try write(folder, ["model.json": "\(round)", "weights.safetensors": "\(round)"]) }
        done.value = true
        while done.value { usleep(1000) }
        #expect(missing.value == 0)
        #expect(try contents(folder) == ["model.json": "50", "weights.safetensors": "50"])
    }

    /// A file system of 256 KiB, where this user may mount one.
    static let canMount =
        geteuid() == 0 && run("/bin/sh", ["-c", "d=$(mktemp -d) && mount -t tmpfs none $d && umount $d; s=$?; rmdir $d; exit $s"])

    static func run(_ program: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }

    @Test(.enabled(if: canMount)) func fullDisk() throws {
        let disk = place.appending(path: "disk")
        try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: false)
        try #require(Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=256k", "none", disk.path]))
        defer { _ = Self.run("/bin/umount", [disk.path]) }

        let folder = disk.appending(path: "model")
        try write(folder, ["model.json": "1", "weights.safetensors": "small"])
        let large = String(repeating: "x", count: 400_000)
        #expect(outputError { try write(folder, ["model.json": "2", "weights.safetensors": large]) }.contains("the disk is full"))
        #expect(try contents(folder) == ["model.json": "1", "weights.safetensors": "small"])
        #expect(outputError { try writeAtomically(Array(large.utf8), to: disk.appending(path: "a/b/file")) }.contains("the disk is full"))
        #expect(try names(disk) == ["model"])
        // What failed gave its space back.
        try write(folder, ["model.json": "3", "weights.safetensors": String(large.prefix(150_000))])
        #expect(try names(disk) == ["model"])
    }
}

/// A value that several threads use.
private final class Locked<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: Value

    init(_ value: Value) { stored = value }

    var value: Value {
        get { lock.withLock { stored } }
        set { lock.withLock { stored = newValue } }
    }
}
