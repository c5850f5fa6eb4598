"""ONNX Runtime on the model that the driver trained, single samples one after the other."""

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

import worker


def model(workload):
    """Gemm and Relu nodes, which the runtime fuses. Weights are [out, in] with transB, as PyTorch exports them."""
    nodes, constants, value = [], [], "x"
    for index, (weights, bias) in enumerate(workload.weights):
        constants += [
            numpy_helper.from_array(np.ascontiguousarray(weights.T), f"weights{index}"),
            numpy_helper.from_array(bias, f"bias{index}"),
        ]
        nodes.append(helper.make_node("Gemm", [value, f"weights{index}", f"bias{index}"], [f"sum{index}"], transB=1))
        value = f"sum{index}"
        if index < len(workload.weights) - 1:
            nodes.append(helper.make_node("Relu", [value], [f"relu{index}"]))
            value = f"relu{index}"
    inputs, outputs = workload.weights[0][0].shape[0], workload.layers[-1].size
    graph = helper.make_graph(
        nodes, "network", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, inputs])],
        [helper.make_tensor_value_info(value, TensorProto.FLOAT, [1, outputs])], constants,
    )  # fmt: skip
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    result.ir_version = 8
    return result.SerializeToString()


class Inference:
    def __init__(self, workload):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = workload.threads
        options.inter_op_num_threads = 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        self.session = onnxruntime.InferenceSession(model(workload), options, providers=["CPUExecutionProvider"])
        images, self.labels = workload.test
        self.samples = [image.reshape(1, -1).copy() for image in images]
        # Inputs and outputs bound are some microseconds faster than given to `run`.
        self.binding = self.session.io_binding()
        self.binding.bind_output(self.session.get_outputs()[0].name)

    def epoch(self):
        outputs, session, binding = [], self.session, self.binding
        for sample in self.samples:
            binding.bind_cpu_input("x", sample)
            session.run_with_iobinding(binding)
            outputs.append(binding.copy_outputs_to_cpu()[0])
        return outputs

    def loss(self, outputs):
        return worker.cross_entropy(np.concatenate(outputs), self.labels)


if __name__ == "__main__":
    worker.serve(Inference, onnxruntime.__version__)
