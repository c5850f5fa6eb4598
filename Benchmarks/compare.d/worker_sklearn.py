"""scikit-learn's MLPClassifier, an epoch a call of `partial_fit`, which does what an epoch of `fit` does."""

import sklearn
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

import worker


class Training:
    def __init__(self, workload):
        threadpool_limits(workload.threads)
        self.workload = workload
        kind = workload.optimizer
        self.model = model = MLPClassifier(
            hidden_layer_sizes=[len(bias) for _, bias in workload.weights[:-1]], activation="relu", solver="sgd",
            batch_size=workload.batchSize, learning_rate_init=workload.learningRate, momentum=kind["momentum"],
            nesterovs_momentum=False, alpha=0, shuffle=False,
        )  # fmt: skip
        # The first call makes the weights; it sees one batch, and the workload's weights then take their place.
        self.classes = list(range(workload.layers[-1].size))
        size = workload.batchSize
        model.partial_fit(workload.features[:size], workload.targets[:size], classes=self.classes)
        for index, (weights, bias) in enumerate(workload.weights):
            model.coefs_[index][...] = weights
            model.intercepts_[index][...] = bias
        for velocity in model._optimizer.velocities:
            velocity[...] = 0

    def epoch(self):
        self.model.partial_fit(self.workload.features, self.workload.targets)
        return self.model.loss_

    def loss(self, value):
        return float(value)

    def finish(self):
        images, labels = self.workload.test
        return {"accuracy": float(self.model.score(images, labels))}


if __name__ == "__main__":
    worker.serve(Training, sklearn.__version__)
