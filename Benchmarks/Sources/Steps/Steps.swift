import Foundation
import Rectifier

/// Rectifier's side of `Benchmarks/compare`: one JSON object a line on standard input, one on standard output.
///
/// | in | out |
/// |---|---|
/// | `{"load": folder}` | `{"ready": true, "version": …}` |
/// | `{"epochs": n}` | `{"seconds": [n numbers], "losses": [n numbers]}` |
/// | `{"finish": true}` | `{"accuracy": …}`, after the last epoch of the workload |
/// | `{"quit": true}` | the process ends |
///
/// Everything that goes wrong is answered with `{"error": "one line"}`.
@main
struct Steps {
    static func main() {
        do {
            while let command = try Command.next() {
                guard let folder = command.load else { throw RectifierError(.setting, "the first command must be load") }
                let workload = try Workload(contentsOf: URL(fileURLWithPath: folder))
                switch workload.description.kind {
                case .train: try train(workload)
                case .infer: try infer(workload)
                }
            }
        } catch {
            Reply(error: "\(error)").send()
            exit(1)
        }
    }
}

/// What the driver asks for.
struct Command: Decodable {
    var load: String?
    var epochs: Int?
    var finish: Bool?
    var quit: Bool?

    /// Waits for the next command; `nil` at the end. A thread that waits here takes no processor from the peers.
    static func next() throws -> Command? {
        guard let line = readLine() else { return nil }
        let command = try JSONDecoder().decode(Command.self, from: Data(line.utf8))
        return command.quit == true ? nil : command
    }
}

/// What the driver is told.
struct Reply: Encodable {
    var ready: Bool?
    var version: String?
    var seconds: [Double]?
    var losses: [Double]?
    var accuracy: Double?
    var error: String?

    func send() {
        guard var line = try? JSONEncoder().encode(self) else { return }
        line.append(UInt8(ascii: "\n"))
        FileHandle.standardOutput.write(line)
    }
}
