import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

/**
 * Loads LiteRT.js and a `mnist_canvas.tflite`, whose first operations preprocess the image to MNIST's geometry.
 *
 * Returns an object of `maxPixels`, the maximum number of pixels of an image, and `classify(image)`. That function takes
 * an ImageData and resolves to {probabilities, digit, hasInk, touchesBorder, hasOtherDigits, milliseconds}; `digit` has
 * the 28x28 pixels of the preprocessed digit, 0 to 255.
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
    return {
      probabilities: values.probabilities,
      digit: values.digit,
      hasInk: values.has_ink[0] > 0,
      touchesBorder: values.touches_border[0] > 0,
      hasOtherDigits: values.several[0] > 0,
      milliseconds: performance.now() - began,
    };
  }

  // The first run allocates memory.
  await classify(new ImageData(28, 28));
  return { maxPixels: rgba.length / 4, classify };
}
