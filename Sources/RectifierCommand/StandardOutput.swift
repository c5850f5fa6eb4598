import Foundation
import Rectifier

/// The reader of standard output has gone away, as `head` does when it has seen enough.
struct BrokenPipe: Error {}

/// Makes writing to a closed pipe an error that can be handled instead of the process's end.
func ignoreBrokenPipes() {
    signal(SIGPIPE, SIG_IGN)
}

/// Text to standard output, unbuffered, so that lines appear when they are written.
enum StandardOutput {
    /// Throws ``BrokenPipe`` where nobody reads any more, and a ``RectifierError`` where the text cannot be written, as
    /// on a full disk.
    static func write(_ text: String) throws {
        var text = text
        try text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = posixWrite(STDOUT_FILENO, rest.baseAddress!, rest.count)
                if count < 0 {
                    if errno == EINTR { continue }
                    if errno == EPIPE { throw BrokenPipe() }
                    throw RectifierError(.output, "standard output cannot be written: \(String(cString: strerror(errno)))")
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }

    static func writeLine(_ line: String = "") throws { try write(line + "\n") }
}

/// A line on standard error, where it does not matter whether somebody reads.
func writeErrorLine(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}

private func posixWrite(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
    write(file, bytes, count)
}
