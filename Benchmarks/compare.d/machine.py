"""What the report says about the machine and the versions."""

import json
import os
import platform
import subprocess
import time


def first_line(command, fallback="unknown"):
    try:
        return (
            subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            .stdout.strip()
            .splitlines()[0]
        )
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


# Families of processors by vendor, family and model, as Linux numbers them: the report's file, and its title.
FAMILIES = (
    ("AuthenticAMD", 25, (*range(0x00, 0x10), *range(0x20, 0x60)), "zen3", "AMD Zen 3"),
    ("AuthenticAMD", 25, range(256), "zen4", "AMD Zen 4"),
    ("AuthenticAMD", 26, range(256), "zen5", "AMD Zen 5"),
    ("GenuineIntel", 6, (0x6A, 0x6C), "ice-lake", "Intel Ice Lake"),
    ("GenuineIntel", 6, (0x8F,), "sapphire-rapids", "Intel Sapphire Rapids"),
    ("GenuineIntel", 6, (0xCF,), "emerald-rapids", "Intel Emerald Rapids"),
    ("GenuineIntel", 6, (0xAD, 0xAE), "granite-rapids", "Intel Granite Rapids"),
)


def family():
    """The processor's family: the report's file, and its title. One that no row names goes by its numbers."""
    try:
        with open("/proc/cpuinfo") as file:
            fields = [line.split(":", 1) for line in file if ":" in line]
        values = {name.strip(): value.strip() for name, value in reversed(fields)}  # the first core's
        vendor, number, model = values["vendor_id"], int(values["cpu family"]), int(values["model"])
    except (OSError, KeyError, ValueError):
        name = f"{platform.system()} {platform.machine()}"
        return name.lower().replace(" ", "-"), name
    for row in FAMILIES:
        if row[:2] == (vendor, number) and model in row[2]:
            return row[3:]
    return f"{vendor}-{number}-{model}".lower(), f"{vendor} family {number} model {model}"


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
        "family": family()[1],
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
        "environment": {
            name: value
            for name, value in os.environ.items()
            if name.startswith("RECTIFIER_") and name != "RECTIFIER_DATA"
        },
    }
