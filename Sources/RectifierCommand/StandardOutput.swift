import Foundation
import Rectifier

/// The reader of standard output has gone away, as `head` does when it has seen enough.
struct BrokenPipe: Error {}

/// The process as the tool wants it, whoever started it.
func prepareProcess() {
    MachineMemory.returnLargeBlocks()
    // A stream that was closed (`2>&-`) stays one that cannot be used. Left open, its number would go to the first file
    // that is opened, and messages would be written into it.
    for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
        _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
    // A write to a closed pipe, or past a limit on the size of files, is an error to report and not the end.
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    // What ends a run may not be held back, as it is in what a thread of Dispatch starts.
    var ends = sigset_t()
    sigemptyset(&ends)
    for number in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] { sigaddset(&ends, number) }
    pthread_sigmask(SIG_UNBLOCK, &ends, nil)
    // Swift's runtime would print a trace at Ctrl-\ and go on.
    if !isIgnored(SIGQUIT) { signal(SIGQUIT, SIG_DFL) }
}

/// Whether whoever started the process wants a signal ignored, as `nohup` does with SIGHUP.
func isIgnored(_ number: Int32) -> Bool {
    // `sigaction` would only look, but names its fields differently on each system.
    let handler = signal(number, SIG_DFL)
    signal(number, handler)
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
}

/// Text to standard output, unbuffered, so that lines appear when they are written.
enum StandardOutput {
    /// Throws ``BrokenPipe`` where nobody reads any more, and a ``RectifierError`` where the text cannot be written, as
    /// on a full disk.
    static func write(_ text: String) throws {
        switch writeAll(text, to: STDOUT_FILENO) {
        case 0: break
        case EPIPE: throw BrokenPipe()
        case EBADF: throw RectifierError(.output, "standard output is closed; send it to a file or to /dev/null")
        case let code: throw RectifierError(.output, "standard output cannot be written: \(String(cString: strerror(code)))")
        }
    }

    static func writeLine(_ line: String = "") throws { try write(line + "\n") }
}

/// A line on standard error. Where it cannot be written there is nobody to tell.
func writeErrorLine(_ line: String) {
    _ = writeAll(line + "\n", to: STDERR_FILENO)
}

/// - Returns: 0, or the `errno` of the write that failed.
private func writeAll(_ text: String, to file: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { bytes in
        var rest = UnsafeRawBufferPointer(bytes)
        while !rest.isEmpty {
            let count = write(file, rest.baseAddress!, rest.count)
            if count >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            } else if errno == EAGAIN {
                // Whoever shares a terminal or pipe with us may have set it so.
                var place = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                poll(&place, 1, -1)
            } else if errno != EINTR {
                return errno
            }
        }
        return 0
    }
}
