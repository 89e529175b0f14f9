"""What is run: workloads, and in each the jobs that are measured beside one another.

Paths are relative to the project, so that a command line in a kept run can be pasted anywhere.
"""
import glob
import os

from data import Stream

WEIR = os.environ.get("WEIR", ".build/release/weir")
PYTHON = ".build-peers/bin/python"
PEERS = "Benchmarks/Peers"
CLASSES = ".build-bench/classes"
JAR = os.environ.get("MOA_JAR") or next(
    iter(glob.glob(".build-peers/lib/python3*/site-packages/capymoa/jar/moa.jar")), None)
ROWS = int(os.environ.get("ROWS", 1_000_000))

# The nearest there is to parsing and nothing else.
PARSE_ONLY = ["learn", "--model", "no-change", "--detect", "none", "-q"]
SGD = "logistic:optimizer=sgd,rate=0.01"
ADAGRAD = "logistic:optimizer=adagrad"
RATES = [f"{2.0 ** (-k / 2):.6g}" for k in range(2, 34)]
# Many rates in one pass, as models of their own and as one.
MANY_MODELS = [part for rate in RATES for part in ("--model", f"logistic:optimizer=sgd,rate={rate}")]
MANY_RATES = "logistic:optimizer=sgd,rates=" + "/".join(RATES)

LOGISTIC = ["--loss_function", "logistic", "--link", "logistic"]


class Workload:
    """Jobs on the same rows. `measure` is what quality is compared by: log_loss, mae or accuracy."""

    def __init__(self, name, title, stream, measure=None, reference=None):
        self.name, self.title, self.stream, self.measure = name, title, stream, measure
        # The job that others are compared with where peers are not the point.
        self.reference = reference
        self.jobs = []

    @property
    def scoring(self):
        return "numbers" if self.measure == "mae" else "classes"

    def add(self, name, command, format, cores=(1,), same=None, **rest):
        """A job for each number of cores. What it predicts does not depend on that number."""
        for count in cores:
            label = name if count == 1 else f"{name}@{count}"
            self.jobs.append(
                Job(self, label, command, format, count, same=name if count > 1 else same, **rest))

    def weir(self, name, options, format="csv", **rest):
        """Weir as it is used: bytes on standard input."""
        self.add(name, [WEIR, *options], format, kind="weir", reads_stdin=True,
                 predict=["--predictions", "{predictions}"], **rest)

    def vw(self, name, options, format="vw", **rest):
        self.add(
            name, [PYTHON, "-m", "vowpalwabbit", "-d", "{input}", "--quiet", *options], format, kind="vw",
            needs="vowpalwabbit", predict=["-p", "{predictions}"], **rest)

    def python(self, name, script, arguments, format="csv", needs=None, **rest):
        rest.setdefault("kind", "peer")
        self.add(name, [PYTHON, f"{PEERS}/{script}.py", *arguments], format, needs=needs, **rest)

    def floors(self, target, formats=("csv",)):
        """What no program that reads the rows can beat, and what others take to parse them."""
        self.add("wc", ["wc", "-l", "{input}"], "csv", kind="floor")
        self.add("cat-wc", ["sh", "-c", "cat {input} | wc -l"], "csv", kind="floor")
        for reader in ("pyarrow", "polars", "pandas"):
            self.python(f"parse-{reader}", "parse", [reader, "csv", "{input}"], needs=reader, kind="parse",
                        note="one thread, parses and nothing else")
        self.weir("parse-weir", [*PARSE_ONLY, "--target", target], writes=False, scored=False,
                  note="parses, encodes, scores the label before")
        if "ndjson" in formats:
            self.python("parse-polars-ndjson", "parse", ["polars", "ndjson", "{input}"], "ndjson", needs="polars",
                        kind="parse", note="one thread, parses and nothing else")
            self.weir("parse-weir-ndjson", [*PARSE_ONLY, "--target", target], "ndjson", writes=False, scored=False,
                      note="parses, encodes, scores the label before")


class Job:
    """One command line, `{input}`, `{predictions}` and `{cores}` in it still to be filled in.

    kind      weir, vw, peer, parse or floor
    needs     the Python package, or "moa"
    predict   further arguments that make it write predictions
    writes    whether predictions are written in the time that is measured
    scored    whether there is a quality; of a job that writes nothing it is that of `same`, or of a run more
    prints    what it tells itself: moa (accuracy), loop (seconds of a loop), latency, or nothing
    """

    def __init__(self, workload, name, command, format, cores, kind, needs=None, predict=(), writes=None,
                 scored=None, same=None, prints=None, reads_stdin=False, note=""):
        self.workload, self.name, self.format, self.cores = workload, name, format, cores
        self.kind, self.needs, self.predict, self.same = kind, needs, list(predict), same
        self.prints, self.reads_stdin, self.note = prints, reads_stdin, note
        learns = kind in ("weir", "vw", "peer")
        own_file = any("{predictions}" in part for part in command)
        self.writes = (learns and (bool(predict) or own_file)) if writes is None else writes
        self.scored = (learns and workload.measure is not None) if scored is None else scored
        self.input = workload.stream.path(format)
        self.command = command

    @property
    def key(self):
        return f"{self.workload.name}/{self.name}"

    def line(self, predicting=None):
        """The command with its files filled in, pinned to its cores."""
        predicting = self.writes if predicting is None else predicting
        parts = self.command + (self.predict if predicting else [])
        values = {"{input}": self.input, "{predictions}": self.predictions, "{cores}": str(self.cores)}
        for name, value in values.items():
            parts = [part.replace(name, value) for part in parts]
        pinned = sorted(os.sched_getaffinity(0))[: self.cores]
        return ["taskset", "-c", ",".join(map(str, pinned)), *parts]

    @property
    def predictions(self):
        return f".build-bench/out/{self.key.replace('/', '-')}.predictions"


def moa(workload, learner, cores):
    rows = workload.stream.rows
    task = (f"EvaluatePrequential -l ({learner}) -s (ArffFileStream -f {{input}})"
            f" -e BasicClassificationPerformanceEvaluator -i {rows} -f {rows}")
    workload.add("moa", ["java", "-Xmx2g", "-cp", JAR or "moa.jar", "moa.DoTask", task], "arff", kind="peer",
                 needs="moa", prints="moa", cores=cores)


def dense(name, rows, whole):
    work = Workload(name, f"Thirty numbers and a rare class whose weights change half-way, {rows:,} rows",
                    Stream("dense", rows), "log_loss")
    if whole:
        work.floors("Class", ("csv", "ndjson"))
    learn = ["learn", "--target", "Class", "-q"]
    two = (1, 2) if whole else (1,)
    work.weir("weir", learn, cores=two, note="the defaults: a mixture, ADWIN on its loss")
    if whole:
        work.weir("weir-nothing", learn, writes=False, same="weir", cores=two)
        work.weir("weir-sgd-nothing", [*learn, "--detect", "none", "--model", SGD], writes=False, cores=two)
        work.weir("weir-adagrad-nothing", [*learn, "--model", ADAGRAD], writes=False, note="ADWIN on its loss")
        work.weir("weir-ndjson", learn, "ndjson")
        work.weir("weir-vw-text", ["learn", "--format", "vw", "-q"], "vw")
    tuned = [*LOGISTIC, "--power_t", "0"]
    note = "--power_t 0: the rate does not fall, so that it follows the drift"
    work.vw("vw-tuned", tuned, cores=two, note=note)
    if whole:
        work.vw("vw", LOGISTIC, cores=two)
        work.vw("vw-csv", ["--csv", *LOGISTIC], "vw-csv")
        work.vw("vw-nothing", LOGISTIC, writes=False, same="vw", cores=two)
        work.vw("vw-tuned-nothing", tuned, writes=False, same="vw-tuned", cores=two, note=note)
        work.vw("vw-sgd-nothing", [*LOGISTIC, "--sgd", "-l", "0.01"], writes=False, cores=two,
                note="the barest there is; see what it has learned")
        for reader in ("polars", "pyarrow"):
            work.python(f"sklearn-{reader}", "sklearn_linear", ["classes", reader, "Class", "{input}", "{predictions}"],
                        needs="sklearn", cores=two, note="partial_fit, 1000 rows at a time")
    else:
        work.python("river", "river_linear", ["classes", "Class", "{input}", "{predictions}"], needs="river")
    return work


def demand(name, rows, whole):
    work = Workload(name, f"Demand by the hour: ten numbers, two categories, a count, {rows:,} rows",
                    Stream("demand", rows), "mae")
    if whole:
        work.floors("count")
    learn = ["learn", "--target", "count", "-q"]
    two = (1, 2) if whole else (1,)
    work.weir("weir", learn, cores=two, note="the defaults")
    if whole:
        work.weir("weir-nothing", learn, writes=False, same="weir", cores=two)
    work.vw("vw-coin", ["--coin"], cores=two)
    if whole:
        work.vw("vw", [])
        work.vw("vw-nothing", [], writes=False, same="vw")
        work.vw("vw-coin-nothing", ["--coin"], writes=False, same="vw-coin", cores=two)
        for reader in ("polars", "pyarrow"):
            work.python(f"sklearn-{reader}", "sklearn_linear", ["numbers", reader, "count", "{input}", "{predictions}"],
                        needs="sklearn", note="partial_fit, 1000 rows at a time")
    else:
        work.python("river", "river_linear", ["numbers", "count", "{input}", "{predictions}"], needs="river")
    return work


def sparse(rows):
    work = Workload("sparse", f"Forty words out of 200,000 and a class, {rows:,} rows", Stream("sparse", rows),
                    "log_loss")
    work.add("wc", ["wc", "-l", "{input}"], "vw", kind="floor")
    work.python("parse-sklearn", "parse", ["sklearn", "libsvm", "{input}"], "libsvm", needs="sklearn", kind="parse",
                note="load_svmlight_file: parses and nothing else")
    for format in ("vw", "libsvm"):
        learn = ["learn", "--format", format, "-q"]
        work.weir(f"weir-{format}", learn, format, cores=(1, 2))
        work.weir(f"weir-{format}-nothing", learn, format, writes=False, same=f"weir-{format}")
    work.weir("weir-vw-adagrad-nothing", ["learn", "--format", "vw", "-q", "--detect", "none", "--model", ADAGRAD], "vw",
              writes=False, note="one learner, as VW is one")
    work.vw("vw", [*LOGISTIC, "-b", "18"], cores=(1, 2))
    work.vw("vw-nothing", [*LOGISTIC, "-b", "18"], writes=False, same="vw", cores=(1, 2))
    return work


def wide(rows):
    work = Workload("wide", f"A thousand numbers and a class, {rows:,} rows", Stream("wide", rows), "log_loss")
    work.floors("y")
    learn = ["learn", "--target", "y", "-q"]
    work.weir("weir", learn, note="the defaults")
    work.weir("weir-nothing", learn, writes=False, same="weir")
    work.weir("weir-sgd-nothing", [*learn, "--detect", "none", "--model", SGD], writes=False)
    work.vw("vw", LOGISTIC)
    work.vw("vw-nothing", LOGISTIC, writes=False, same="vw")
    work.python("sklearn-polars", "sklearn_linear", ["classes", "polars", "y", "{input}", "{predictions}"],
                needs="sklearn", note="partial_fit, 1000 rows at a time")
    return work


def rates(rows):
    work = Workload("rates", f"Thirty-two rates beside one, thirty numbers, {rows:,} rows", Stream("dense", rows),
                    "log_loss", reference="one")
    learn = ["learn", "--target", "Class", "-q", "--detect", "none"]
    work.weir("one", [*learn, "--model", SGD], writes=False)
    work.weir("thirty-two", [*learn, *MANY_MODELS], writes=False, note="a model for each; the first is scored")
    work.weir("thirty-two-mixed", [*learn, "--model", MANY_RATES], writes=False, note="one model that mixes them")
    return work


def trees(name, rows, learner, moa_learner, river_kind, whole):
    work = Workload(name, f"Loan applicants, three abrupt drifts, {learner}, {rows:,} rows", Stream("agrawal", rows),
                    "accuracy")
    two = (1, 2) if whole else (1,)
    options = ["learn", "--target", "class", "--positive", "groupB", "--detect", "none", "--model", learner,
               "--threads", "{cores}", "-q"]
    work.weir("weir", options)
    if whole:
        work.weir("weir-nothing", options, writes=False, same="weir", cores=two)
        moa(work, moa_learner, two)
    if not whole or river_kind == "forest":
        work.python("river", "river_trees", [river_kind, "{input}", "{predictions}"], needs="river")
    return work


def detector(name, values):
    work = Workload(name, f"{name} over {values:,} values whose level jumps 50 times", Stream("levels", values),
                    reference="weir")
    work.add("weir", [".build/release/micro", name, "{input}"], "labels", kind="weir", prints="loop",
             note="in process: the loop alone is timed")
    work.weir("weir-detect", ["detect", "--detect", name], "labels", writes=False, scored=False, cores=(1, 2),
              note="from text to alarms, a whole process")
    work.python("river", "river_detectors", [name, "{input}"], "labels", needs="river", prints="loop",
                note="in process: the loop alone is timed")
    work.add("moa", ["java", "-Xmx2g", "-cp", f"{JAR or 'moa.jar'}:{CLASSES}", "MoaDetectors", name, "{input}"], "labels",
             kind="peer", needs="moa", prints="loop", note="in process: the loop alone is timed")
    return work


def latency():
    work = Workload("latency", "One event there and back over pipes, both ends on one core", Stream("dense", 5500),
                    reference="echo")
    harness = ".build/release/latency"
    columns = ",".join(["Time", *(f"V{i}" for i in range(1, 29)), "Amount", "Class"])
    learn = [WEIR, "learn", "--target", "Class", "--task", "binary", "--predictions", "-", "--max-delay", "0", "-q"]
    work.add("echo", [harness, "--header", "{input}", harness, "echo"], "csv", kind="floor", prints="latency")
    work.add("weir", [harness, "--header", "{input}", *learn, "--columns", columns], "csv", kind="weir", prints="latency",
             writes=False)
    work.add("weir-ndjson", [harness, "{input}", *learn], "ndjson", kind="weir", prints="latency", writes=False)
    work.add("vw", [harness, "{input}", PYTHON, "-m", "vowpalwabbit", "--quiet", *LOGISTIC, "-d", "/dev/stdin", "-p",
                    "/dev/stdout"], "vw", kind="vw", needs="vowpalwabbit", prints="latency", writes=False)
    work.add("river", [harness, "{input}", PYTHON, f"{PEERS}/river_answers.py"], "ndjson", kind="peer", needs="river",
             prints="latency")
    return work


def workloads():
    tenth = max(ROWS // 10, 1000)
    tree = ("hoeffding-tree", "trees.HoeffdingTree", "tree")
    adaptive = ("hoeffding-adaptive-tree", "trees.HoeffdingAdaptiveTree", "adaptive-tree")
    # Asked for more threads, MOA's forest writes its figures and never ends: on two cores it has what the virtual machine
    # makes of them.
    forest = ("adaptive-random-forest", "meta.AdaptiveRandomForest -s 10 -j 1", "forest")
    return [
        dense("dense", ROWS, True), dense("dense-tenth", tenth, False),
        demand("demand", ROWS, True), demand("demand-tenth", tenth, False),
        sparse(ROWS), wide(max(ROWS // 50, 1000)), rates(ROWS),
        trees("tree", ROWS, *tree, True), trees("tree-tenth", tenth, *tree, False),
        trees("adaptive-tree", ROWS, *adaptive, True), trees("adaptive-tree-tenth", tenth, *adaptive, False),
        trees("forest", tenth, *forest, True),
        detector("adwin", 5 * ROWS), detector("page-hinkley", 5 * ROWS), latency(),
    ]
