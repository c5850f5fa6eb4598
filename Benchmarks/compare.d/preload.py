"""Libraries that are loaded before a peer's own, where a knowing user would.

tcmalloc keeps the memory of large tensors instead of giving it back to the system after each step. The shim says "yes"
where MKL asks whether the processor is Intel's, and so gives AMD's processors MKL's fast kernels; on others it changes
nothing and is left out.
"""

import functools
import glob
import os
import subprocess
import sys

SHIM = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"
PLACES = (
    "/usr/lib/*",
    "/usr/lib64",
    "/usr/local/lib",
    "/opt/homebrew/lib",
    os.path.join(sys.prefix, "preload", "usr", "lib", "*"),
)


@functools.cache
def libraries():
    """Paths; none where there is nothing to preload."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(path for path in (shim(), tcmalloc()) if path)


def names():
    return [os.path.basename(path) for path in libraries()]


def shim():
    with open("/proc/cpuinfo") as file:
        if "AuthenticAMD" not in file.read():
            return None
    folder = os.path.join(sys.prefix, "preload")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "libmklshim.so")
    made = subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", path], input=SHIM, text=True)
    return path if made.returncode == 0 else None


def tcmalloc():
    """The system's; or else Debian's package, unpacked beside the environment and not installed."""
    return found() or (unpack() and found()) or None


def found():
    paths = [path for place in PLACES for path in sorted(glob.glob(os.path.join(place, "libtcmalloc_minimal.so.*")))]
    return paths[0] if paths else None


def unpack():
    folder = os.path.join(sys.prefix, "preload")
    os.makedirs(folder, exist_ok=True)
    for package in ("libtcmalloc-minimal4t64", "libtcmalloc-minimal4"):
        try:
            done = subprocess.run(["apt-get", "download", package], cwd=folder, capture_output=True, timeout=120)
            files = glob.glob(os.path.join(folder, f"{package}_*.deb"))
            if done.returncode == 0 and files:
                return subprocess.run(["dpkg", "-x", files[0], folder], capture_output=True).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False
    return False
