import Foundation
import TestSupport
import Testing

@Suite("Help and errors of the command line")
struct UsageTests {
    @Test(arguments: [[], ["train"], ["evaluate"], ["predict"], ["inspect"], ["prune"], ["bench"], ["info"], ["datasets"]])
    func `Every command explains itself`(command: [String]) throws {
        let run = try CommandRun(command + ["--help"], in: TemporaryFolder())
        #expect(run.code == 0)
        #expect(run.errors.isEmpty)
        #expect(run.output.contains("USAGE: rectifier"))
        #expect(run.outputLines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE:") })
    }

    @Test func `The version is one line`() throws {
        let run = try CommandRun(["--version"], in: TemporaryFolder())
        #expect(run.code == 0)
        #expect(run.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        var arguments: String
        var code: Int32
        /// What the line must say.
        var says: [String]

        init(_ arguments: String, _ code: Int32, _ says: String...) { (self.arguments, self.code, self.says) = (arguments, code, says) }
        var testDescription: String { arguments }
    }

    static let mistakes = [
        Mistake("nonsense", 64, "nonsense"),
        Mistake("train --nonsense", 64, "--nonsense"),
        Mistake("train --epohcs 3", 64, "--epohcs", "--epochs"),
        Mistake("train --task guess", 64, "guess", "classification", "regression"),
        Mistake("train --missing guess", 64, "mean", "drop"),
        Mistake("train --optimizer guess", 64, "guess", "sgd", "adam", "adamw", "rmsprop"),
        Mistake("train --activation guess", 64, "guess", "relu", "tanh"),
        Mistake("train --initializer guess", 64, "guess", "he", "glorot"),
        Mistake("train --schedule guess", 64, "guess", "cosine", "one-cycle"),
        Mistake("train --precision guess", 64, "guess", "float32", "bfloat16"),
        Mistake("train --batch-size some", 64, "some", "full"),
        Mistake("train --at-zero half", 64, "--at-zero", "half", "unsound:"),
        Mistake("train --layers 8,,8", 64, "--layers"),
        Mistake("train --layers 0", 64, "--layers"),
        Mistake("train --network dens", 64, "--network", "character 1", "'dense'"),
        Mistake("train --network dense", 64, "--network", "dense UNITS"),
        Mistake("train --loss hing", 64, "--loss", "'hinge'"),
        Mistake("train --layers -3", 64, "--layers"),
        Mistake("train --epochs two", 64, "two", "--epochs"),
        Mistake("train --momentum 0.9", 64, "--momentum", "sgd"),
        Mistake("train --json --quiet", 64, "--json", "--quiet"),
        Mistake("train --resume a --recipe b", 64, "--resume", "--recipe"),
        Mistake("evaluate", 64, "model"),
        Mistake("predict model --data x --output x.xls", 64, ".csv", ".npy"),
        Mistake("datasets --show guess", 64, "guess", "digits"),
        Mistake("bench guess", 64, "guess", "peak", "steps"),
        Mistake("bench --threads 0", 64, "--threads", "0"),
        Mistake("bench peak --svg peak.svg", 64, "--svg", "zeros"),
        Mistake("info --measure", 64, "--measure"),
        Mistake("bench zeros --svg no-such-folder/zeros.svg", 1, "no-such-folder"),
        Mistake("train --learning-rate nan", 1, "learning rate", "nan"),
        Mistake("train --learning-rate 0", 1, "learning rate"),
        Mistake("train --learning-rate -1", 1, "learning rate", "-1"),
        Mistake("train --batch-size 0", 1, "batch size"),
        Mistake("train --batch-size -5", 1, "batch size", "-5"),
        Mistake("train --epochs 0", 1, "epochs"),
        Mistake("train --threads 0", 1, "threads"),
        Mistake("train --samples 0", 1, "samples"),
        Mistake("train --validation 1", 1, "validation"),
        Mistake("train --dropout 1", 1, "dropout"),
        Mistake("train --network relu --dropout 0.5", 1, "spelled out", "dropout"),
        Mistake("train --data circle --network relu,relu6,flatten,residual(dense_9)", 64, "dense_9"),
        Mistake("train --data digits --samples 100 --network flatten,tanh", 1, "784 outputs", "10", "dense 10"),
        Mistake("train --data circle --loss squared-error", 1, "squared-error", "classes"),
        Mistake("train --at-zero 2", 1, "0 to 1", "unsound:2"),
        Mistake("train --at-zero -1", 1, "0 to 1", "-1"),
        Mistake("train --activation tanh --at-zero 0", 1, "tanh", "relu"),
        Mistake("train --separator ab", 1, "separator"),
        Mistake("train --optimizer sgd --nesterov", 1, "Nesterov"),
        Mistake("train --data circle --layers 1000000,1000000", 1, "layers", "GB"),
        Mistake("train --data circle --task regression", 1, "circle", "classification"),
        Mistake("train --data circle --target x", 1, "target", "circle"),
        Mistake("train --data no-such-thing", 1, "no-such-thing"),
        Mistake("train --recipe no-such-recipe", 1, "no-such-recipe"),
        Mistake("train --resume no-such-model", 1, "no-such-model"),
        Mistake("evaluate no-such-model", 1, "no-such-model"),
        Mistake("predict no-such-model --data digits", 1, "no-such-model"),
        Mistake("inspect no-such-model", 1, "no-such-model"),
        Mistake("prune no-such-model", 1, "no-such-model"),
    ]

    @Test(arguments: mistakes)
    func `A mistake is one line on standard error`(mistake: Mistake) throws {
        let folder = try TemporaryFolder()
        let run = try CommandRun(mistake.arguments.split(separator: " ").map(String.init), in: folder)
        #expect(run.code == mistake.code)
        #expect(run.output.isEmpty)
        #expect(run.errorLines.count == 1)
        #expect(run.errors.hasPrefix("rectifier: error: "))
        for text in mistake.says { #expect(run.errors.contains(text)) }
        #expect(try folder.content.isEmpty)
    }

    @Test func `An instruction set that the machine lacks is named`() throws {
        let run = try CommandRun(["info"], in: TemporaryFolder(), environment: ["RECTIFIER_ISA": "abacus"])
        #expect(run.code == 1)
        #expect(run.errors.contains("abacus"))
    }
}
