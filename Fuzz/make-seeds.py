#!/usr/bin/env python3
"""Writes small valid files of every form into a folder, as seeds: the reader's number, an option byte, the file."""
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
seed(6, json.dumps({"input": {"bytes": {"shape": [2, 2]}}, "target": {"classes": {"names": ["a", "b"]}}}))
