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


class Training:
    def __init__(self, workload):
        self.workload = workload
        activation = {"relu": jax.nn.relu, "tanh": jnp.tanh}[workload.activation]
        kind, rate = workload.optimizer, workload.learningRate
        optimizer = optax.adam(rate) if kind["name"] == "adam" else optax.sgd(rate, momentum=kind.get("momentum"))

        def loss(parameters, x, y):
            for weights, bias in parameters[:-1]:
                x = activation(x @ weights + bias)
            weights, bias = parameters[-1]
            x = x @ weights + bias
            if workload.is_classification:
                return optax.softmax_cross_entropy_with_integer_labels(x, y).mean()
            return jnp.mean((x - y) ** 2)

        def step(state, batch):
            parameters, optimizer_state = state
            value, gradient = jax.value_and_grad(loss)(parameters, *batch)
            updates, optimizer_state = optimizer.update(gradient, optimizer_state)
            return (optax.apply_updates(parameters, updates), optimizer_state), value

        # Donated: weights and optimizer state are updated where they are.
        self.step = jax.jit(step, donate_argnums=0)
        self.scan = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)
        parameters = [(jnp.array(weights), jnp.array(bias)) for weights, bias in workload.weights]
        self.state = jax.block_until_ready((parameters, optimizer.init(parameters)))
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
        parameters, _ = self.state
        for index, (weights, bias) in enumerate(parameters):
            x = x @ weights + bias
            if index < len(parameters) - 1:
                x = jax.nn.relu(x)
        return {"accuracy": float((x.argmax(axis=1) == labels).mean())}


if __name__ == "__main__":
    # On the CPU, asynchronous dispatch only hands each step over to another thread: without it small steps are up to
    # twice as fast, large ones no slower.
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    worker.serve(Training, jax.__version__)
