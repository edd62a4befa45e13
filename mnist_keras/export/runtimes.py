"""Which runtimes run a TFLite file: the oldest TensorFlow Lite, and the memory that TensorFlow Lite Micro needs.

`python -m mnist_keras.export.runtimes FILE` is the process that allocates a file in TensorFlow Lite Micro.
"""

import importlib.util
import json
import pathlib
import sys
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from mnist_keras.distribution.subprocesses import run_module
from mnist_keras.export.tflite_compaction import MIN_RUNTIME, read_metadata

# The oldest tflite-runtime with which the tests have run exported files.
_OLDEST_MEASURED = (2, 7)
# Older ones read one scale for a whole 8-bit dense layer. With several, they predict wrongly, without an error.
_SEVERAL_DENSE_SCALES = (2, 10)
# Maximum memory for tensors that is tried, and the steps in which the arena is measured, in bytes.
_MAX_ARENA, _ARENA_STEP = 1 << 20, 16


def oldest_runtime(path: pathlib.Path) -> str | None:
    """Returns the oldest tflite-runtime or TensorFlow that runs a TFLite file correctly, such as "2.7".

    It has every operator in the version that the file needs, by the table of TensorFlow's converter. None: the table
    does not know one of them.

    Args:
        path: a file from `write_tflite`.
    """
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    version = read_metadata(model, MIN_RUNTIME).rstrip(b"\0").decode()
    if not version:
        return None
    needed = max(_OLDEST_MEASURED, tuple(int(part) for part in version.split(".")[:2]))
    if any(_has_several_dense_scales(model, graph) for graph in model.subgraphs):
        needed = max(needed, _SEVERAL_DENSE_SCALES)
    return ".".join(map(str, needed))


def _has_several_dense_scales(model: Any, graph: Any) -> bool:
    for operator in graph.operators:
        if model.operatorCodes[operator.opcodeIndex].builtinCode == schema.BuiltinOperator.FULLY_CONNECTED:
            quantization = graph.tensors[operator.inputs[1]].quantization
            if quantization is not None and quantization.scale is not None and len(quantization.scale) > 1:
                return True
    return False


def measure_arena(path: pathlib.Path) -> int | None:
    """Returns the bytes of memory for tensors, the arena, that TensorFlow Lite Micro needs for a TFLite file.

    Measured on a machine with 64 bits; a microcontroller with 32 bits needs less. None: it cannot run the file, or is
    not installed (the extra `microcontroller`).
    """
    if importlib.util.find_spec("tflite_micro") is None:
        return None
    # A process of its own: it writes to standard error, and a bad file takes the process down.
    result = run_module(__name__, path)
    return None if result.returncode else json.loads(result.stdout.splitlines()[-1])


def _smallest_arena(content: bytes) -> int | None:
    from tflite_micro.python.tflite_micro.runtime import Interpreter

    def fits(size: int) -> bool:
        try:
            Interpreter.from_bytes(content, arena_size=size)
        except Exception:  # It raises RuntimeError or ValueError by the release.
            return False
        return True

    if not fits(_MAX_ARENA):
        return None
    too_small, enough = 0, _MAX_ARENA // _ARENA_STEP
    while enough - too_small > 1:
        middle = (too_small + enough) // 2
        too_small, enough = (too_small, middle) if fits(middle * _ARENA_STEP) else (middle, enough)
    return enough * _ARENA_STEP


if __name__ == "__main__":
    print(json.dumps(_smallest_arena(pathlib.Path(sys.argv[1]).read_bytes())))
