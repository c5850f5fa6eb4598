import Foundation
import TestSupport
import Testing

@Suite("On a terminal", .enabled(if: PseudoTerminal() != nil))
struct TerminalTests {
    private let arguments = ["train", "--data", "circle", "--samples", "3000", "--layers", "512,512", "--batch-size", "1", "--epochs", "2"]

    @Test func `There is a bar and colour`() throws {
        let text = try #require(try PseudoTerminal()?.run(arguments, environment: ["TERM": "xterm"]))
        #expect(text.contains("\r\u{1B}[K"))
        #expect(text.contains("\u{1B}[1m"))
        #expect(text.contains("━"))
    }

    @Test func `A benchmark shows where it is, and sketches its charts`() throws {
        let text = try #require(try PseudoTerminal()?.run(["bench", "zeros", "--quick", "--threads", "1"], environment: ["TERM": "xterm"]))
        #expect(text.contains("measuring zeros"))
        // A line for each way in each of three products.
        #expect(text.matches(of: /by density  [▁▂▃▄▅▆▇█]{8} +[0-9.]+ % → [0-9.]+ %/).count == 3)
    }

    @Test func `NO_COLOR leaves the bar and drops the colour`() throws {
        let text = try #require(try PseudoTerminal()?.run(arguments, environment: ["TERM": "xterm", "NO_COLOR": "1"]))
        #expect(text.contains("\r\u{1B}[K"))
        #expect(!text.contains("\u{1B}[1m") && !text.contains("\u{1B}[3"))
    }

    @Test func `A dumb terminal gets plain lines`() throws {
        let text = try #require(try PseudoTerminal()?.run(arguments, environment: ["TERM": "dumb"]))
        #expect(!text.contains("\u{1B}"))
        #expect(text.contains("epoch 2/2"))
    }
}

/// A terminal without a screen.
private struct PseudoTerminal {
    private let master: Int32
    private let name: String

    init?() {
        #if os(Linux)
        // What posix_openpt and its companions do, which Swift's Glibc module does not show.
        let getNumber = UInt(0x8004_5430), setLock = UInt(0x4004_5431)  // TIOCGPTN, TIOCSPTLCK
        master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
        var number: Int32 = 0, unlocked: Int32 = 0
        guard master >= 0, ioctl(master, setLock, &unlocked) == 0, ioctl(master, getNumber, &number) == 0 else { return nil }
        name = "/dev/pts/\(number)"
        #else
        master = posix_openpt(O_RDWR | O_NOCTTY)
        guard master >= 0, grantpt(master) == 0, unlockpt(master) == 0, let path = ptsname(master) else { return nil }
        name = String(cString: path)
        #endif
    }

    /// All that the command writes to it.
    func run(_ arguments: [String], environment: [String: String]) throws -> String {
        let slave = open(name, O_RDWR | O_NOCTTY)
        defer { close(master) }
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = commandURL
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.filter { $0.key != "NO_COLOR" }.merging(environment) { $1 }
        process.standardOutput = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        try process.run()
        close(slave)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(master, &buffer, buffer.count)
            guard count > 0 else { break }  // Linux ends with EIO when the last writer has gone
            bytes += buffer[..<count]
        }
        process.waitUntilExit()
        return String(decoding: bytes, as: UTF8.self)
    }
}
