"""The peers: scikit-learn's MLP, its gradient boosting, and RealMLP-TD of pytabkit, each at its defaults.

They get the table as someone who knows them hands it over: numbers as numbers, texts as categories, missing values
imputed where a peer cannot take them. Texts of which more than half of the rows have one of their own are left out.
"""

import time
import warnings

import numpy
import pandas
from sklearn.compose import TransformedTargetRegressor, make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import catalog

warnings.filterwarnings("ignore")


def columns(content, is_regression):
    """Inputs as a frame of numbers and categories, and the target."""
    frame = pandas.DataFrame(content.rows).drop(columns=content.target)
    kept = {}
    for name in frame:
        texts = frame[name].str.strip()
        texts = texts.where(~texts.isin(catalog.MISSING))
        numbers = pandas.to_numeric(texts, errors="coerce")
        if numbers.notna().equals(texts.notna()):
            kept[str(name)] = numbers.astype(float)
        elif texts.nunique() <= texts.count() / 2:
            kept[str(name)] = texts.fillna("missing").astype("category")
    target = content.labels.astype(float) if is_regression else content.labels
    return pandas.DataFrame(kept), target


def imputed():
    return SimpleImputer(keep_empty_features=True).set_output(transform="pandas")


def sklearn_mlp(is_regression, seed):
    prepared = make_column_transformer(
        (make_pipeline(imputed(), StandardScaler()), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    )
    if not is_regression:
        return make_pipeline(prepared, MLPClassifier(random_state=seed))
    network = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    return make_pipeline(prepared, network)


def boosting(is_regression, seed):
    make = HistGradientBoostingRegressor if is_regression else HistGradientBoostingClassifier
    return make(random_state=seed)


def realmlp(is_regression, seed):
    from pytabkit import RealMLP_TD_Classifier, RealMLP_TD_Regressor

    make = RealMLP_TD_Regressor if is_regression else RealMLP_TD_Classifier
    numbers = make_column_transformer(
        (imputed(), make_column_selector(dtype_include="number")), remainder="passthrough",
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")  # fmt: skip
    return make_pipeline(numbers, make(device="cpu", n_threads=1, random_state=seed, verbosity=0))


MAKERS = {"sklearn": sklearn_mlp, "boosting": boosting, "realmlp": realmlp}


def predictions(name, content, is_regression, seed, train, test):
    """Seconds to train, class names or nothing, and predictions or probabilities."""
    frame, target = columns(content, is_regression)
    model = MAKERS[name](is_regression, seed)
    start = time.perf_counter()
    model.fit(frame.iloc[train], target[train])
    seconds = time.perf_counter() - start
    if is_regression:
        return seconds, None, numpy.ravel(model.predict(frame.iloc[test]))
    return seconds, model.classes_, model.predict_proba(frame.iloc[test])
