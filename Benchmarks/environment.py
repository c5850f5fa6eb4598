"""The virtual environments of the comparisons, with the peers at the versions of a requirements file.

Needs only the standard library.
"""

import os
import subprocess
import sys
import venv


def requirements(path):
    with open(path) as file:
        lines = [line.strip() for line in file]
    index = [part for line in lines if line.startswith("-") for part in line.split()]
    here = "linux" if sys.platform.startswith("linux") else sys.platform
    pins = [
        line.split(";")[0]
        for line in lines
        if line and line[0] not in "#-" and ("sys_platform" not in line or f'"{here}"' in line)
    ]
    return index, pins


def installed(python):
    code = 'import importlib.metadata as m; print(*(f"{d.name}=={d.version}" for d in m.distributions()))'
    return set(
        subprocess.run([python, "-c", code], check=True, text=True, stdout=subprocess.PIPE).stdout.lower().split()
    )


def is_there(pin, present):
    return pin in present or pin.split("+")[0] in present


def prepare(folder, path):
    """The Python of the environment in `folder`, with what the requirements file at `path` lists.

    Installs what is missing, one by one where not all can be had together. What cannot be had is left out.
    """
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        print(f"makes the virtual environment {folder}", file=sys.stderr)
        venv.create(folder, with_pip=True)
    index, pins = requirements(path)
    present = installed(python)
    # Builds for the CPU alone ("+cpu") come from the extra index, everything else does not ask it. Where that index
    # cannot be had, the usual build does the same work on the CPU, with the libraries for GPUs beside it.
    missing = [pin for pin in pins if not is_there(pin, present)]
    plain, cpu = [pin for pin in missing if "+" not in pin], [pin for pin in missing if "+" in pin]
    for some, source in ((cpu, [*index, "--retries", "1"]), (plain, [])):
        if some:
            print(f"installs {', '.join(some)}", file=sys.stderr)
            install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *source]
            if subprocess.run([*install, *some], stdout=sys.stderr).returncode != 0:
                for pin in [pin.split("+")[0] for pin in some] if source else some if len(some) > 1 else ():
                    subprocess.run([*install[:6], pin], stdout=sys.stderr)
    present = installed(python)
    for pin in pins:
        if not is_there(pin, present):
            print(f"{pin} cannot be installed; what needs it is left out", file=sys.stderr)
    if not any(name.startswith("numpy==") for name in present):
        raise SystemExit("the comparison itself needs numpy")
    return python
