// Pad -> reader -> answer.
import { showAnswer, showMessage, speak } from "./answer.js";
import { keepForOffline } from "./offline.js";
import { Pad } from "./pad.js";
import { loadReader } from "./reader.js";

const element = (id) => document.getElementById(id);
// What the page is at, for whoever drives it: state is ready, offline or failed; reading is under way or done.
const page = document.documentElement.dataset;
const pad = new Pad(element("pad"));
let reader = null;
let sureFrom = 0;
// A reading is under way; the drawing has changed since it began; it is complete for now.
let isBusy = false;
let isStale = false;
let isResting = true;

async function read() {
  if (!reader || isBusy) {
    isStale = true;
    return;
  }
  isBusy = true;
  isStale = false;
  if (pad.isEmpty) {
    showMessage("Draw a digit.");
  } else {
    await readOnce();
  }
  isBusy = false;
  if (isStale) {
    await read();
  } else if (isResting) {
    page.reading = "done";
    speak();
  }
}

async function readOnce() {
  try {
    const answer = await reader.read(pad.pixels(reader.mostPixels));
    showAnswer(answer, sureFrom);
    // Slower devices get time to draw in between.
    await new Promise((resolve) => setTimeout(resolve, 2 * answer.milliseconds));
  } catch (error) {
    showMessage(`This could not be read: ${error.message}`);
  }
}

async function showFile(event) {
  const [file] = event.target.files;
  // So that the same file can be chosen again.
  event.target.value = "";
  if (!file) {
    return;
  }
  page.reading = "under way";
  try {
    pad.show(await createImageBitmap(file));
  } catch {
    page.reading = "done";
    showMessage(`${file.name} cannot be read as a picture. Take a PNG or a JPEG file.`);
    speak();
  }
}

function changed(resting) {
  isResting = resting;
  page.reading = "under way";
  element("hint").hidden = !pad.isEmpty;
  element("undo").disabled = element("clear").disabled = pad.isEmpty;
  return read();
}

pad.addEventListener("change", () => changed(false));
pad.addEventListener("rest", () => changed(true));
element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", () => pad.clear());
element("picture").addEventListener("change", showFile);
element("camera").addEventListener("change", showFile);
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    pad.undo();
  } else if (event.key === "Delete") {
    pad.clear();
  }
});

try {
  const [loaded, card] = await Promise.all([
    loadReader("./litert/core/wasm/", "model/mnist_canvas.tflite"),
    fetch("model/card.json").then((response) => response.json()),
  ]);
  reader = loaded;
  sureFrom = card.sure_from;
  await changed(true);
  page.state = "ready";
  if (await keepForOffline()) {
    page.state = "offline";
    element("state").textContent = "Runs on this device, also offline.";
  }
} catch (error) {
  page.state = "failed";
  showMessage("The reader could not be loaded. Is there a network? Reload the page to try again.");
  speak();
  throw error;
}
