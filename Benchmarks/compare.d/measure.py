"""Runs a command and prints its wall time and peak memory: `measure.py COMMAND…`.

A process of its own, because on Linux a child's peak counts from its parent's size at the fork, and this one is small.
"""

import json
import os
import sys
import time

start = time.perf_counter()
child = os.posix_spawn(
    sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
)
_, status, usage = os.wait4(child, 0)
seconds = time.perf_counter() - start
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps({"seconds": seconds, "bytes": usage.ru_maxrss * unit, "status": os.waitstatus_to_exitcode(status)}))
