"""Writes a full-integer TFLite file as a C array, for TensorFlow Lite Micro on a microcontroller."""

import json
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from mnist_keras.data.digits import is_of_digits
from mnist_keras.export.formats import describe_task

_BYTES_PER_LINE = 16

_HEADER = """\
/* {name}: {task}. Written by mnist_keras. */
#ifndef MNIST_MODEL_H_
#define MNIST_MODEL_H_

#ifdef __cplusplus
extern "C" {{
#endif

/* The TFLite file. TensorFlow Lite Micro needs it aligned to 16 bytes. */
extern const unsigned char mnist_model[];
extern const unsigned int mnist_model_size;

/* The {noun} of each output. */
extern const char* const mnist_labels[{classes}];
#define MNIST_CLASSES {classes}

/* Input: 28x28 int8, row by row, white ink on black; number = pixel (0..1) / scale + zero point. */
#define MNIST_SIDE 28
#define MNIST_INPUT_SCALE {input_scale!r}f
#define MNIST_INPUT_ZERO_POINT ({input_zero_point})

{arena}/* Output: {classes} int8; probability = scale * (number - zero point). */
#define MNIST_OUTPUT_SCALE {output_scale!r}f
#define MNIST_OUTPUT_ZERO_POINT ({output_zero_point})

#ifdef __cplusplus
}}
#endif

#endif /* MNIST_MODEL_H_ */
"""

_ARENA = """\
/* Memory for tensors that TensorFlow Lite Micro needs where pointers have 64 bits. */
#define MNIST_ARENA_BYTES {bytes}

"""

_SOURCE = """\
#include "{header}"

#if defined(__GNUC__)
__attribute__((aligned(16)))
#endif
const unsigned char mnist_model[] = {{
{array}
}};
const unsigned int mnist_model_size = {size};

const char* const mnist_labels[{classes}] = {{{labels}}};
"""


def write_c_array(
    path: pathlib.Path, content: bytes, name: str, contract: Mapping[str, Any], labels: Sequence[str]
) -> None:
    """Writes a C source with the model, and a header of the same name beside it.

    Args:
        path: the source, with the suffix `.c`.
        content: the TFLite file, int8 input and output.
        name: of the model.
        contract: the TFLite file's input, outputs and arena, from `describe_contract`.
        labels: of the classes.
    """
    source, target = contract["input"], contract["outputs"]["probabilities"]
    header = path.with_suffix(".h")
    header.write_text(
        _HEADER.format(
            name=name,
            task=describe_task(labels),
            noun="digit" if is_of_digits(labels) else "class",
            classes=len(labels),
            arena=_ARENA.format(bytes=contract["arena_bytes"]) if "arena_bytes" in contract else "",
            input_scale=source["scale"],
            input_zero_point=source["zero_point"],
            output_scale=target["scale"],
            output_zero_point=target["zero_point"],
        ),
        encoding="ascii",
    )
    numbers = [f"0x{byte:02x}," for byte in content]
    lines = [" ".join(numbers[start : start + _BYTES_PER_LINE]) for start in range(0, len(numbers), _BYTES_PER_LINE)]
    path.write_text(
        _SOURCE.format(
            header=header.name,
            array="\n".join(lines),
            size=len(content),
            classes=len(labels),
            labels=", ".join(json.dumps(label) for label in labels),
        ),
        encoding="ascii",
    )
