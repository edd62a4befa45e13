// Runs the ONNX files of exports in onnxruntime-node or onnxruntime-web; see run_export.py.
//
//     node tests/runtimes/run_export.mjs onnxruntime-node IMAGES.json EXPORT...

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";

const PICTURES = 200;
const [runtime, imagesFile, ...exports] = process.argv.slice(2);
// The runtime is installed in the working directory.
const require = createRequire(join(process.cwd(), "package.json"));
const { InferenceSession, Tensor } =
  runtime === "onnxruntime-web"
    ? (await import(pathToFileURL(require.resolve(runtime)))).default
    : require(runtime);
const { images, labels, picture } = JSON.parse(readFileSync(imagesFile));

function feeds(contract, rows) {
  const numbers = rows.flat();
  return ["onnx_picture", "onnx_numbers"].includes(contract.format)
    ? { picture: new Tensor("uint8", Uint8Array.from(numbers), [1, rows.length, rows[0].length ?? 28]) }
    : { pixels: new Tensor("float32", Float32Array.from(numbers), [1, 28, 28, 1]) };
}

async function checkFile(folder, name, contract, golden) {
  const session = await InferenceSession.create(new Uint8Array(readFileSync(join(folder, name))));
  const run = async (rows) => (await session.run(feeds(contract, rows))).probabilities.data;
  const values = golden.files[name];
  const inputs = values.image ? [picture] : golden.vectors.map((vector) => vector.pixels);
  let difference = 0;
  for (const [number, rows] of inputs.entries()) {
    const received = await run(rows);
    values.outputs[number].forEach((output, digit) => {
      difference = Math.max(difference, Math.abs(output - received[digit]));
    });
  }
  const count = values.image ? Math.min(PICTURES, images.length) : images.length;
  let correct = 0;
  for (let number = 0; number < count; number++) {
    const rows = values.image ? images[number] : images[number].map((row) => row.map((pixel) => pixel / 255));
    // A format that reads all digits has more than the ten probabilities of the first one.
    const probabilities = Array.from(await run(rows)).slice(0, 10);
    correct += probabilities.indexOf(Math.max(...probabilities)) === labels[number];
  }
  return { golden: difference / values.tolerance, correct, images: count };
}

for (const folder of exports) {
  const read = (file) => JSON.parse(readFileSync(join(folder, file)));
  for (const [name, contract] of Object.entries(read("card.json").files)) {
    if (!name.endsWith(".onnx")) continue;
    let answer;
    try {
      answer = await checkFile(folder, name, contract, read("golden.json"));
    } catch (error) {
      answer = { error: String(error.message ?? error).split("\n")[0].slice(0, 200) };
    }
    console.log(JSON.stringify({ file: `${basename(folder)}/${name}`, ...answer }));
  }
}
