"""River's linear models, a row at a time, predicted and then learned, from CSV.

    river_linear.py classes|numbers TARGET FILE PREDICTIONS
"""
import sys

from river import compose, linear_model, optim, preprocessing, stream

task, target, path, output = sys.argv[1:]
with open(path) as file:
    names, example = (file.readline().rstrip("\n").split(",") for _ in range(2))
words = [name for name, value in zip(names, example) if value.isalpha()]

rate = optim.SGD(0.01)
regression = linear_model.LinearRegression(rate) if task == "numbers" else linear_model.LogisticRegression(rate)
features = preprocessing.StandardScaler()
if words:
    features = (compose.Discard(*words) | features) + (compose.Select(*words) | preprocessing.OneHotEncoder())
model = features | regression
rows = stream.iter_csv(path, target=target, converters={name: float for name in names if name not in words})
with open(output, "w") as file:
    for row, label in rows:
        if task == "classes":
            file.write(f"{model.predict_proba_one(row).get(True, 0.5):.6g}\n")
            model.learn_one(row, label == 1)
        else:
            file.write(f"{model.predict_one(row):.6g}\n")
            model.learn_one(row, label)
