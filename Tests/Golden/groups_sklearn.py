"""Writes groups_sklearn.json: scores and rates of groups of rows by scikit-learn and numpy."""
import json, pathlib
import numpy as np
from sklearn import metrics as m

random = np.random.default_rng(23)
n, window, threshold = 900, 250, 0.35
group = random.choice(["a", "b", "c", "d"], n, p=[0.5, 0.3, 0.17, 0.03])
p = np.round(random.beta(2, 3, n), 6)
y = (random.random(n) < np.clip(p + 0.2 * (group == "b"), 0, 1)).astype(int)
value = np.round(random.gamma(2, 20, n), 4)
guess = np.round(value + random.normal(0, 8, n) + 4 * (group == "c"), 4)


def binary(rows):
    y0, p0 = y[rows], p[rows]
    hit = (p0 > 0.5).astype(int)
    said = (p0 > threshold).astype(int)
    tn, fp, fn, tp = m.confusion_matrix(y0, said, labels=[0, 1]).ravel()
    return {
        "rows": len(y0),
        "roc-auc": m.roc_auc_score(y0, p0),
        "average-precision": m.average_precision_score(y0, p0),
        "log-loss": m.log_loss(y0, p0, labels=[0, 1]),
        "accuracy": m.accuracy_score(y0, hit),
        "f1": m.f1_score(y0, hit),
        "kappa": m.cohen_kappa_score(y0, hit),
        "base-rate": float(y0.mean()),
        "mean-probability": float(p0.mean()),
        "positive-rate": float(said.mean()),
        "false-positive-rate": float(fp / (fp + tn)),
        "false-negative-rate": float(fn / (fn + tp)),
    }


def regression(rows):
    y0, p0 = value[rows], guess[rows]
    return {
        "rows": len(y0),
        "mae": m.mean_absolute_error(y0, p0),
        "rmse": m.root_mean_squared_error(y0, p0),
        "r2": m.r2_score(y0, p0),
        "mean-label": float(y0.mean()),
        "mean-prediction": float(p0.mean()),
        "bias": float((y0 - p0).mean()),
    }


def told(of):
    last = np.arange(n) >= n - window
    names = {"a": ["a"], "b": ["b"], "c": ["c"], "(small groups)": ["d"]}
    return {
        name: {"all": of(np.isin(group, who)), "window": of(np.isin(group, who) & last)}
        for name, who in names.items()
    }


path = pathlib.Path(__file__).parent / "groups_sklearn.json"
path.write_text(json.dumps({
    "threshold": threshold, "window": window, "group": list(map(str, group)),
    "binary": {"y": y.tolist(), "p": p.tolist(), "groups": told(binary)},
    "regression": {"y": value.tolist(), "p": guess.tolist(), "groups": told(regression)},
}) + "\n")
