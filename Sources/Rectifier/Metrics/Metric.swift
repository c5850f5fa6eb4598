/// A number that says how good predictions are, by the name that scikit-learn has for it where it has one.
///
/// Shares and probabilities lie from 0 to 1; errors are in the target's own unit.
public enum Metric: String, Sendable, Codable, Hashable, CaseIterable {
    /// The mean of what training makes small, as ``Evaluation/loss``.
    case loss

    // Classification.

    /// The share of right classes.
    case accuracy
    /// The mean over classes of the share that is found; classes without a row are left out.
    case balancedAccuracy = "balanced_accuracy"
    /// The mean of -log of the right class's probability, which is held at 2⁻⁵² or more.
    case logLoss = "log_loss"
    /// The mean squared distance between probabilities and truth (Brier 1950): of the second class where there are two,
    /// else summed over the classes.
    case brierScore = "brier_score_loss"
    /// How far the predicted class's probability is from the share of right classes: the mean over 15 bins of equal
    /// width (Guo et al. 2017).
    case calibrationError = "expected_calibration_error"
    /// The mean over classes of the harmonic mean of precision and recall.
    case f1 = "f1_macro"
    /// The probability that a row of the class has a higher score than another row, ties half: of the second class
    /// where there are two, else the mean over the classes, each against the rest.
    case rocAUC = "roc_auc"
    /// The mean of precision over steps of recall, Σ (Rᵢ - Rᵢ₋₁) Pᵢ: of the second class where there are two, else the
    /// mean over the classes.
    case averagePrecision = "average_precision"

    // Regression.

    /// The root of the mean squared error.
    case rmse
    case meanAbsoluteError = "mean_absolute_error"
    case medianAbsoluteError = "median_absolute_error"
    /// 1 - squared errors / squared deviations from the mean of the measured rows.
    case r2
    /// 1 - squared errors / squared errors of predicting the training rows' mean (the skill score of Murphy 1988).
    /// Unlike ``r2`` it compares with what could be known before.
    case skill = "skill_score"

    static let ofClasses: [Metric] = [
        .accuracy, .balancedAccuracy, .logLoss, .brierScore, .calibrationError, .f1, .rocAUC, .averagePrecision,
    ]
    static let ofNumbers: [Metric] = [.rmse, .meanAbsoluteError, .medianAbsoluteError, .r2, .skill]

    /// Whether a run can choose its best epoch by it. The skill score would choose as ``r2`` does.
    package var canSelect: Bool { self != .skill }

    /// Throws where it is not for the task.
    func check(_ task: DataSettings.Task) throws {
        let others = task == .classification ? Metric.ofNumbers : Metric.ofClasses,
            own = others == Metric.ofNumbers ? Metric.ofClasses : Metric.ofNumbers
        guard !others.contains(self) else {
            let names = ([.loss] + own).filter(\.canSelect).map(\.rawValue)
            throw RectifierError(
                .setting, "the metric \(rawValue) is not for \(task.rawValue); take \(Names.oneOf(names))", setting: "training.metric")
        }
    }

    /// Whether a larger number is a better one.
    public var isHigherBetter: Bool {
        switch self {
        case .accuracy, .balancedAccuracy, .f1, .rocAUC, .averagePrecision, .r2, .skill: true
        case .loss, .logLoss, .brierScore, .calibrationError, .rmse, .meanAbsoluteError, .medianAbsoluteError: false
        }
    }
}
