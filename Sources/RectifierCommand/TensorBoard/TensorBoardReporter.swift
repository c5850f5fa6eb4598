import Rectifier
import RectifierInstruments

/// Writes what a run tells into an event file for TensorBoard, a point for each epoch, beside another reporter.
final class TensorBoardReporter: TrainingReporter {
    private let other: any TrainingReporter
    private let folder: String
    private var file: EventFile?
    private var stepsPerEpoch = 0

    init(beside other: any TrainingReporter, folder: String) { (self.other, self.folder) = (other, folder) }

    func explained(_ autopsy: Autopsy) throws { try other.explained(autopsy) }
    func isTrying(_ cure: Cure, done: Int, of count: Int) { other.isTrying(cure, done: done, of: count) }
    func tried(_ trials: [CureTrial]) throws { try other.tried(trials) }
    func isCured(by cure: Cure?, plan: TrainingPlan) throws { try other.isCured(by: cure, plan: plan) }

    func begin(_ trainer: Trainer, notes: [String]) throws { try other.begin(trainer, notes: notes) }

    func report(_ event: TrainingEvent) throws {
        // A run that is refused leaves no file.
        if case .started(let started) = event {
            stepsPerEpoch = started.stepsPerEpoch
            file = try EventFile(in: folder)
        }
        try other.report(event)
        if case .epochEnded(let epoch) = event {
            try file?.write(scalars: Self.scalars(of: epoch), step: epoch.epoch * stepsPerEpoch)
        }
    }

    private static func scalars(of epoch: TrainingEvent.EpochReport) -> [(tag: String, value: Double)] {
        [("loss/train", epoch.trainLoss)] + scalars(of: epoch.heldOut, "held-out") + scalars(of: epoch.validation, "validation")
            + [("learning-rate", epoch.learningRate), ("samples-per-second", epoch.samplesPerSecond)]
            + (epoch.health.map(scalars) ?? [])
    }

    private static func scalars(of health: HealthReport) -> [(tag: String, value: Double)] {
        let units = health.units.flatMap { layer in
            [("dead/\(layer.layer)", layer.zerosOfDead), ("active/\(layer.layer)", layer.activeShare)]
        }
        let flow = health.looks.last.map { look in
            look.layers.flatMap { [("signal/\($0.layer)", $0.signal), ("gradient/\($0.layer)", $0.gradient)] }
                + look.parameters.map { ("update/\($0.name)", $0.update) }
        }
        return (units + (flow ?? [])).map { (tag: $0.0, value: $0.1) }
    }

    private static func scalars(of evaluation: Evaluation?, _ data: String) -> [(tag: String, value: Double)] {
        guard let evaluation else { return [] }
        let values = [
            ("loss", evaluation.loss), ("accuracy", evaluation.accuracy), ("rmse", evaluation.rmse), ("r2", evaluation.r2),
        ]
        return values.compactMap { name, value in value.map { ("\(name)/\(data)", $0) } }
    }
}
