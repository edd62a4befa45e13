import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

/**
 * Loads LiteRT.js and a `mnist_canvas_numbers.tflite`, which finds all digits on an image and predicts each; or a
 * `mnist_canvas.tflite`, which predicts the class of the largest one, also of other classes than the digits.
 *
 * Returns an object of `maxPixels`, the maximum number of pixels of an image, and `classify(image)`. That function takes
 * an ImageData and resolves to {digits, signs, milliseconds}. `signs` is the number of letters and other signs. `digits`
 * is in reading order, each with
 *
 * - `digit` and `probability`, the number of the predicted class, which of ten digits is the digit, and
 *   `probabilities` of all classes;
 * - `line`, the number of its line from 0;
 * - `box`, its bounding box {top, left, bottom, right} in pixels of the image; null from `mnist_canvas.tflite`;
 * - `pixels`, the 28x28 input of the network, 0 to 255.
 */
export async function loadClassifier(litert, file) {
  await loadLiteRt(litert);
  const model = await loadAndCompile(file, { accelerator: "wasm" });
  const rgba = new Float32Array(model.getInputDetails().find((input) => input.name === "rgba").shape[0]);

  async function classify(image) {
    const began = performance.now();
    rgba.set(image.data);
    const inputs = {
      rgba: new Tensor(rgba, [rgba.length]),
      size: new Tensor(Int32Array.of(image.height, image.width), [2]),
    };
    const outputs = await model.run(inputs);
    const values = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      values[name] = Array.from(tensor.toTypedArray());
    }
    // The garbage collector does not free WebAssembly memory.
    for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) {
      tensor.delete();
    }
    const found = values.count
      ? { digits: Array.from({ length: values.count[0] }, (_, index) => digitAt(index, values)), signs: values.signs[0] }
      : { digits: values.has_ink[0] ? [onlyOne(values)] : [], signs: 0 };
    return { ...found, milliseconds: performance.now() - began };
  }

  // The first run allocates memory.
  await classify(new ImageData(28, 28));
  return { maxPixels: rgba.length / 4, classify };
}

function onlyOne({ probabilities, digit }) {
  const probability = Math.max(...probabilities);
  return { digit: probabilities.indexOf(probability), probability, probabilities, line: 0, box: null, pixels: digit };
}

function digitAt(index, values) {
  const row = (name, length) => values[name].slice(length * index, length * (index + 1));
  const probabilities = row("probabilities", 10);
  const probability = Math.max(...probabilities);
  const [top, left, bottom, right] = row("boxes", 4);
  return {
    digit: probabilities.indexOf(probability),
    probability,
    probabilities,
    line: values.lines[index],
    box: { top, left, bottom, right },
    pixels: row("digits", 28 * 28),
  };
}
