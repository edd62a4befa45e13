"""classifier.js with the shipped model in a real browser, against Python with the same model."""

import re

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from browser import EXPORT, GOLDEN, address_of
from PIL import Image

from mnist_keras.export.formats import CANVAS_PIXELS


def rgba(gray):
    return np.dstack([gray] * 3 + [np.full_like(gray, 255)])


def in_python(images):
    """Returns the model's outputs for RGBA images, by LiteRT in Python."""
    run = Interpreter(str(EXPORT / "mnist_canvas_numbers.tflite")).get_signature_runner("serving_default")
    for image in images:
        pixels = np.zeros(4 * CANVAS_PIXELS, np.float32)
        pixels[: image.size] = image.ravel()
        yield {name: value[0] for name, value in run(rgba=pixels, size=np.array(image.shape[:2], np.int32)).items()}


def test_results_equal_those_of_python(context, server):
    row = Image.fromarray(255 - np.hstack([image for _, image in GOLDEN[:4]])).resize((320, 80))
    images = [rgba(image) for _, image in GOLDEN] + [rgba(np.asarray(row))]
    page = context.new_page()
    # Only the classifier runs, because LiteRT.js can be loaded once per page.
    page.route("**/main.js", lambda route: route.abort())
    page.goto(address_of(server))
    results = page.evaluate(
        """async (images) => {
             const { loadClassifier } = await import("./classifier.js");
             const classifier = await loadClassifier("./litert/core/wasm/", "model/mnist_canvas_numbers.tflite");
             const results = [];
             for (const [rgba, width, height] of images) {
               results.push(await classifier.classify(new ImageData(Uint8ClampedArray.from(rgba), width, height)));
             }
             return results;
           }""",
        [[image.ravel().tolist(), image.shape[1], image.shape[0]] for image in images],
    )
    for result, expected in zip(results, in_python(images), strict=True):
        assert len(result["digits"]) == expected["count"]
        assert result["signs"] == expected["signs"]
        for index, digit in enumerate(result["digits"]):
            np.testing.assert_allclose(digit["probabilities"], expected["probabilities"][index], atol=1e-3)
            assert digit["digit"] == expected["probabilities"][index].argmax()
            assert digit["probability"] == max(digit["probabilities"])
            assert digit["line"] == expected["lines"][index]
            box = [digit["box"][side] for side in ("top", "left", "bottom", "right")]
            np.testing.assert_allclose(box, expected["boxes"][index], atol=0.1)
            np.testing.assert_allclose(digit["pixels"], expected["digits"][index].ravel(), atol=1)
    labels = [label for label, _ in GOLDEN]
    read = [[digit["digit"] for digit in result["digits"]] for result in results]
    assert read == [[label] for label in labels] + [labels[:4]]


def test_the_javascript_of_the_exports_readme_runs(context, server):
    blocks = re.findall(r"```javascript\n(.*?)```", (EXPORT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    # `page.evaluate` runs no module, so the import becomes a call.
    code = re.sub(r"import (\{.*?\}) from (.*?);", r"const \1 = await import(\2);", "\n".join(blocks))
    printed = []
    context.route("**/*.tflite", lambda route: route.fulfill(path=EXPORT / route.request.url.rsplit("/", 1)[1]))
    page = context.new_page()
    page.route("**/main.js", lambda route: route.abort())
    page.on("console", lambda message: printed.append(message.args[0]) if message.type == "log" else None)
    page.goto(address_of(server))
    page.evaluate(f"async () => {{ {code} }}")
    outputs = [argument.json_value() for argument in printed[-2:]]
    assert [len(output) for output in outputs] == [10, 10]
    np.testing.assert_allclose(np.sum(outputs, axis=1), 1, atol=1e-4)
