"""reader.js with the model that ships, in a real browser, against Python with the same model."""

import re

import numpy as np
from browser import EXPORT, GOLDEN, address_of

from mnist_keras.inference.predictor import load_predictor


def test_the_golden_digits_get_the_numbers_that_python_gives_them(context, server):
    page = context.new_page()
    # The reader by itself: LiteRT.js loads once a page.
    page.route("**/main.js", lambda route: route.abort())
    page.goto(address_of(server))
    answers = page.evaluate(
        """async (digits) => {
             const { loadReader } = await import("./reader.js");
             const reader = await loadReader("./litert/core/wasm/", "model/mnist_canvas.tflite");
             const answers = [];
             for (const rgba of digits) {
               answers.push(await reader.read(new ImageData(Uint8ClampedArray.from(rgba), 28, 28)));
             }
             return answers;
           }""",
        [np.dstack([image] * 3 + [np.full_like(image, 255)]).ravel().tolist() for _, image in GOLDEN],
    )
    expected = load_predictor(EXPORT / "mnist_canvas.tflite").predict(np.stack([image for _, image in GOLDEN]))
    received = np.array([answer["probabilities"] for answer in answers])
    assert received.argmax(axis=1).tolist() == expected.argmax(axis=1).tolist() == [label for label, _ in GOLDEN]
    np.testing.assert_allclose(received, expected, atol=1e-3)
    for (_, image), answer in zip(GOLDEN, answers, strict=True):
        assert np.abs(np.reshape(answer["seen"], (28, 28)) - image).mean() < 3
        assert (answer["hasInk"], answer["touchesBorder"], answer["several"]) == (True, False, False)


def test_the_javascript_of_the_exports_page_runs(context, server):
    blocks = re.findall(r"```javascript\n(.*?)```", (EXPORT / "README.md").read_text(), re.DOTALL)
    assert len(blocks) == 2
    # What is evaluated is no module: the import becomes a call.
    code = re.sub(r"import (\{.*?\}) from (.*?);", r"const \1 = await import(\2);", "\n".join(blocks))
    printed = []
    context.route("**/*.tflite", lambda route: route.fulfill(path=EXPORT / route.request.url.rsplit("/", 1)[1]))
    page = context.new_page()
    page.route("**/main.js", lambda route: route.abort())
    page.on("console", lambda message: printed.append(message.args[0]) if message.type == "log" else None)
    page.goto(address_of(server))
    page.evaluate(f"async () => {{ {code} }}")
    answers = [argument.json_value() for argument in printed[-2:]]
    assert [len(answer) for answer in answers] == [10, 10]
    np.testing.assert_allclose(np.sum(answers, axis=1), 1, atol=1e-4)
