#!/usr/bin/env python3
"""Makes images.json: small PNG and JPEG files of every kind, and the CRC of the pixels that must come of each.

PNG files are written here, so that their pixels are known. JPEG files are written and read by Pillow (libjpeg-turbo);
those with samplings that Pillow cannot write are its plain ones with their components taken apart and coded again here.
Needs Pillow and numpy. Run it in this folder.
"""
import base64
import io
import json
import struct
import zlib

import numpy as np
from PIL import Image

random = np.random.default_rng(20)
vectors = []


def add(name, content, pixels):
    pixels = np.ascontiguousarray(pixels, dtype=np.uint8)
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    vectors.append(
        {
            "name": name,
            "shape": list(pixels.shape),
            "crc": zlib.crc32(pixels.tobytes()),
            "file": base64.urlsafe_b64encode(content).decode(),
        }
    )


# PNG


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def packed_row(samples, depth):
    """A row of numbers as bytes."""
    if depth == 16:
        return samples.astype(">u2").tobytes()
    if depth == 8:
        return samples.astype(np.uint8).tobytes()
    bits = "".join(format(int(sample), f"0{depth}b") for sample in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def filtered(row, above, kind, distance):
    result = bytearray([kind])
    for i, byte in enumerate(row):
        left = row[i - distance] if i >= distance else 0
        corner = above[i - distance] if i >= distance else 0
        guess = (0, left, above[i], (left + above[i]) // 2, paeth(left, above[i], corner))[kind]
        result.append((byte - guess) % 256)
    return bytes(result)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, kind, depth, interlaced=False, filters=(0, 1, 2, 3, 4), parts=1, palette=None, transparency=None):
    height, width, count = samples.shape
    rows = b""
    for x, y, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.shape[1] == 0:
            continue
        above = bytes(len(packed_row(part[0].reshape(-1), depth))) if len(part) else b""
        for i, line in enumerate(part):
            row = packed_row(line.reshape(-1), depth)
            rows += filtered(row, above, filters[i % len(filters)], max(1, count * depth // 8))
            above = row
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    content += chunk(b"tEXt", b"Title\0made for a test")
    if palette is not None:
        content += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if transparency is not None:
        content += chunk(b"tRNS", transparency)
    packed = zlib.compress(rows, 9)
    for i in range(parts):
        content += chunk(b"IDAT", packed[i * len(packed) // parts : (i + 1) * len(packed) // parts])
    return content + chunk(b"IEND", b"")


def scaled(samples, depth):
    most = 2**depth - 1
    return (samples.astype(np.int64) * 255 + most // 2) // most


for kind, count, depths in ((0, 1, (1, 2, 4, 8, 16)), (2, 3, (8, 16)), (4, 2, (8, 16)), (6, 4, (8, 16))):
    for depth in depths:
        for interlaced in (False, True):
            for height, width in ((1, 1), (5, 7), (9, 3)):
                if (height, width) == (9, 3) and depth in (2, 16):
                    continue
                samples = random.integers(0, 2**depth, (height, width, count))
                if count % 2 == 0:
                    samples[0, 0, -1] = 0  # not opaque everywhere
                name = f"png {count}x{depth} {height}x{width}" + " interlaced" * interlaced
                add(name, png(samples, kind, depth, interlaced, parts=1 + height % 3), scaled(samples, depth))
for depth in (1, 2, 4, 8):
    entries = min(2**depth, 11)
    palette = random.integers(0, 256, (entries, 3))
    samples = random.integers(0, entries, (5, 7, 1))
    samples[0, 0] = 0
    colours = palette[samples[:, :, 0]]
    for interlaced in (False, True):
        add(f"png palette {depth}" + " interlaced" * interlaced, png(samples, 3, depth, interlaced, palette=palette), colours)
    opacity = np.array([7] + [255] * (entries - 1))[samples]
    content = png(samples, 3, depth, palette=palette, transparency=b"\x07")
    add(f"png palette {depth} transparent", content, np.concatenate([colours, opacity], axis=2))
for kind, count, depth in ((0, 1, 2), (0, 1, 8), (0, 1, 16), (2, 3, 8), (2, 3, 16)):
    samples = random.integers(0, 2**depth, (4, 5, count))
    hidden = samples[1, 2]
    opacity = np.where((samples == hidden).all(axis=2, keepdims=True), 0, 255)
    content = png(samples, kind, depth, transparency=struct.pack(f">{count}H", *hidden))
    add(f"png {count}x{depth} with a transparent colour", content, np.concatenate([scaled(samples, depth), opacity], axis=2))
opaque = random.integers(0, 256, (4, 4, 4))
opaque[:, :, 3] = 255
add("png opaque", png(opaque, 6, 8), opaque[:, :, :3])
for kind in range(5):
    samples = random.integers(0, 256, (6, 6, 3))
    add(f"png filter {kind}", png(samples, 2, 8, filters=(kind,)), samples)

# JPEG


def picture(height, width, count):
    """Something with edges and slopes, so that all coefficients occur."""
    y, x = np.mgrid[0:height, 0:width]
    layers = [128 + 100 * np.sin(x / (3 + c) + y / (5 - c)) + 27 * ((x // 5 + y // (4 + c)) % 2) for c in range(count)]
    return np.clip(np.stack(layers, axis=2) + random.integers(-20, 20, (height, width, count)), 0, 255).astype(np.uint8)


def decoded(content):
    image = Image.open(io.BytesIO(content))
    return np.asarray(image)


def jpeg(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[:, :, 0]).save(file, "JPEG", optimize=True, **options)
    return file.getvalue()


for height, width in ((8, 8), (1, 1), (17, 23), (3, 2), (33, 9), (2, 5)):
    for progressive in (False, True):
        for quality in (60, 97):
            if quality == 60 and height in (1, 3, 33):
                continue
            form = f"{height}x{width} quality {quality}" + " progressive" * progressive
            add(f"jpeg grey {form}", *(lambda f: (f, decoded(f)))(jpeg(picture(height, width, 1), quality=quality, progressive=progressive)))
            for sampling, name in ((0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")):
                content = jpeg(picture(height, width, 3), quality=quality, progressive=progressive, subsampling=sampling)
                add(f"jpeg {name} {form}", content, decoded(content))
for options, name in (
    ({"restart_marker_blocks": 1}, "a restart a unit"),
    ({"restart_marker_rows": 1}, "a restart a row"),
    ({"keep_rgb": True}, "red, green, blue"),
    ({"restart_marker_blocks": 2, "progressive": True}, "restarts, progressive"),
    ({"quality": 1}, "quality 1"),
    ({"quality": 100}, "quality 100"),
):
    content = jpeg(picture(21, 30, 3), **options)
    add(f"jpeg {name}", content, decoded(content))


def own_sampling(height, width, factors, **options):
    """An image whose components have other samplings: each coded as a grey image, their scans put together."""
    across, down = max(f[0] for f in factors), max(f[1] for f in factors)
    parts = []
    for h, v in factors:
        plane = picture(-(-height * v // down), -(-width * h // across), 1)
        parts.append(jpeg_plain(plane, **options))
    header, scans, tables = None, b"", b""
    for i, part in enumerate(parts):
        place = 2
        while True:
            marker, length = part[place + 1], struct.unpack(">H", part[place + 2 : place + 4])[0]
            segment = part[place : place + 2 + length]
            if marker in (0xDB, 0xC4):
                tables = tables + segment if i == 0 else tables
                # Every component brings its own Huffman tables, right before its scan.
                scans += segment if i > 0 and marker == 0xC4 else b""
            elif marker in (0xC0, 0xC2):
                header = header or segment
            elif marker == 0xDA:
                scans += b"\xff\xda\x00\x08\x01" + bytes([i + 1]) + segment[6:]
                end = part.index(b"\xff\xd9", place)
                scans += part[place + 2 + length : end]
                break
            place += 2 + length
    frame = b"\xff" + header[1:2] + struct.pack(">HBHHB", 17, 8, height, width, 3)
    for i, (h, v) in enumerate(factors):
        frame += bytes([i + 1, h << 4 | v, 0])
    return b"\xff\xd8" + tables + frame + scans + b"\xff\xd9"


def jpeg_plain(plane, **options):
    file = io.BytesIO()
    Image.fromarray(plane[:, :, 0]).save(file, "JPEG", quality=90, optimize=True, **options)
    return file.getvalue()


for factors in (
    ((1, 2), (1, 1), (1, 1)),
    ((4, 1), (1, 1), (1, 1)),
    ((4, 2), (1, 1), (2, 1)),
    ((1, 4), (1, 2), (1, 1)),
    ((2, 2), (1, 2), (2, 1)),
    ((1, 1), (2, 2), (1, 2)),
    ((2, 2), (2, 2), (1, 1)),
    ((3, 3), (1, 3), (1, 1)),
):
    for height, width in ((19, 21), (16, 16)):
        content = own_sampling(height, width, factors)
        form = ", ".join(f"{h}x{v}" for h, v in factors)
        add(f"jpeg {form} {height}x{width}", content, decoded(content))

with open("images.json", "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(vector) for vector in vectors) + "\n]\n")
print(len(vectors), "images,", sum(len(v["file"]) for v in vectors), "bytes of base64")
