"""classifier.js with the shipped model in a real browser, against Python with the same model."""

import re

import numpy as np
from browser import EXPORT, GOLDEN, address_of

from mnist_keras.inference.predictor import load_predictor


def test_probabilities_of_the_golden_digits_equal_those_of_python(context, server):
    page = context.new_page()
    # Only the classifier runs, because LiteRT.js can be loaded once per page.
    page.route("**/main.js", lambda route: route.abort())
    page.goto(address_of(server))
    results = page.evaluate(
        """async (digits) => {
             const { loadClassifier } = await import("./classifier.js");
             const classifier = await loadClassifier("./litert/core/wasm/", "model/mnist_canvas.tflite");
             const results = [];
             for (const rgba of digits) {
               results.push(await classifier.classify(new ImageData(Uint8ClampedArray.from(rgba), 28, 28)));
             }
             return results;
           }""",
        [np.dstack([image] * 3 + [np.full_like(image, 255)]).ravel().tolist() for _, image in GOLDEN],
    )
    expected = load_predictor(EXPORT / "mnist_canvas.tflite").predict(np.stack([image for _, image in GOLDEN]))
    received = np.array([result["probabilities"] for result in results])
    assert received.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist() == [label for label, _ in GOLDEN]
    np.testing.assert_allclose(received, expected, atol=1e-3)
    for (_, image), result in zip(GOLDEN, results, strict=True):
        assert np.abs(np.reshape(result["digit"], (28, 28)) - image).mean() < 3
        assert (result["hasInk"], result["touchesBorder"], result["hasOtherDigits"]) == (True, False, False)


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
