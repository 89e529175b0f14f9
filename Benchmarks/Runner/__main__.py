"""Weir beside its peers on the same bytes in the same run. `Benchmarks/run --help` says how."""
import argparse
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import data
import jobs
import machine
import process
import table

OUT = Path(".build-bench/out")
KEPT = Path("Benchmarks/Runs")
BUDGET = float(os.environ.get("BUDGET", 60))
HERE = os.path.dirname(os.path.abspath(__file__))


def say(text):
    print(text, file=sys.stderr, flush=True)


def installed(needs):
    """Which of the peers are here."""
    found = set()
    if jobs.JAR and os.path.exists(jobs.JAR) and subprocess.run(
        ["java", "-version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ).returncode == 0:
        found.add("moa")
    if os.path.exists(jobs.PYTHON):
        script = "import sys\nfrom importlib.util import find_spec\nprint(*(n for n in sys.argv[1:] if find_spec(n)))"
        done = subprocess.run([jobs.PYTHON, "-c", script, *needs], stdout=subprocess.PIPE, text=True)
        found |= set(done.stdout.split())
    return found


def prepare_moa():
    """Compiles the loop around MOA's detectors."""
    os.makedirs(jobs.CLASSES, exist_ok=True)
    subprocess.run(["javac", "-cp", jobs.JAR, "-d", jobs.CLASSES, f"{jobs.PEERS}/MoaDetectors.java"], check=True)


def environment(job):
    """A kernel chosen for the system's OpenBLAS would slow down the one that a Python package brings along."""
    variables = dict(os.environ)
    if job.kind != "weir":
        for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
            variables.pop(name, None)
    return variables


def told_by(job, path):
    """The figures that a program prints about itself."""
    output = Path(path).read_text(errors="replace")
    if job.prints == "moa":
        rows = [line.split(",") for line in output.splitlines() if "," in line]
        values = dict(zip(rows[0], rows[-1]))
        return {"accuracy": float(values["classifications correct (percent)"]) / 100}
    if job.prints:
        return {name: float(value) for name, value in re.findall(r"(\w+) ([\d.]+)", output)}
    return {}


def run_once(result, predicting=None):
    """Runs a job; returns the run, and notes what went wrong."""
    job = result.job
    name = job.key.replace("/", "-")
    stdout, stderr = f"{OUT}/{name}.stdout", f"{OUT}/{name}.stderr"
    done = process.run(
        job.line(predicting), stdin=job.input if job.reads_stdin else None, stdout=stdout, stderr=stderr,
        environment=environment(job))
    if done.status != 0:
        lines = Path(stderr).read_text(errors="replace").strip().splitlines()
        # Weir ends with 64 when it does not know an option: a job for a build to come.
        word = "not in this build" if job.kind == "weir" and done.status == 64 else f"failed ({done.status})"
        result.problem = f"{word}: {lines[-1][:160] if lines else 'nothing said'}"
        return None
    try:
        return done, told_by(job, stdout)
    except (IndexError, KeyError, ValueError):
        result.problem = "failed: printed no figures"
        return None


def measure(results, runs):
    """Rounds in which every job takes its turn, so that whatever slows the machine slows all of them."""
    for number in range(1, runs + 1):
        for place, result in enumerate(results, 1):
            spent = sum(result.walls)
            if result.problem or spent > BUDGET:
                continue
            found = run_once(result)
            if found:
                result.runs.append(found[0])
                result.told.append(found[1])
            text = f"{found[0].wall:.2f} s" if found else result.problem
            say(f"round {number}/{runs}  {place}/{len(results)}  {result.job.key}  {text}")


def scored(kind, stream, predictions=None):
    command = [sys.executable, f"{HERE}/score.py", kind, stream.path("labels")]
    done = subprocess.run(command + ([predictions] if predictions else []), stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": "predictions that cannot be read"}


def judge(results):
    """The quality of each job; of those that wrote no predictions by a run more, which is not timed."""
    for result in results:
        job = result.job
        if not (job.scored and result.is_measured):
            continue
        same = next((r for r in results if r.job.workload is job.workload and r.job.name == job.same), None)
        if same is not None and same.quality:
            result.quality = same.quality
        elif job.prints == "moa":
            result.quality = {"accuracy": result.told[-1]["accuracy"]}
        elif job.writes or (job.predict and run_once(result, predicting=True)):
            say(f"scoring  {job.key}")
            result.quality = scored(job.workload.scoring, job.workload.stream, job.predictions)
            os.remove(job.predictions)


def trivial(workload):
    """What knowing only the labels so far would get."""
    what = "the mean so far" if workload.scoring == "numbers" else "the share of the class so far"
    quality = scored(workload.scoring, workload.stream)
    return {
        "workload": workload.name, "job": "trivial", "note": what,
        **{name: f"{value:.5g}" for name, value in quality.items()},
    }


def report(workloads, results, rounds, keep):
    rows = []
    least_memory = process.smallest_memory()
    for workload in workloads:
        beside = [r for r in results if r.job.workload is workload and (r.runs or r.problem)]
        if workload.measure and beside:
            rows.append(trivial(workload))
        for result in beside:
            megabytes = os.path.getsize(result.job.input) / 1e6
            rows.append(table.row(result, beside, megabytes, least_memory, rounds))
    facts = machine.facts()
    print(table.markdown(workloads, rows, facts, commands=False))
    files = [".build-bench/results"]
    if keep:
        KEPT.mkdir(exist_ok=True)
        files.append(f"{KEPT}/{dict(facts)['date']}-{machine.slug()}")
    for file in files:
        Path(f"{file}.tsv").write_text(table.tsv(rows, facts))
        Path(f"{file}.md").write_text(table.markdown(workloads, rows, facts))
        say(f"written: {file}.md, {file}.tsv")


def arguments():
    parser = argparse.ArgumentParser(
        prog="Benchmarks/run", description=__doc__,
        epilog=f"ROWS=N is the scale (1000000). A job that took BUDGET seconds ({BUDGET:.0f}) is not run again.")
    parser.add_argument("--only", default="", metavar="REGEX", help="jobs whose WORKLOAD/JOB it finds")
    parser.add_argument("--runs", type=int, default=int(os.environ.get("RUNS", 5)), metavar="N")
    parser.add_argument("--list", action="store_true", help="print the command lines and run nothing")
    parser.add_argument("--keep", action="store_true", help="keep the tables below Benchmarks/Runs")
    return parser.parse_args()


def main():
    options = arguments()
    workloads = jobs.workloads()
    chosen = [job for workload in workloads for job in workload.jobs if re.search(options.only, job.key)]
    if options.list:
        for job in chosen:
            print(f"{job.key}: {table.command(job)}")
        return 0
    needs = {job.needs for job in chosen if job.needs}
    missing = needs - installed(sorted(needs - {"moa"}))
    if missing:
        say(f"left out, as they are not installed: {', '.join(sorted(missing))} (make bench-peers installs them)")
    chosen = [job for job in chosen if job.needs not in missing]
    OUT.mkdir(parents=True, exist_ok=True)
    results = [table.Result(job) for job in chosen]
    try:
        say("making the data")
        labels = {(job.workload.stream, "labels") for job in chosen if job.scored}
        data.make(sorted(labels | {(j.workload.stream, j.format) for j in chosen}, key=lambda w: w[0].path(w[1])))
        if any("MoaDetectors" in job.command for job in chosen):
            prepare_moa()
        measure(results, options.runs)
        judge(results)
        report(workloads, results, options.runs, options.keep)
    except KeyboardInterrupt:
        say("\ninterrupted: nothing is written")
        return 130
    return 1 if any(r.problem and r.problem.startswith("failed") for r in results) else 0


def interrupt(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(main())
