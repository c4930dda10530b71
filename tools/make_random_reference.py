#!/usr/bin/env python3
"""Makes what src/random and its test take from elsewhere. Run from the repository's root:

    python tools/make_random_reference.py tables   # src/random/ziggurat.h; needs nothing but Python
    python tools/make_random_reference.py data     # tests/data/random/*; needs numpy==2.4.6 torch==2.13.0

The ziggurat's tables are recomputed, not copied. NumPy's were made in float64, and its random numbers depend on their
last bits: the layers' area and one density below are therefore as NumPy has them, not as they would round.
"""

import math
import struct
import sys
from decimal import Decimal, getcontext

PINNED = {"numpy": "2.4.6", "torch": "2.13.0"}

# ---- tables --------------------------------------------------------------------------------------------------------

LAYERS = 256
EDGE = 3.6541528853610087963519472518  # where the bottom layer ends and the tail begins
AREA = float.fromhex("0x1.43016a5a4372ep-8")  # of each layer; 4 units in the last place below the exact one
DENSITY_ONE_UNIT_ABOVE = 38  # this layer's density is not rounded to nearest in NumPy


def rounded_exp(x):
    return float(Decimal(x).exp())


def rounded_log(x):
    return float(Decimal(x).ln())


def ziggurat():
    """Edges x, densities exp(-x²/2), and how many of 2^52 places of a layer lie under the layer above."""
    getcontext().prec = 50
    x, density, inside = [0.0] * LAYERS, [1.0] * LAYERS, [0] * LAYERS
    last = LAYERS - 1
    x[last] = EDGE
    density[last] = rounded_exp(-0.5 * EDGE * EDGE)
    x[0] = AREA / density[last]
    inside[0] = round(EDGE / x[0] * 2.0**52)
    for i in range(last - 1, 0, -1):
        x[i] = math.sqrt(-2 * rounded_log(AREA / x[i + 1] + density[i + 1]))
        density[i] = rounded_exp(-0.5 * x[i] * x[i])
        if i == DENSITY_ONE_UNIT_ABOVE:
            density[i] = math.nextafter(density[i], 1)
        inside[i + 1] = round(x[i] / x[i + 1] * 2.0**52)
    return [a / 2.0**52 for a in x], density, inside


def c_array(declaration, values, a_line):
    lines = [", ".join(values[i : i + a_line]) for i in range(0, len(values), a_line)]
    return declaration + " = {\n    " + ",\n    ".join(lines) + ",\n};\n"


def write_tables(path):
    width, density, inside = ziggurat()
    with open(path, "w") as file:
        file.write(
            "/* The ziggurat of the normal distribution in 256 layers, with the bits NumPy has.\n"
            " * Made by tools/make_random_reference.py; included by numpy.c alone. */\n"
            "#ifndef I2V_RANDOM_ZIGGURAT_H\n#define I2V_RANDOM_ZIGGURAT_H\n\n#include <stdint.h>\n\n"
            "/* clang-format off */\n"
        )
        file.write(f"#define I2V_ZIGGURAT_EDGE {EDGE.hex()}\n#define I2V_ZIGGURAT_INVERSE_EDGE {(1 / EDGE).hex()}\n\n")
        file.write("/* A layer's right edge / 2^52. */\n")
        file.write(c_array("static const double i2v_ziggurat_width[256]", [v.hex() for v in width], 4))
        file.write("\n/* exp(-x^2 / 2) at the layer's right edge x. */\n")
        file.write(c_array("static const double i2v_ziggurat_density[256]", [v.hex() for v in density], 4))
        file.write("\n/* How many of a layer's 2^52 places lie under the density whatever the height. */\n")
        file.write(c_array("static const uint64_t i2v_ziggurat_inside[256]", [f"0x{v:013x}" for v in inside], 6))
        file.write("/* clang-format on */\n\n#endif\n")


# ---- test data -----------------------------------------------------------------------------------------------------

NUMPY_SEEDS = [0, 42, 2**32 - 1, 2**63 + 1, 2**64 - 1]
NUMPY_COUNT = 1_000_000
SHOWN = 4  # values given literally at each end
TORCH_SEEDS = [0, 42, 2**32 - 1, 2**32 + 42, 2**64 - 1]
TORCH_COUNTS = [1, 5, 15, 16, 17, 31, 32, 100, 1000]
# Draws from one generator: an odd number of small values leaves one waiting, which big draws must not touch.
TORCH_SEQUENCES = [[c] for c in TORCH_COUNTS] + [[100, 3, 16, 1, 17, 2, 100, 15, 15, 0, 1, 32], [5, 5, 32, 5]]


def fnv1a64(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def write_numpy(path):
    import numpy

    with open(path, "w") as file:
        file.write(
            f"/* numpy {numpy.__version__}: Generator(PCG64(seed)).standard_normal({NUMPY_COUNT}).astype(float32): FNV-1a\n"
            " * (64 bit) of the little-endian bytes, the first and the last values. Made by\n"
            " * tools/make_random_reference.py. */\n/* clang-format off */\n"
            f"enum {{ NUMPY_COUNT = {NUMPY_COUNT}, NUMPY_SHOWN = {SHOWN} }};\n\n"
            "static const struct {\n    uint64_t seed, hash;\n    float first[NUMPY_SHOWN], last[NUMPY_SHOWN];\n"
            "} numpy_reference[] = {\n"
        )
        for seed in NUMPY_SEEDS:
            values = numpy.random.Generator(numpy.random.PCG64(seed)).standard_normal(NUMPY_COUNT).astype("<f4")
            ends = ["{" + ", ".join(float(v).hex() + "f" for v in part) + "}" for part in (values[:SHOWN], values[-SHOWN:])]
            file.write(f"    {{{seed}u, 0x{fnv1a64(values.tobytes()):016x}u,\n     {ends[0]},\n     {ends[1]}}},\n")
        file.write("};\n/* clang-format on */\n")


def write_torch(path):
    """Records, little-endian: seed u64, number of draws u32, count of each u32, then all values f32."""
    import torch

    if not torch.backends.cpu.get_cpu_capability().startswith("AVX"):
        sys.exit("PyTorch's normals are those of its AVX2 code only on a CPU with AVX2: make the data on one")
    with open(path, "wb") as file:
        for seed in TORCH_SEEDS:
            for counts in TORCH_SEQUENCES:
                generator = torch.Generator().manual_seed(seed)
                values = torch.cat([torch.randn(c, generator=generator) for c in counts])
                file.write(struct.pack(f"<QI{len(counts)}I", seed, len(counts), *counts))
                file.write(values.numpy().astype("<f4").tobytes())


def check_versions():
    for name, version in PINNED.items():
        found = __import__(name).__version__.split("+")[0]
        if found != version:
            sys.exit(f"{name} is {found}: the data is made with {version}")


if __name__ == "__main__":
    if sys.argv[1:] == ["tables"]:
        write_tables("src/random/ziggurat.h")
    elif sys.argv[1:] == ["data"]:
        check_versions()
        write_numpy("tests/data/random/numpy_reference.h")
        write_torch("tests/data/random/torch_reference.bin")
    else:
        sys.exit(__doc__)
