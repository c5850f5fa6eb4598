"""Rectifier as a scikit-learn estimator: `RectifierClassifier` and `RectifierRegressor`, over the command `rectifier`.

    model = RectifierClassifier(flags=("--layers", "64"), random_state=0).fit(X, y)
    model.predict_proba(X)

`fit` writes the rows to a CSV file in a temporary folder, runs `rectifier train` on it and keeps the files of the
model, so that the estimator can be pickled. `predict` runs `rectifier predict`. What the tool refuses is a
`ValueError` with its message.

- Inputs are numbers, dense or sparse, all finite, as for scikit-learn's own networks.
- Rows are sorted before they are written, so the model depends on which rows there are and not on their order.
- Whole sample weights repeat rows. Others are passed on as a column (`rectifier train --weights`).
- A target with several columns gets a model for each of them.
"""

import csv
import io
import os
import shutil
import subprocess
import tarfile
import tempfile

import numpy
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data


class _Rectifier(BaseEstimator):
    """What both estimators share.

    Parameters
    ----------
    tool : str, default=None
        The executable; None: the `rectifier` on the path.
    flags : tuple of str, default=()
        More flags for `rectifier train`.
    random_state : int, RandomState instance or None, default=None
        Where the run's seed comes from.

    Attributes
    ----------
    models_ : list of bytes
        For each column of the target the folder of its model, as a tar file.
    """

    def __init__(self, tool=None, flags=(), random_state=None):
        self.tool = tool
        self.flags = flags
        self.random_state = random_state

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        return tags

    def _fit(self, X, y, sample_weight):
        """Trains a model for each column of the target, which `_targets` makes of y."""
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=numpy.float64, multi_output=True, ensure_min_samples=2,
            y_numeric=self._task == "regression",
        )  # fmt: skip
        columns, targets = [dense(X)], self._targets(y)
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, ensure_non_negative=True, allow_all_zero_weights=False)
            if (weights == weights.round()).all():
                counts = weights.astype(int)
                columns, targets = [columns[0].repeat(counts, axis=0)], targets.repeat(counts, axis=0)
            else:
                columns.append(weights[:, None])
        seed = check_random_state(self.random_state).randint(2**31)
        self.models_ = [self._model(numpy.hstack([*columns, target[:, None]]), seed) for target in targets.T]
        return self

    def _model(self, rows, seed):
        """A model as a tar file. It is trained on rows of inputs, a weight where there is one, and the target."""
        rows = rows[numpy.lexsort(rows.T[::-1])]
        names = [f"x{index}" for index in range(self.n_features_in_)]
        weights = ["weight"] if rows.shape[1] > len(names) + 1 else []
        with tempfile.TemporaryDirectory() as folder:
            data, model = os.path.join(folder, "train.csv"), os.path.join(folder, "model.rectifier")
            write(data, [*names, *weights, "y"], rows)
            self._run(
                "train", "--data", data, "--target", "y", "--task", self._task, "--seed", str(seed), "--output", model,
                "--quiet", *(["--weights", *weights] if weights else []), *self.flags,
            )  # fmt: skip
            packed = io.BytesIO()
            with tarfile.open(fileobj=packed, mode="w") as file:
                file.add(model, "model.rectifier")
            return packed.getvalue()

    def _predictions(self, X, *flags):
        """For each model the header and the columns of numbers that `rectifier predict` writes."""
        check_is_fitted(self)
        X = dense(validate_data(self, X, accept_sparse="csr", dtype=numpy.float64, reset=False))
        found = []
        with tempfile.TemporaryDirectory() as folder:
            data, output = os.path.join(folder, "test.csv"), os.path.join(folder, "predictions.csv")
            write(data, [f"x{index}" for index in range(X.shape[1])], X)
            for index, packed in enumerate(self.models_):
                place = os.path.join(folder, str(index))
                with tarfile.open(fileobj=io.BytesIO(packed)) as file:
                    file.extractall(place, filter="data")
                self._run("predict", os.path.join(place, "model.rectifier"), "--data", data, "--output", output, *flags)
                with open(output, newline="") as file:
                    header, *rows = csv.reader(file)
                found.append((header, numpy.array(rows, dtype=float)))
        return found

    def _run(self, *arguments):
        tool = self.tool or shutil.which("rectifier")
        if tool is None:
            raise FileNotFoundError("there is no rectifier on the path; name it with `tool`")
        done = subprocess.run([tool, *arguments], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise ValueError(done.stderr.strip() or f"rectifier {arguments[0]} ended with {done.returncode}")


def dense(X):
    return X.toarray() if issparse(X) else X


def write(path, names, rows):
    with open(path, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows(rows.tolist())


class RectifierClassifier(ClassifierMixin, _Rectifier):
    """A network for classes, or with an indicator matrix as the target for several labels a row."""

    __doc__ += _Rectifier.__doc__.partition("\n")[2]
    _task = "classification"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        tags.classifier_tags.multi_label = True
        return tags

    def fit(self, X, y, sample_weight=None):
        return self._fit(X, y, sample_weight)

    def _targets(self, y):
        """Numbers of classes, or a column for each label."""
        check_classification_targets(y)
        self._is_multilabel = type_of_target(y).startswith("multilabel")
        if self._is_multilabel:
            self.classes_ = numpy.arange(y.shape[1])
            return y
        self.classes_, codes = numpy.unique(column_or_1d(y, warn=True), return_inverse=True)
        return codes[:, None]

    def predict_proba(self, X):
        """Probabilities: a column for each class, or for each label that of having it."""
        found = []
        for header, numbers in self._predictions(X, "--probabilities"):
            order = numpy.argsort([int(name) for name in header[1:]])
            found.append(numbers[:, 1:][:, order])
        return numpy.stack([each[:, 1] for each in found], axis=1) if self._is_multilabel else found[0]

    def predict(self, X):
        probabilities = self.predict_proba(X)
        if self._is_multilabel:
            return (probabilities > 0.5).astype(int)
        return self.classes_[probabilities.argmax(axis=1)]


class RectifierRegressor(RegressorMixin, _Rectifier):
    """A network for numbers."""

    __doc__ += _Rectifier.__doc__.partition("\n")[2]
    _task = "regression"

    def fit(self, X, y, sample_weight=None):
        return self._fit(X, y, sample_weight)

    def _targets(self, y):
        return y.reshape(len(y), -1)

    def predict(self, X):
        found = numpy.hstack([numbers for _, numbers in self._predictions(X)])
        return found[:, 0] if found.shape[1] == 1 else found
