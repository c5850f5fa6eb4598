"""Rectifier and the peers as processes that stay alive and take turns."""

import json
import os
import subprocess
import sys
import time

import preload

HERE = os.path.dirname(os.path.abspath(__file__))

# Seconds between turns: what a peer's idle threads may spin (libgomp and OpenBLAS some milliseconds) is over before
# another's clock runs.
PAUSE = 0.1

# Name, title, and the script with its arguments; None where it is Rectifier's own worker. A name says the settings:
# nhwc lays channels last, preload has the libraries of preload.py.
SCRIPTS = {
    f"pytorch-{nhwc}{mode}{preload}": (
        f"PyTorch {title}{', channels last' * bool(nhwc)}{', preloads' * bool(preload)}",
        ["worker_pytorch.py", mode, *["channels-last"] * bool(nhwc)],
    )
    for nhwc in ("", "nhwc-")
    for preload in ("", "-preload")
    for mode, title in (("eager", "eager"), ("compile", "compiled"))
} | {
    "jax-step": ("JAX, a jitted step", ["worker_jax.py", "step"]),
    "jax-scan": ("JAX, a jitted epoch", ["worker_jax.py", "scan"]),
    "sklearn": ("scikit-learn", ["worker_sklearn.py"]),
    "onnxruntime": ("ONNX Runtime", ["worker_onnx.py"]),
    "rectifier-dense": ("Rectifier, zeros multiplied", None),
}


def title(peer):
    return "Rectifier" if peer == "rectifier" else SCRIPTS[peer][0]


def environment(threads):
    """Threads are told to every library in the way it listens to; the rest is as a user has it."""
    result = dict(os.environ)
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        result[name] = str(threads)
    if threads == 1:
        result["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    result["JAX_PLATFORMS"] = "cpu"
    return result


class Failure(Exception):
    """A worker that answered with an error, or not at all."""


class Worker:
    """A process that is loaded with a workload and trains when it is asked to."""

    def __init__(self, peer, steps, scratch, threads):
        script = None if peer == "rectifier" else SCRIPTS[peer][1]
        command = [sys.executable, os.path.join(HERE, script[0]), *script[1:]] if script else [steps]
        variables = environment(threads)
        if peer.endswith("-preload"):
            variables["LD_PRELOAD"] = ":".join(preload.libraries())
        if peer == "rectifier-dense":
            variables["RECTIFIER_ZEROS"] = "multiply"
        self.peer = peer
        self.log = os.path.join(scratch, f"{peer}.log")

        def pin():
            # The same cores for everyone; XLA has no other way to be told a number of threads.
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))

        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=scratch,
                env=variables, preexec_fn=pin,
            )  # fmt: skip

    def ask(self, **command):
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            with open(self.log) as log:
                last = log.read().strip().splitlines()[-1:] or ["it ended without a word"]
            raise Failure(last[0])
        reply = json.loads(line)
        if "error" in reply:
            raise Failure(reply["error"])
        return reply

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:  # it has ended by itself
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Match:
    """One workload, all that take part, turn about. `failures` says who had to leave it, and why."""

    def __init__(self, peers, folder, steps, scratch, threads, failures, say):
        self.workers, self.failures, self.versions = {}, failures, {}
        for peer in ("rectifier", *peers):
            if peer in failures:
                continue
            if peer.endswith("-preload") and not preload.libraries():
                continue
            say(f"{title(peer)} loads")
            worker = Worker(peer, steps, scratch, threads)
            try:
                self.versions[peer] = worker.ask(load=folder)["version"]
                self.workers[peer] = worker
            except Failure as error:
                self.drop(peer, worker, error)

    def drop(self, peer, worker, error):
        worker.end()
        self.workers.pop(peer, None)
        if peer == "rectifier":
            raise SystemExit(f"Rectifier failed: {error}")
        self.failures[peer] = str(error)
        print(f"  {title(peer)} is left out: {error}", file=sys.stderr)

    def turn(self, **command):
        """Everyone's reply, one after another."""
        replies = {}
        for peer, worker in list(self.workers.items()):
            time.sleep(PAUSE)
            try:
                replies[peer] = worker.ask(**command)
            except Failure as error:
                self.drop(peer, worker, error)
        return replies

    def end(self):
        for worker in self.workers.values():
            worker.end()
