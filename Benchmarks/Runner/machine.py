"""What was measured on, and with which versions."""
import datetime
import os
import platform
import re
import subprocess

from jobs import JAR, PYTHON, WEIR

PACKAGES = ["numpy", "pandas", "polars", "pyarrow", "river", "scikit-learn", "vowpalwabbit", "capymoa"]


def first_line(command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return None
    return done.stdout.strip().splitlines()[0] if done.returncode == 0 and done.stdout.strip() else None


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            return re.search(r"model name\s*: (.*)", file.read()).group(1)
    except (OSError, AttributeError):
        return platform.machine()


def slug():
    """A short name of the kind of machine for a file: never its own."""
    words = re.sub(r"\(.*?\)", "", processor()).lower()
    words = [w for w in re.findall(r"[a-z0-9]+", words) if w not in ("cpu", "processor", "core", "with")]
    return "-".join(words[:3] + [f"{os.cpu_count()}cores"])


def facts():
    """Pairs of a name and a text."""
    system = "Linux"
    try:
        with open("/etc/os-release") as file:
            system = re.search(r'PRETTY_NAME="(.*)"', file.read()).group(1)
    except (OSError, AttributeError):
        pass
    found = [
        ("date", datetime.date.today().isoformat()),
        ("machine", processor()),
        ("cores", str(os.cpu_count())),
        ("system", f"{system}, Linux {platform.release().split('-')[0]}"),
        ("weir", first_line([WEIR, "--version"])),
        ("source", source()),
        ("swift", first_line(["swift", "--version"])),
        ("python", platform.python_version()),
    ]
    if os.path.exists(PYTHON):
        script = "from importlib.metadata import distributions as d\nfor p in d(): print(p.name.lower(), p.version)"
        done = subprocess.run([PYTHON, "-c", script], stdout=subprocess.PIPE, text=True)
        found += sorted(tuple(line.split()) for line in done.stdout.splitlines() if line.split()[0] in PACKAGES)
    if JAR:
        found.append(("java", first_line(["java", "-version"])))
    return [(name, text.removeprefix(f"{name} ")) for name, text in found if text]


def source():
    """The commit, and whether the tree was as committed."""
    commit = first_line(["git", "rev-parse", "--short", "HEAD"])
    if commit and first_line(["git", "status", "--porcelain", "--untracked-files=no"]):
        commit += " and changes"
    return commit
