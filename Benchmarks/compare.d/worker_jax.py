"""JAX with Optax. `worker_jax.py step|scan`.

step: a jitted training step, called for each batch, as in Optax's documentation.
scan: the whole epoch is one jitted call (`lax.scan` over the batches). That saves the way through Python for each step,
and is what those choose who train small networks. It needs the epoch's batches in one array.
"""

import sys

import jax
import jax.numpy as jnp
import optax

import worker

MODE = sys.argv[1]


def apply(layer, parameters, x, states):
    """What a layer makes of x; the new running statistics of a batch normalization go into `states`."""
    if layer.kind == "sum":
        return sum(forward(branch, parameters, x, states) for branch in layer.branches)
    own = lambda name: parameters[f"{layer.name}.{name}"]  # noqa: E731
    if layer.kind == "dense":
        return x @ own("weights") + own("bias")
    if layer.kind == "conv":
        # Channels last, as XLA's own convolutions for processors read them.
        x = jax.lax.conv_general_dilated(
            x, own("weights"), (layer.stride,) * 2, [layer.padding] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )  # fmt: skip
        return x + own("bias") if layer.has_bias else x
    if layer.kind == "batchnorm":
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
        states[f"{layer.name}.mean"], states[f"{layer.name}.variance"] = mean, variance
        return (x - mean) * (own("scale") * jax.lax.rsqrt(variance + 1e-5)) + own("shift")
    if layer.kind == "maxpool":
        return pooled(x, layer.size)
    return {
        "relu": jax.nn.relu, "tanh": jnp.tanh, "identity": lambda x: x, "flatten": lambda x: x.reshape(len(x), -1),
        "global-avgpool": lambda x: x.mean((1, 2)),
    }[layer.kind](x)  # fmt: skip


def pooled(x, size):
    """Maxima of windows side by side.

    By a reshape: what it becomes, XLA fuses with its neighbours. The gradient of `reduce_window` is a scatter that XLA
    runs on one thread, element by element.
    """
    batch, rows, columns, channels = x.shape
    x = x[:, : rows // size * size, : columns // size * size]
    return x.reshape(batch, rows // size, size, columns // size, size, channels).max((2, 4))


def forward(layers, parameters, x, states):
    for layer in layers:
        x = apply(layer, parameters, x, states)
    return x


class Training:
    def __init__(self, workload):
        self.workload = workload
        kind, rate = workload.optimizer, workload.learningRate
        optimizer = optax.adam(rate) if kind["name"] == "adam" else optax.sgd(rate, momentum=kind.get("momentum"))

        def loss(parameters, x, y):
            states = {}
            x = forward(workload.layers, parameters, x, states)
            if workload.is_classification:
                return optax.softmax_cross_entropy_with_integer_labels(x, y).mean(), states
            return jnp.mean((x - y) ** 2), states

        def step(state, batch):
            parameters, optimizer_state, running = state
            (value, states), gradient = jax.value_and_grad(loss, has_aux=True)(parameters, *batch)
            updates, optimizer_state = optimizer.update(gradient, optimizer_state)
            running = {name: 0.9 * running[name] + 0.1 * states[name] for name in running}
            return (optax.apply_updates(parameters, updates), optimizer_state, running), value

        # Donated: weights and optimizer state are updated where they are.
        self.step = jax.jit(step, donate_argnums=0)
        self.scan = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
        arrays = {name: jnp.array(array) for name, array in workload.arrays.items()}
        running = {name: arrays.pop(name) for name in list(arrays) if name.endswith((".mean", ".variance"))}
        self.state = jax.block_until_ready((arrays, optimizer.init(arrays), running))
        batches = workload.batches()
        # A scan takes batches of one size; a smaller last one is a step of its own.
        self.scanned = None
        if MODE == "scan":
            whole = [batch for batch in batches if len(batch[1]) == workload.batchSize]
            self.scanned = tuple(jnp.stack([batch[part] for batch in whole]) for part in (0, 1))
            batches = batches[len(whole) :]
        self.batches = jax.block_until_ready([(jnp.array(x), jnp.array(y)) for x, y in batches])
        # Compiles before any clock runs: on copies, because the arguments are donated.
        calls = [(self.step, batch) for batch in self.batches[:1] + self.batches[-1:]]
        if self.scanned is not None:
            calls.append((self.scan, self.scanned))
        for call, argument in calls:
            jax.block_until_ready(call(jax.tree.map(jnp.copy, self.state), argument))

    def epoch(self):
        # Nothing is read back before the epoch's end.
        losses, state = [], self.state
        if self.scanned is not None:
            state, values = self.scan(state, self.scanned)
            losses.append(values)
        for batch in self.batches:
            state, value = self.step(state, batch)
            losses.append(value)
        self.state = jax.block_until_ready(state)
        return losses

    def loss(self, losses):
        return self.workload.mean_loss(jnp.concatenate([jnp.atleast_1d(value) for value in losses]))

    def finish(self):
        if not self.workload.test:
            return {}
        x, labels = self.workload.test
        if self.workload.is_convolutional:
            return {}
        x = forward(self.workload.layers, self.state[0], x, {})
        return {"accuracy": float((x.argmax(axis=1) == labels).mean())}


if __name__ == "__main__":
    # On the CPU, asynchronous dispatch only hands each step over to another thread: without it small steps are up to
    # twice as fast, large ones no slower.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    worker.serve(Training, jax.__version__)
