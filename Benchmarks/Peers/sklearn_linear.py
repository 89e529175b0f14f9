"""scikit-learn's SGD, a thousand rows at a time: each batch is predicted, then learned.

    sklearn_linear.py classes|numbers polars|pyarrow TARGET FILE PREDICTIONS

The scaler sees a batch before it is predicted, which is to its advantage. Words are one-hot, their levels those of the
first block.
"""
import sys

import numpy as np
from sklearn.linear_model import SGDClassifier, SGDRegressor
from sklearn.preprocessing import OneHotEncoder, StandardScaler

task, reader, target, path, output = sys.argv[1:]
BATCH, BLOCK = 1000, 10_000


def blocks():
    """Frames of several batches, so that reading costs little for each."""
    if reader == "polars":
        import polars

        for frame in polars.scan_csv(path).collect_batches(chunk_size=BLOCK, maintain_order=True):
            yield frame.to_pandas()
    else:
        from pyarrow import csv

        for batch in csv.open_csv(path, read_options=csv.ReadOptions(block_size=1 << 22)):
            yield batch.to_pandas()


scaler, words = StandardScaler(), OneHotEncoder(sparse_output=False, handle_unknown="ignore")
settings = dict(penalty=None, learning_rate="constant", eta0=0.01, random_state=0)
model = SGDClassifier(loss="log_loss", **settings) if task == "classes" else SGDRegressor(**settings)
names = None
with open(output, "w") as file:
    for frame in blocks():
        labels = frame.pop(target).to_numpy()
        first = names is None
        if first:
            names = [name for name in frame if frame[name].dtype.kind in "iuf"]
            others = [name for name in frame if name not in names]
        dense = frame[names].to_numpy(dtype=np.float64)
        if others:
            coded = words.fit_transform(frame[others]) if first else words.transform(frame[others])
        for start in range(0, len(labels), BATCH):
            part = slice(start, start + BATCH)
            rows = scaler.partial_fit(dense[part]).transform(dense[part])
            if others:
                rows = np.hstack([rows, coded[part]])
            if not hasattr(model, "coef_"):
                predictions = np.full(len(rows), 0.5 if task == "classes" else 0.0)
            elif task == "classes":
                predictions = model.predict_proba(rows)[:, 1]
            else:
                predictions = model.predict(rows)
            if task == "classes":
                model.partial_fit(rows, labels[part], classes=[0, 1])
            else:
                model.partial_fit(rows, labels[part])
            file.writelines(f"{value:.6g}\n" for value in predictions)
