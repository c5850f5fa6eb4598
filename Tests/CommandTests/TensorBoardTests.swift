import Foundation
import TestSupport
import Testing

@testable import RectifierCommand

@Suite("train --tensorboard")
struct TensorBoardTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func train(_ arguments: [String]) throws -> CommandRun {
        try CommandRun(
            ["train", "--data", "circle", "--samples", "160", "--layers", "6", "--batch-size", "16", "--json"] + arguments, in: folder)
    }

    private func files() throws -> [String] { try folder.content(of: "events") }
    private func events(_ name: String) throws -> [Events.Event] {
        try Events([UInt8](Data(contentsOf: folder.url("events/\(name)")))).all
    }

    @Test func `Each epoch is a point, and a run that goes on begins another file`() throws {
        let run = try train(["--epochs", "3", "--output", "model", "--tensorboard", "events"])
        #expect(run.code == 0 && run.errors.isEmpty)
        let first = try #require(try files().first)
        #expect(first.wholeMatch(of: /events\.out\.tfevents\.\d{10}\.[\w.-]+/) != nil)
        let all = try events(first), epochs = try run.objects().filter { $0["event"] as? String == "epoch" }
        #expect(all.count == 4 && all[0].version == "brain.Event:2" && all.dropFirst().map(\.step) == [10, 20, 30])
        #expect(abs(all[1].wallTime - Date().timeIntervalSince1970) < 600)
        for (event, epoch) in zip(all.dropFirst(), epochs) {
            #expect(
                event.scalars.prefix(5).map(\.tag)
                    == ["loss/train", "loss/held-out", "accuracy/held-out", "learning-rate", "samples-per-second"])
            for (place, key) in ["trainLoss", "testLoss", "testAccuracy"].enumerated() {
                #expect(event.scalars[place].value == (epoch[key] as? Double).map(Float.init))
            }
            #expect(event.scalars[3].value > 0 && event.scalars[4].value > 0)
        }

        let more = try CommandRun(["train", "--resume", "model", "--epochs", "4", "--quiet", "--tensorboard", "events"], in: folder)
        #expect(more.code == 0)
        let second = try #require(try files().first { $0 != first })
        #expect(try files().count == 2 && events(first).count == 4)
        #expect(try events(second).map(\.step) == [0, 40])
    }

    @Test func `Errors of regression have names of their own`() throws {
        try folder.write("a,y\n" + (0..<60).map { "\($0 % 7),\($0 % 7).5\n" }.joined(), to: "table.csv")
        let run = try CommandRun(
            [
                "train", "--data", "table.csv", "--validation", "0.2", "--epochs", "1", "--output", "model", "--quiet", "--tensorboard",
                "events",
            ], in: folder)
        #expect(run.code == 0)
        let tags = try events(files()[0])[1].scalars.map(\.tag)
        #expect(tags.prefix(6) == ["loss/train", "loss/held-out", "rmse/held-out", "r2/held-out", "learning-rate", "samples-per-second"])
        #expect(Set(["dead/relu1", "active/relu1", "signal/relu1", "gradient/relu1", "update/dense1.weights"]).isSubset(of: tags))
    }

    @Test func `A folder that cannot be one is refused before training`() throws {
        try folder.write("mine", to: "file")
        for place in ["file", "file/events"] {
            let run = try train(["--epochs", "1", "--output", "model", "--tensorboard", place])
            #expect(run.code == 1 && run.output.isEmpty && run.errorLines.count == 1 && run.errors.contains("file"), "\(run.errors)")
        }
        // A run that is refused for another reason leaves nothing either.
        #expect(try train(["--epochs", "1", "--learning-rate", "-1", "--tensorboard", "events"]).code == 1)
        #expect(try folder.content == ["file"] && folder.read("file") == "mine")
    }

    /// What is on the disk is whole records at any time, and two files of one second are two files.
    @Test func `Each call is in the file when it returns`() throws {
        let file = try EventFile(in: folder.path("events")), other = try EventFile(in: folder.path("events"))
        #expect(file.path != other.path)
        for step in 1...3 {
            try file.write(scalars: [("health/dead-share/relu1", Double(step) / 4)], step: step)
            let written = try Events([UInt8](Data(contentsOf: URL(fileURLWithPath: file.path)))).all
            #expect(written.count == step + 1 && written[step].scalars[0].value == Float(step) / 4)
        }
        try file.write(scalars: [], step: 4)
        #expect(try Events([UInt8](Data(contentsOf: URL(fileURLWithPath: file.path)))).all.count == 4)
    }

    private static let python = ProcessInfo.processInfo.environment["RECTIFIER_PYTHON"]

    /// TensorBoard itself reads all values back. `RECTIFIER_PYTHON` names a Python that can import it.
    @Test(.enabled(if: python != nil, "RECTIFIER_PYTHON names no Python with tensorboard"))
    func `TensorBoard reads what is written`() throws {
        let run = try train(["--epochs", "3", "--output", "model", "--tensorboard", "events"])
        #expect(run.code == 0)
        let script = """
            import json, sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, SCALARS
            events = EventAccumulator(sys.argv[1], size_guidance={SCALARS: 0})
            events.Reload()
            print(json.dumps({tag: [[e.step, e.value] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}))
            """
        try folder.write(script, to: "read.py")
        let python = try #require(Self.python)
        let read = try CommandRun(shell: "'\(python)' read.py events", in: folder)
        #expect(read.code == 0, "\(read.errors)")
        // As floats: Foundation's reader of JSON is not good to the last bit of a double.
        let values = try #require(try read.objects().first as? [String: [[Double]]]).mapValues { $0.map { $0.map { Float($0) } } }
        var expected: [String: [[Float]]] = [:]
        for event in try events(files()[0]) {
            for scalar in event.scalars { expected[scalar.tag, default: []].append([Float(event.step), scalar.value]) }
        }
        #expect(values == expected && values.count == 5)
    }
}
