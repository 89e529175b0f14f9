"""From what was measured to rows, and from rows to text."""
import statistics

LIKE = 1.1  # A peer's quality is like ours if it has no more than this times what is wrong with ours.


def wrong(quality, measure):
    """What is wrong with predictions, so that less is better: a loss, or the share of mistakes."""
    value = quality.get(measure)
    return None if value is None else (1 - value if measure == "accuracy" else value)


def is_like(quality, ours, measure):
    theirs, own = wrong(quality, measure), wrong(ours, measure)
    return theirs is not None and own is not None and theirs <= LIKE * own


def ratio(others, own):
    """How many times as fast: the median over rounds in which both ran, as a machine may be slow for a while."""
    pairs = list(zip(others, own))
    return statistics.median(other / mine for other, mine in pairs) if pairs else None


class Result:
    """A job with its runs, or with why there are none."""

    def __init__(self, job):
        self.job, self.runs, self.told, self.quality, self.problem = job, [], [], {}, None

    @property
    def is_measured(self):
        return bool(self.runs) and self.problem is None

    @property
    def walls(self):
        return [run.wall for run in self.runs]

    def seconds(self):
        """Of each run what is compared: a whole process, the loop inside it, or one event's way there and back."""
        if self.job.prints == "loop":
            return [told["loop_seconds"] for told in self.told]
        if self.job.prints == "latency":
            return [told["p50_us"] / 1e6 for told in self.told]
        return self.walls

    def speed_beside(self, other):
        """How many times as fast as `other` this is; whole processes unless both know more."""
        if self.job.prints == other.job.prints:
            return ratio(other.seconds(), self.seconds())
        return ratio(other.walls, self.walls)


def median(values):
    return statistics.median(values) if values else None


def fastest(results):
    return min((r for r in results if r.is_measured), key=lambda r: median(r.seconds()), default=None)


def comparisons(result, beside):
    """By kind of comparison the other job's name and how many times as fast `result` is."""
    job = result.job
    found = {}
    alike = [
        r for r in beside
        if r.job.kind in ("vw", "peer") and r.job.cores == job.cores and r.job.writes == job.writes
    ]
    if job.kind == "weir" and job.scored:
        measure = job.workload.measure
        good = [r for r in alike if is_like(r.quality, result.quality, measure)]
        judged = [r for r in alike if r.is_measured and wrong(r.quality, measure) is not None]
        # Where none is as good, the best of them.
        found["peer"] = fastest(good) or min(judged, key=lambda r: wrong(r.quality, measure), default=None)
    if job.kind in ("weir", "peer") and (job.scored or not job.workload.measure):
        found["vw"] = fastest(r for r in alike if r.job.kind == "vw")
    if job.kind in ("weir", "vw", "peer"):
        parsers = [r for r in beside if r.job.kind == "parse" and r.job.format == job.format]
        found["parse"] = fastest(parsers)
    if job.workload.reference and job.name != job.workload.reference:
        found["reference"] = next((r for r in beside if r.job.name == job.workload.reference), None)
    return {
        name: (other.job.name, result.speed_beside(other)) for name, other in found.items()
        if other is not None and other.is_measured and result.is_measured
    }


COLUMNS = [
    "workload", "job", "cores", "writes", "runs", "median_s", "min_s", "cpu_s", "rows_per_s", "mb_per_s", "memory_mb",
    "log_loss", "auc", "accuracy", "mae", "p50_us", "p99_us", "loop_s", "alarms", "peer", "times_peer", "vw", "times_vw",
    "parse", "times_parse", "reference", "times_reference", "note", "command",
]


def text(value):
    """A number with three digits, or whole."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def times(value):
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def row(result, beside, megabytes, least_memory, rounds):
    """All that is known of a result, by column."""
    job = result.job
    few = f"{len(result.runs)} runs" if 0 < len(result.runs) < rounds else None
    notes = [result.problem, job.note, result.quality.get("error"), few]
    found = {
        "workload": job.workload.name, "job": job.name, "cores": str(job.cores), "runs": str(len(result.runs)),
        "writes": "predictions" if job.writes else "", "note": "; ".join(note for note in notes if note),
        "command": command(job),
    }
    found.update({name: f"{value:.5g}" for name, value in result.quality.items() if name != "error"})
    if not result.is_measured:
        return found
    seconds = median(result.walls)
    found["median_s"], found["min_s"] = f"{seconds:.3f}", f"{min(result.walls):.3f}"
    found["cpu_s"] = f"{median([run.cpu for run in result.runs]):.3f}"
    memory = median([run.memory for run in result.runs])
    # A process begins with the memory of its starter to its name: below that nothing can be seen.
    found["memory_mb"] = f"{memory:.0f}" if memory > least_memory + 1 else f"<{least_memory + 1:.0f}"
    if job.prints != "latency":
        found["rows_per_s"] = f"{job.workload.stream.rows / median(result.seconds()):.0f}"
        if job.prints != "loop" and megabytes:
            found["mb_per_s"] = f"{megabytes / seconds:.0f}"
    for name, key in (("p50_us", "p50_us"), ("p99_us", "p99_us"), ("loop_s", "loop_seconds"), ("alarms", "alarms")):
        values = [told[key] for told in result.told if key in told]
        if values:
            found[name] = text(median(values))
    for name, (other, ratio) in comparisons(result, beside).items():
        found[name], found[f"times_{name}"] = other, times(ratio)
    return found


def command(job):
    """The command line as it can be pasted."""
    parts = [f"'{part}'" if set(part) & set(" |()*") else part for part in job.line()]
    return " ".join(parts) + (f" < {job.input}" if job.reads_stdin else "")


def tsv(rows, facts):
    lines = [f"# {name}\t{value}" for name, value in facts] + ["\t".join(COLUMNS)]
    lines += ["\t".join(r.get(column, "") for column in COLUMNS) for r in rows]
    return "\n".join(lines) + "\n"


SHOWN = [
    ("job", "job"), ("writes", "writes"), ("median_s", "median s"), ("min_s", "min s"), ("cpu_s", "CPU s"),
    ("rows_per_s", "rows/s"), ("memory_mb", "MB"), ("log_loss", "log loss"), ("auc", "AUC"),
    ("accuracy", "accuracy"), ("mae", "MAE"), ("p50_us", "p50 µs"), ("p99_us", "p99 µs"), ("loop_s", "loop s"),
    ("alarms", "alarms"),
]
RATIOS = [("peer", "× like peer"), ("vw", "× VW"), ("parse", "× parsing"), ("reference", "× reference")]
WORDS = ("job", "writes")


def grouped(number):
    return f"{int(number):,}" if number else ""


def markdown(workloads, rows, facts, commands=True):
    """A table for each workload; columns that nothing has are left out."""
    out = ["# Weir beside its peers", "", *(f"- {name}: {value}" for name, value in facts), ""]
    out += [
        "Whole processes, but for loops that are timed by themselves; on one core, or on as many as stand after an @. Jobs",
        "took turns. A ratio says how many times as fast a row is, the median over the rounds. \"Like peer\": the fastest on as",
        "many cores that writes as much and has at most 1.1 times what is wrong with ours, or the best if there is none;",
        "\"VW\": its fastest setting, whatever that learned; \"parsing\": the fastest library that parses the same file and does",
        "nothing else.", "",
    ]
    for workload in workloads:
        mine = [r for r in rows if r["workload"] == workload.name]
        if not mine:
            continue
        # How many rows were right says little where few are positive.
        hidden = "accuracy" if workload.measure != "accuracy" else None
        shown = [(key, head) for key, head in SHOWN if key != hidden and any(r.get(key) for r in mine)]
        ratios = [(key, head) for key, head in RATIOS if any(r.get(f"times_{key}") for r in mine)]
        title = workload.title + (f"; the reference is `{workload.reference}`" if workload.reference else "")
        out += [f"## {workload.name}: {title}", ""]
        out.append("| " + " | ".join(head for _, head in shown + ratios) + " |")
        out.append("|" + "|".join("---" if key in WORDS else "--:" for key, _ in shown + ratios) + "|")
        for r in mine:
            cells = [grouped(r.get(key)) if key == "rows_per_s" else r.get(key, "") for key, _ in shown]
            for key, _ in ratios:
                cells.append(" ".join([r.get(f"times_{key}", ""), r.get(key, "") if key == "peer" else ""]).strip())
            out.append("| " + " | ".join(cells) + " |")
        out.append("")
        notes = [f"- `{r['job']}`: {r['note']}" for r in mine if r.get("note") and "@" not in r["job"]]
        out += notes + [""] if notes else []
        if commands:
            out += ["```", *(f"{r['job']}: {r['command']}" for r in mine if r.get("command")), "```", ""]
    return "\n".join(out)
