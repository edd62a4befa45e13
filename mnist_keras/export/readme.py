"""An export's card as a page for people."""

from collections.abc import Mapping
from typing import Any

from mnist_keras.export.formats import CANVAS_PIXELS

_PAGE = """# {name}: reads handwritten digits

A network of {parameters:,} parameters that turns one 28x28 picture of a digit into the probabilities of 0 to 9.
Made by mnist_keras; `card.json` says the same for programs.

## What goes in, what comes out

28x28 grey values, **white ink on black**: the digit fitted into a 20x20 box and placed so that its centre of mass
is in the middle (index 14 of 0 to 27), as in MNIST. In the float formats 0 is black and 1 is white. Out come ten
probabilities in the order of `labels.txt`, that sum to 1.

{files}

`golden.json` holds one digit of each kind, the numbers it goes in as, and the probabilities the model gives it;
`golden.png` shows them. A port that reproduces these to 0.00001 (float32) is right.

`labels.txt` and what `card.json` says of model and file also travel inside each `.tflite` file, as a zip archive at
its end (`unzip FILE.tflite`), and in a `.onnx` file as its property `metadata`.

## Figures

{accuracy} of the test set of {dataset} is read right, {correct:,} of {examples:,} (one training, seed {seed}; loss
{loss:.4f}, calibration error {expected_calibration_error:.4f}).

| file | for | bytes | right | same digit as the model | largest difference | time |
|---|---|---|---|---|---|---|
{rows}

Time: median for one digit, one thread for LiteRT, on the machine that exported.

## Data, licence, limits

- Trained on {about}
- It names one of ten digits whatever it is shown, a letter or a blank picture too: look whether there is ink first.
- Formats that take pixels want the geometry above. Those that take pictures bring a digit to it: paper, shadows, ruled
  lines, polarity, size and the width of strokes are seen to. They tell whether there is ink, whether the border cuts
  the digit (`touches_border`), and whether there are others (`several`); the largest is read.
- Photographs are taken as they lie in the file; turn them upright first where the camera was held sideways.

## Loading it

The lines in Python and JavaScript are run by the tests of mnist_keras; those in other languages follow their
libraries' documentation.

{snippets}"""

_SAVED_MODEL = """Python, with TensorFlow alone:

```python
import tensorflow as tf

serve = tf.saved_model.load("saved_model").signatures["serving_default"]
answer = serve(images=tf.zeros((1, 28, 28), tf.uint8))  # 0 to 255
print(answer["classes"].numpy(), answer["probabilities"].numpy())
```

Whole pictures, of any size, dark on light or light on dark, go in by two more signatures, which bring them to the
geometry above themselves: `any_size` takes pixels (`pictures`, uint8 [any, height, width, channels]), `encoded` the
bytes of PNG, JPEG, BMP or WebP files:

```python
read = tf.saved_model.load("saved_model").signatures["encoded"]
answer = read(files=tf.constant([open("photo.png", "rb").read()]))
print(answer["classes"].numpy(), answer["has_ink"].numpy())  # -1 where there is no ink
```
"""

_TFLITE = """Python, with LiteRT (`pip install ai-edge-litert`):

```python
import numpy as np
from ai_edge_litert.interpreter import Interpreter

read = Interpreter("mnist.tflite").get_signature_runner("serving_default")
print(read(pixels=np.zeros((1, 28, 28, 1), np.float32))["probabilities"][0])
```

Kotlin (`com.google.ai.edge.litert:litert`):

```kotlin
val interpreter = Interpreter(modelFile)
val pixels = Array(1) { Array(28) { Array(28) { FloatArray(1) } } }
val probabilities = Array(1) { FloatArray(10) }
interpreter.run(pixels, probabilities)
```

Swift (`TensorFlowLiteSwift`):

```swift
let interpreter = try Interpreter(modelPath: path)
try interpreter.allocateTensors()
try interpreter.copy(pixels, toInputAt: 0)  // Data of 784 Float32
try interpreter.invoke()
let probabilities = try interpreter.output(at: 0).data
```

JavaScript (`@litertjs/core`):

```javascript
import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

await loadLiteRt("litert/core/wasm/"); // the package's folder of that name
const model = await loadAndCompile("mnist.tflite", { accelerator: "wasm" });
const [probabilities] = await model.run([new Tensor(new Float32Array(784), [1, 28, 28, 1])]);
console.log(probabilities.toTypedArray());
```

C (TensorFlow Lite's C API):

```c
TfLiteModel* model = TfLiteModelCreateFromFile("mnist.tflite");
TfLiteInterpreter* interpreter = TfLiteInterpreterCreate(model, NULL);
TfLiteInterpreterAllocateTensors(interpreter);
TfLiteTensorCopyFromBuffer(TfLiteInterpreterGetInputTensor(interpreter, 0), pixels, 784 * sizeof(float));
TfLiteInterpreterInvoke(interpreter);
TfLiteTensorCopyToBuffer(TfLiteInterpreterGetOutputTensor(interpreter, 0), probabilities, 10 * sizeof(float));
```
"""

_PICTURE = """A whole picture, grey, of any size, dark on light or light on dark:

```python
read = Interpreter("mnist_picture.tflite").get_signature_runner("serving_default")
answer = read(picture=np.full((1, 300, 400), 240, np.uint8))
print(answer["probabilities"][0], answer["has_ink"][0])
```
"""

_CANVAS = f"""The pixels of a canvas, of any size up to {CANVAS_PIXELS:,} pixels, in a browser (`@litertjs/core`):

```javascript
const canvas = document.querySelector("canvas");
const {{ data, width, height }} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
const rgba = new Float32Array({CANVAS_PIXELS} * 4);
rgba.set(data);
const reader = await loadAndCompile("mnist_canvas.tflite", {{ accelerator: "wasm" }});
const answer = await reader.run({{
  rgba: new Tensor(rgba, [rgba.length]),
  size: new Tensor(Int32Array.of(height, width), [2]),
}});
console.log(answer.probabilities.toTypedArray(), answer.has_ink.toTypedArray()[0]);
```
"""

_ONNX = """Python, with onnxruntime (`pip install onnxruntime`):

```python
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("mnist.onnx")
print(session.run(["probabilities"], {"pixels": np.zeros((1, 28, 28, 1), np.float32)})[0])
```
"""


def describe_export(card: Mapping[str, Any]) -> str:
    """The page, in Markdown.

    Args:
        card: from `export_run`.
    """
    files = card["files"]
    snippets = [_SAVED_MODEL] if "saved_model" in files else []
    takes_floats = [file for file, contract in files.items() if file.endswith(".tflite") and _takes_floats(contract)]
    snippets += [_TFLITE.replace("mnist.tflite", file) for file in takes_floats[:1]]
    snippets += [_PICTURE] if "mnist_picture.tflite" in files else []
    snippets += [_CANVAS] if "mnist_canvas.tflite" in files else []
    snippets += [_ONNX] if "mnist.onnx" in files else []
    return _PAGE.format(
        name=card["name"],
        parameters=card["parameters"],
        dataset=card["dataset"]["name"],
        about=card["dataset"]["about"],
        files="\n".join(f"- `{file}`: {_ends(contract)}" for file, contract in files.items()),
        rows="\n".join(_row(file, contract) for file, contract in files.items()),
        snippets="\n".join(snippets),
        **{key: value for key, value in card["figures"].items() if key != "accuracy"},
        accuracy=f"{card['figures']['accuracy']:.2%}",
    )


def _takes_floats(contract: Mapping[str, Any]) -> bool:
    return (contract["input"]["name"], contract["input"]["dtype"]) == ("pixels", "float32")


def _ends(contract: Mapping[str, Any]) -> str:
    source = contract["input"]
    names = ", ".join(f"`{name}` {_tensor(end)}" for name, end in contract["outputs"].items())
    others = "".join(f", `{name}` {_tensor(end)}" for name, end in contract.get("other_inputs", {}).items())
    span = f"from {source['range'][0]} to {source['range'][1]}"
    return f"`{source['name']}` {_tensor(source)} {span}{others} -> {names}"


def _tensor(end: Mapping[str, Any]) -> str:
    shape = ", ".join("any" if size is None else str(size) for size in end["shape"])
    scale = f", value {end['scale']:.6g} x (number - {end['zero_point']})" if "scale" in end else ""
    return f"{end['dtype']} [{shape}]{scale}"


def _row(file: str, contract: Mapping[str, Any]) -> str:
    parity = contract["parity"]
    return (
        f"| `{file}` | {contract['about']} | {parity['bytes']:,} | {parity['correct'] / parity['examples']:.2%} | "
        f"{parity['classes_agreeing']:,} of {parity['examples']:,} | {parity['largest_difference']:.1e} | "
        f"{parity['microseconds']:.0f} us |"
    )
