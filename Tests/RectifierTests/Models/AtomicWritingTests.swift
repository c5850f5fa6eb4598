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
    static let mark = FolderMark(file: "model.json")

    func write(_ folder: URL, _ files: [String: String]) throws {
        try writeAtomically(folder: folder, files: files.map { ($0.key, Array($0.value.utf8)) }, owned: Self.owned, mark: Self.mark)
    }

    /// On a file system that answers so when two names are to be exchanged.
    func write(_ folder: URL, _ text: String, exchangeFailing code: Int32) throws {
        try OutputPlace(folder) { _, _ throws(SystemFiles.Failure) in throw SystemFiles.Failure(code: code) }
            .write([("model.json", Array(text.utf8))], owned: Self.owned, mark: Self.mark)
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
            try write(folder, "\(round)", exchangeFailing: EINVAL)
            try Data("mine".utf8).write(to: folder.appending(path: "notes.txt"))
        }
        #expect(try contents(folder) == ["model.json": "2", "notes.txt": "mine"])
        #expect(try names() == ["model"])
    }

    @Test func failedExchangeLeavesTheOld() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "1"])
        #expect(outputError { try write(folder, "2", exchangeFailing: EROFS) }.contains("read-only"))
        #expect(try contents(folder) == ["model.json": "1"])
        #expect(try names() == ["model"])
    }

    /// A temporary folder of a write to `model` that was killed.
    func leftover(_ kind: String, _ files: [String: String]) throws -> URL {
        let leftover = place.appending(path: ".rectifier-\(SHA256.hex(of: Array("model".utf8)).prefix(12))-4711.\(kind)")
        try FileManager.default.createDirectory(at: leftover, withIntermediateDirectories: false)
        for (name, text) in files { try Data(text.utf8).write(to: leftover.appending(path: name)) }
        return leftover
    }

    @Test func leftoversAreRemoved() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "0"])
        _ = try leftover("new", ["weights.safetensors": "half", "notes.txt": "mine"])
        let other = place.appending(path: ".rectifier-000000000000-4711.new")
        try Data("another destination's".utf8).write(to: other)
        try write(folder, ["model.json": "1"])
        #expect(try names() == [other.lastPathComponent, "model"])
        #expect(try contents(folder) == ["model.json": "1", "notes.txt": "mine"])
    }

    /// A folder that nobody could write to was replaced, and its temporary folders stayed for ever.
    @Test func aProtectedLeftoverIsRemoved() throws {
        let folder = place.appending(path: "model")
        let old = try leftover("new", ["model.json": "1"])
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: old.path)
        try write(folder, ["model.json": "2"])
        #expect(try names() == ["model"])
    }

    @Test func aProtectedFolderIsNotReplaced() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "1"])
        try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
        #expect(outputError { try write(folder, ["model.json": "2"]) }.contains("write-protected"))
        #expect(try contents(folder) == ["model.json": "1"])
        #expect(try names() == ["model"])
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    }

    @Test func interruptedReplacementIsRecovered() throws {
        let folder = place.appending(path: "model")
        _ = try leftover("old", ["model.json": "1"])
        Destination.recover(folder, owned: Self.owned)
        #expect(try contents(folder) == ["model.json": "1"])
        #expect(try names() == ["model"])
        Destination.recover(place.appending(path: "absent/model"), owned: Self.owned)
        #expect(try names() == ["model"])
    }

    /// A file of the user's was hidden in a temporary folder until the next save.
    @Test func aReaderPutsBackWhatWasCarriedOver() throws {
        let folder = place.appending(path: "model")
        try write(folder, ["model.json": "1"])
        _ = try leftover("new", ["model.json": "0", "notes.txt": "mine"])
        try Data().write(to: place.appending(path: ".rectifier-\(SHA256.hex(of: Array("model".utf8)).prefix(12)).lock"))
        do {
            let held = try OutputPlace(folder)
            Destination.recover(folder, owned: Self.owned)
            #expect(try names().count == 3, "what a writer makes is left alone while it holds the place")
            withExtendedLifetime(held) {}
        }
        Destination.recover(folder, owned: Self.owned)
        #expect(try contents(folder) == ["model.json": "1", "notes.txt": "mine"])
        #expect(try names() == ["model"])
    }

    @Test func aPlaceHasOneHolder() throws {
        let folder = place.appending(path: "new/model")
        do {
            let held = try OutputPlace(folder)
            #expect(outputError { _ = try OutputPlace(folder, patience: .run) }.contains("another run is writing there"))
            withExtendedLifetime(held) {}
        }
        #expect(try names() == [])
        try write(folder, ["model.json": "1"])
        #expect(try names(folder.deletingLastPathComponent()) == ["model"])
    }

    /// Several at once on one new folder failed with "Directory not empty".
    @Test func writersWaitForEachOther() async throws {
        let folder = place.appending(path: "model")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask { for round in 0..<4 { try write(folder, ["model.json": "\(number) \(round)"]) } }
            }
            try await group.waitForAll()
        }
        #expect(try names() == ["model"] && names(folder) == ["model.json"])
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
