import Foundation
import TestSupport
import Testing

@testable import RectifierCore

@Suite struct MachineMemoryTests {
    private let mount: TemporaryFolder

    init() throws { mount = try TemporaryFolder() }

    private func write(_ limit: String, to path: String) throws {
        try FileManager.default.createDirectory(at: mount.url(path).deletingLastPathComponent(), withIntermediateDirectories: true)
        try mount.write(limit + "\n", to: path)
    }

    private func limit(_ membership: String) -> Int? {
        MemoryBound.controlGroup(membership: membership, mount: mount.url.path)?.bytes
    }

    @Test func theTightestGroupAroundAProcessCounts() throws {
        #expect(limit("0::/a/b\n") == nil)
        try write("max", to: "a/b/memory.max")
        #expect(limit("0::/a/b\n") == nil)
        try write("3000", to: "a/memory.max")
        #expect(limit("0::/a/b\n") == 3000)
        try write("2000", to: "a/b/memory.max")
        #expect(limit("0::/a/b\n") == 2000 && limit("0::/a\n") == 3000 && limit("0::/\n") == nil)
    }

    @Test func aContainerSeesItsGroupAtTheMount() throws {
        try write("5000", to: "memory.max")
        #expect(limit("0::/\n") == 5000 && limit("0::/outside/of/it\n") == 5000)
    }

    @Test func theFirstVersionHasAFolderForEachController() throws {
        try write("7000", to: "memory/docker/1f/memory.limit_in_bytes")
        let membership = "5:devices:/\n4:memory:/docker/1f\n1:name=systemd:/\n0::/\n"
        #expect(limit(membership) == 7000)
        #expect(limit("4:cpu,memory:/docker/1f") == 7000 && limit("4:cpu:/docker/1f") == nil)
        // As much as there is: no limit in that version.
        try write("9223372036854771712", to: "memory/docker/1f/memory.limit_in_bytes")
        #expect(limit(membership) == 9_223_372_036_854_771_712)
    }

    @Test(arguments: ["", "0:", "::", "0::a:b/../c", "x"])
    func noiseIsNoLimit(membership: String) { #expect(limit(membership) == nil) }

    @Test func whatDoesNotFitIsRefusedAndSaysWhy() throws {
        func message(_ bytes: Int?) -> String? {
            do { try MachineMemory.require(bytes, kind: .setting, for: "it", advice: "take less") } catch { return error.description }
            return nil
        }
        #expect(message(MachineMemory.limit / 1000) == nil)
        #expect(try #require(message(nil)).hasPrefix("it needs more than any of memory, "))
        #expect(try #require(message(.max)).hasSuffix("; take less"))
        // All of it is more than what is left.
        #expect(try #require(message(MachineMemory.limit)).hasPrefix("it needs "))
    }
}
