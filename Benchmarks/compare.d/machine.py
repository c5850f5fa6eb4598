"""What the report says about the machine and the versions."""

import json
import os
import platform
import subprocess
import time


def first_line(command, fallback="unknown"):
    try:
        return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return fallback


def load():
    return round(os.getloadavg()[0], 2)


def inform(rectifier):
    """What `rectifier info` says of the machine, and the float32 peak of one thread, in operations a second."""

    def lines(*arguments):
        output = subprocess.run([rectifier, *arguments, "--json"], check=True, text=True, stdout=subprocess.PIPE).stdout
        return [json.loads(line) for line in output.splitlines()]

    peaks = [line["flops"] for line in lines("bench", "peak", "--threads", "1") if line.get("section") == "peak"]
    return lines("info")[0], peaks[0]


def describe(rectifier, root):
    """What the report tells about where and with what it was measured."""
    info, peak = inform(rectifier)
    commit = first_line(["git", "-C", root, "rev-parse", "--short", "HEAD"])
    if first_line(["git", "-C", root, "status", "--porcelain", "--untracked-files=no"], ""):
        commit += " with changes"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": info["processor"],
        "cores": info["cores"],
        "instructionSet": info["selected"],
        "memory": memory,
        "system": f"{platform.system()} {platform.release()}",
        "swift": first_line(["swift", "--version"]),
        "python": platform.python_version(),
        "commit": commit,
        "rectifier": info["version"],
        "peak": peak,
        "loadAtStart": load(),
        "environment": {name: value for name, value in os.environ.items() if name.startswith("RECTIFIER_") and name != "RECTIFIER_DATA"},
    }
