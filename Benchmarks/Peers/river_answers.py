"""River behind a pipe: an event a line as JSON in, its prediction a line out at once, then it is learned."""
import json
import sys

from river import linear_model, optim, preprocessing

model = preprocessing.StandardScaler() | linear_model.LogisticRegression(optim.SGD(0.01))
for line in sys.stdin:
    event = json.loads(line)
    label = event.pop("Class")
    print(f"{model.predict_proba_one(event).get(True, 0.5):.6g}", flush=True)
    model.learn_one(event, label == 1)
