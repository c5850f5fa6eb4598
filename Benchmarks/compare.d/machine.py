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


def describe(rectifier, root):
    """Processor, instruction set, cores, peaks; `peak` is one thread's multiply-add peak in float32, in operations a second."""
    output = subprocess.run([rectifier, "info", "--measure", "--json"], check=True, text=True, stdout=subprocess.PIPE).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    info = lines[0]
    single = [line for line in lines[1:] if line.get("type") == "float32" and line.get("threads") == 1]
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
        "peak": single[0]["peak"] if single else None,
        "loadAtStart": load(),
        "environment": {name: value for name, value in os.environ.items() if name.startswith("RECTIFIER_") and name != "RECTIFIER_DATA"},
    }
