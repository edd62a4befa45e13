import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";

/**
 * Loads LiteRT.js and a `mnist_canvas.tflite`, which brings a picture to MNIST's geometry itself.
 *
 * Returns an object of `mostPixels`, the largest picture it takes, and `read(picture)`, which takes an ImageData and
 * resolves to {probabilities, seen, hasInk, touchesBorder, several, milliseconds}; `seen` are 784 grey values, 0 to 255.
 */
export async function loadReader(litert, file) {
  await loadLiteRt(litert);
  const model = await loadAndCompile(file, { accelerator: "wasm" });
  const rgba = new Float32Array(model.getInputDetails().find((input) => input.name === "rgba").shape[0]);

  async function read(picture) {
    const began = performance.now();
    rgba.set(picture.data);
    const inputs = {
      rgba: new Tensor(rgba, [rgba.length]),
      size: new Tensor(Int32Array.of(picture.height, picture.width), [2]),
    };
    const outputs = await model.run(inputs);
    const values = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      values[name] = Array.from(tensor.toTypedArray());
    }
    // Their memory is WebAssembly's, and no garbage collector sees it.
    for (const tensor of [...Object.values(inputs), ...Object.values(outputs)]) {
      tensor.delete();
    }
    return {
      probabilities: values.probabilities,
      seen: values.digit,
      hasInk: values.has_ink[0] > 0,
      touchesBorder: values.touches_border[0] > 0,
      several: values.several[0] > 0,
      milliseconds: performance.now() - began,
    };
  }

  // The first run sets memory up.
  await read(new ImageData(28, 28));
  return { mostPixels: rgba.length / 4, read };
}
