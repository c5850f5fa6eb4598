"""Scores of predictions: accuracy, log-loss and calibration of classes; R² and RMSE of numbers."""

import numpy
from sklearn import metrics

BINS = 15

# Whether more is better, by name.
IS_GAIN = {"accuracy": True, "log-loss": False, "ECE": False, "R²": True, "RMSE": False}


def of_classes(labels, classes, probabilities):
    """`probabilities` has a row for each label and a column for each of the sorted classes."""
    # Some are printed in single precision, and scikit-learn warns where a sum is off by the eighth digit.
    probabilities = probabilities / probabilities.sum(axis=1, keepdims=True)
    predicted = classes[probabilities.argmax(axis=1)]
    return {
        "accuracy": float(numpy.mean(predicted == labels)),
        "log-loss": float(metrics.log_loss(labels, probabilities, labels=classes)),
        "ECE": calibration_error(predicted == labels, probabilities.max(axis=1)),
    }


def of_numbers(targets, predictions):
    return {
        "R²": float(metrics.r2_score(targets, predictions)),
        "RMSE": float(metrics.root_mean_squared_error(targets, predictions)),
    }


def calibration_error(is_right, confidence):
    """Expected calibration error of the top label over bins of equal width (Guo et al. 2017)."""
    bins = numpy.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(is_right[bins == bin].mean() - confidence[bins == bin].mean()) * numpy.mean(bins == bin)
            for bin in numpy.unique(bins)]  # fmt: skip
    return float(sum(gaps))
