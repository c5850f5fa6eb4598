#!/usr/bin/env python3
"""Writes small valid files of every form into a folder, as seeds: the reader's number, an option byte, the file."""
import base64
import gzip
import io
import json
import pathlib
import struct
import sys
import zipfile

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
count = 0


def seed(reader, content, options=0):
    global count
    content = content.encode() if isinstance(content, str) else content
    (folder / f"seed-{reader}-{count}").write_bytes(bytes([reader, options]) + content)
    count += 1


def idx(kind, shape, content):
    return bytes([0, 0, kind, len(shape)]) + b"".join(struct.pack(">I", extent) for extent in shape) + content


def npy(descr, shape, content, fortran=False, version=1):
    header = repr({"descr": descr, "fortran_order": fortran, "shape": shape}).encode()
    header += b" " * (-len(header) % 16) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", len(header)) + header + content


def archive(members, method=zipfile.ZIP_STORED, wide=False):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as out:
        for name, content in members.items():
            with out.open(zipfile.ZipInfo(name), "w", force_zip64=wide) as member:
                member.write(content)
    return file.getvalue()


seed(0, gzip.compress(b"some text, some text\n"))
seed(0, gzip.compress(b"one") + gzip.compress(b"two"))
for kind, size in ((8, 1), (9, 1), (11, 2), (12, 4), (13, 4), (14, 8)):
    seed(1, idx(kind, [3], bytes(3 * size)))
seed(1, idx(8, [2, 2, 2], bytes(range(8))))
seed(1, gzip.compress(idx(8, [2, 2, 2], bytes(range(8)))))
for options in range(0, 256, 37):
    seed(2, "x,colour,y\n1,red,0\n2.5e3,blue,1\n?,red,0\n4,,1\n", options)
    seed(2, 'a;b;c\r\n1;"x;""y""\r\nz";p\r\n-.5;t;q\r\nNA;t;p\r\n', options)
    seed(2, "x,c,y\n1,a,0\n2.5,b,1\n3,b,0\n4,a,1\n\x1ex,c,y\n7,,1\n,z,0\n", options)
    seed(2, "1\t2\n3\t4\n5\t6.12345678901234567890e-12\n", options)
for descr in ("<f4", ">f8", "<f2", "|i1", ">i2", "<i4", "<i8", "|u1", "<u8", "|b1", "|O8"):
    seed(3, npy(descr, (2, 3), bytes(6 * int(descr[2:]))))
seed(3, npy("<i4", (3, 2, 1), bytes(24), fortran=True, version=2))
x, y = npy("<f4", (4, 2), struct.pack("<8f", *range(8))), npy("<i8", (4,), struct.pack("<4q", 0, 1, 0, 1))
images, one_hot = npy("|u1", (4, 2, 2), bytes(range(16))), npy("|u1", (4, 2), bytes([1, 0, 0, 1, 1, 0, 0, 1]))
for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
    for wide in (False, True):
        seed(4, archive({"x.npy": x, "y.npy": y}, method, wide))
        seed(4, archive({"x_train.npy": images, "y_train.npy": one_hot, "x_test.npy": images, "y_test.npy": one_hot}, method, wide))
        seed(4, archive({"x.npy": x, "z.npy": y}, method, wide), 2)
header = json.dumps({"__metadata__": {"a": "b"}, "w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}).encode()
seed(5, struct.pack("<Q", len(header)) + header + bytes(16))
seed(
    6,
    json.dumps(
        {
            "input": {
                "table": {
                    "layout": {
                        "columns": [
                            {"name": "x", "index": 0, "content": {"numbers": {"mean": 0.5, "deviation": 2}}},
                            {"name": "c", "index": 2, "content": {"levels": {"names": ["a", "b"], "fill": 1}}},
                        ],
                        "fieldCount": 3,
                        "targetIndices": [1],
                        "targetNames": ["y"],
                        "hasHeader": True,
                        "separator": ",",
                    }
                }
            },
            "target": {"values": {"columns": [{"name": "y", "mean": 0, "deviation": 1}]}},
            "missing": "mean",
        }
    ),
)
scales = {"means": [1, 2, 3], "deviations": [1, 0.5, 2]}
seed(6, json.dumps({"input": {"channels": {"shape": [2, 2, 3], "scales": scales}}, "target": {"classes": {"names": ["a", "b"]}}}))
seed(6, json.dumps({"input": {"bytes": {"shape": [2, 2]}}, "target": {"classes": {"names": ["a", "b"]}}}))

# Models: their files one behind the other. The fuzzer's readers put a checksum where `@sum@` stands.
recipe = {
    "data": {"source": "circle", "samples": 200, "noise": 0.1, "task": "classification", "validation": 0.2},
    "network": {"layers": [4], "activation": "leaky-relu 0.1", "atZero": 0.5, "initializer": "orthogonal:2", "dropout": 0.25},
    "training": {
        "optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True},
        "learningRate": 0.01,
        "schedule": {"name": "cosine", "warmUp": 1, "floor": 0.1},
        "weightDecay": 0.1,
        "batchSize": 2,
        "epochs": 3,
        "earlyStopping": {"patience": 2, "minimumDelta": 0},
        "threads": 1,
        "layerRates": {"dense1": 0.5},
        "changes": [{"afterStep": 1, "learningRate": 0.02, "batchSize": "full"}],
    },
}
seed(7, json.dumps(recipe))
seed(7, "{/* all */ data: {source: 'a.csv', target: 2, separator: ';',}, network: 'dense 4, residual(relu), dense 2'} // end")
seed(7, '{"network": "dense 4, batchnorm momentum=0.2 epsilon=1e-3, relu, dropout 0.5 channels, layernorm, dense 2"}')
seed(7, '{"network": {"layers": "sum(dense 4 no-bias | prelu), concat(|elu), relu6 at-bounds=unsound:2", "loss": "huber:2"}}')


def safetensors(shapes):
    entries, end = {}, 0
    for name, shape in shapes.items():
        count = 1
        for extent in shape:
            count *= extent
        entries[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + 4 * count]}
        end += 4 * count
    text = json.dumps(entries).encode()
    numbers = [0.5 - (7 * i % 11) / 10 for i in range(end // 4)]
    return struct.pack("<Q", len(text)) + text + struct.pack(f"<{len(numbers)}f", *numbers)


def dense(units, **more):
    return {"layer": "dense", "units": units, "initializer": "he", "hasBias": True, **more}


def model(layers, **more):
    return {
        "formatVersion": 1,
        "loss": "softmax-cross-entropy",
        "network": {"input": [2], "layers": layers},
        "precision": "float32",
        "preparation": {
            "input": {"numbers": {"deviation": 1, "mean": 0, "shape": [2]}},
            "target": {"classes": {"names": ["a", "b"]}},
        },
        "weightsSHA256": "@sum@",
        **more,
    }


def files(*parts):
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    assert not any(b"\x1e" in part for part in parts), "the separator stands in a file"
    return b"\x1e".join(parts)


plain = [dense(3), {"layer": "relu", "atZero": 0}, dense(2)]
shapes = {"dense1.weights": [2, 3], "dense1.bias": [3], "dense2.weights": [3, 2], "dense2.bias": [2]}
seed(8, files(model(plain), safetensors(shapes)))
branches = [
    {"layer": "sum", "branches": [[dense(2, hasBias=False)], []]},
    {"layer": "residual", "layers": [{"layer": "leaky-relu", "slope": 0.1}]},
    {"layer": "concat", "branches": [[{"layer": "dropout", "rate": 0.5}], [{"layer": "elu", "alpha": 0.5}]]},
    dense(2, initializer="orthogonal:2"),
]
normalized = [dense(2), {"layer": "batchnorm", "momentum": 0.1, "epsilon": 1e-5}, {"layer": "layernorm", "epsilon": 1e-5}]
numbers = {f"batchnorm1.{name}": [2] for name in ["mean", "variance", "scale", "shift"]}
numbers |= {"layernorm1.scale": [2], "layernorm1.shift": [2]}
seed(8, files(model(normalized), safetensors({"dense1.weights": [2, 2], "dense1.bias": [2], **numbers})))
seed(8, files(model(branches), safetensors({"sum1.dense1.weights": [2, 2], "dense1.weights": [4, 2], "dense1.bias": [2]})))

# Images: those of the tests, small ones.
vectors = json.loads((pathlib.Path(__file__).parent / "../Tests/Fixtures/images/images.json").read_text())
for vector in vectors:
    seed(10 if vector["name"].startswith("png") else 11, base64.urlsafe_b64decode(vector["file"]))
for options in (0, 1, 3, 8, 9, 11, 17, 19, 27, 31, 33, 35):
    seed(12, bytes(range(8)) + bytes(64), options)
seed(12, bytes([3]) + bytes(3072), 8)
seed(12, bytes([3, 1]) + bytes(3072), 24)

recipe["data"] = {"source": "(made in code)"}
recipe["training"].pop("earlyStopping")
report = {"exact": 2, "clarke": 0, "clarkeByRank": 0, "notGuaranteed": 0, "sensitivity": {"dense1": 0.5}}
report["kinks"] = [{"layer": "relu1", "name": "relu", "touched": 3, "examined": 2, "structural": 1}]
position = {"epochsDone": 1, "stepsInEpoch": 1, "samplesInEpoch": 2, "steps": 3, "lossTotal": 0.5, "epochSeconds": 0.1}
checkpoint = {
    "position": {**position, "trainSeconds": 0.2, "bestEpoch": 0, "trainingSamples": 3},
    "stateCount": 1,
    "hasBest": False,
    "stateSHA256": "@sum@",
    "probes": {"kinks": {"epoch": report, "earlier": report, "looks": 1}},
}
state = safetensors({"state1/" + name: shape for name, shape in shapes.items()})
seed(9, files(model(plain, recipe=recipe), safetensors(shapes), checkpoint, state))
