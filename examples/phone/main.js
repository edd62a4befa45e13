// Connects the pad, the classifier and the displayed prediction.
import { hideBoxes, showBoxes } from "./boxes.js";
import { loadClassifier } from "./classifier.js";
import { setUpCollection } from "./collection.js";
import { cropToPng } from "./crop.js";
import { cacheForOffline } from "./offline.js";
import { Pad } from "./pad.js";
import { showClasses, showMessage, showPrediction, speak } from "./prediction.js";

const DIGITS = [..."0123456789"];
const element = (id) => document.getElementById(id);
// The page's progress, for tests: `state` is ready, offline or failed; `prediction` is running or done.
const page = document.documentElement.dataset;
const pad = new Pad(element("pad"));
let classifier = null;
// Tells the panel of samples what is predicted, see `setUpCollection`.
let offerSample = () => {};
// The image that was classified last and the box of its first digit.
let classified = null;
// Minimum probability of a digit that is not marked as unsure.
let threshold = 0;
// Are shown while the pad is empty.
let request = "Draw a digit or a number.";
let help = [
  "Draw with a finger or a mouse: one digit, or several side by side.",
  "Camera and Image predict the digits of a photo.",
  "Collect saves your digits, to train a model on them.",
];
// A prediction is running; the drawing has changed since it began; no stroke is unfinished.
let isBusy = false;
let isStale = false;
let isResting = true;

async function predict() {
  if (!classifier || isBusy) {
    isStale = true;
    return;
  }
  isBusy = true;
  isStale = false;
  if (pad.isEmpty) {
    showMessage(request, help);
    hideBoxes();
    offerSample(null);
  } else {
    await predictOnce();
  }
  isBusy = false;
  if (isStale) {
    await predict();
  } else if (isResting) {
    page.prediction = "done";
    speak();
  }
}

async function predictOnce() {
  try {
    const image = pad.pixels(classifier.maxPixels);
    const result = await classifier.classify(image);
    if (isStale && isResting) {
      // The drawing is complete, undone or replaced: this result is of what it was before.
      return;
    }
    showPrediction(result, threshold);
    showBoxes(result.digits, image, threshold);
    if (!isStale) {
      classified = { image, box: result.digits[0]?.box, paper: pad.hasImage ? null : "#fff" };
      offerSample(isResting ? { found: result.digits.length, predicted: result.digits[0]?.digit } : undefined);
    }
    // Slow devices need time to draw between two predictions.
    await new Promise((resolve) => setTimeout(resolve, 2 * result.milliseconds));
  } catch (error) {
    showMessage(`The prediction failed: ${error.message}`);
    hideBoxes();
    offerSample(null);
  }
}

async function showFile(event) {
  const [file] = event.target.files;
  // Without this, choosing the same file again fires no event.
  event.target.value = "";
  if (!file) {
    return;
  }
  page.prediction = "running";
  try {
    const image = await createImageBitmap(file);
    // Those of the previous drawing.
    hideBoxes();
    pad.show(image);
  } catch {
    page.prediction = "done";
    showMessage(`${file.name} is not a readable image. Choose a PNG or JPEG file.`);
    speak();
  }
}

async function collectSamples(names) {
  try {
    offerSample = await setUpCollection(names ?? DIGITS, names ? "image" : "digit", {
      toPng: () => cropToPng(classified.image, classified.box, classified.paper),
      clear: () => {
        pad.clear();
        // The tapped button is disabled now.
        element("pad").focus();
      },
    });
  } catch (error) {
    // Some browsers have no IndexedDB in private windows.
    console.warn("No samples can be saved here:", error);
  }
}

function changed(resting) {
  isResting = resting;
  page.prediction = "running";
  offerSample(undefined);
  element("hint").hidden = !pad.isEmpty;
  element("undo").disabled = element("clear").disabled = pad.isEmpty;
  return predict();
}

pad.addEventListener("change", () => changed(false));
pad.addEventListener("rest", () => changed(true));
element("undo").addEventListener("click", () => pad.undo());
element("clear").addEventListener("click", () => pad.clear());
element("image").addEventListener("change", showFile);
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
  const card = await fetch("model/card.json").then((response) => response.json());
  // Models of other classes than the ten digits read no whole numbers.
  const names = card.dataset?.class_names;
  const model = names ? "mnist_canvas.tflite" : "mnist_canvas_numbers.tflite";
  showClasses(names ?? DIGITS);
  classifier = await loadClassifier("./litert/core/wasm/", `model/${model}`);
  threshold = card.sure_from;
  if (names) {
    request = `Draw one of ${names.length} classes, ${names[0]} to ${names.at(-1)}.`;
    help = ["Draw with a finger or a mouse.", "Camera and Image predict the class of a photo."];
    document.title = document.querySelector("h1").textContent = "Recognize images";
  }
  await collectSamples(names);
  await changed(true);
  page.state = "ready";
} catch (error) {
  page.state = "failed";
  showMessage("The model could not be loaded. Check the network connection and reload the page.");
  speak();
  throw error;
}

try {
  if (await cacheForOffline()) {
    page.state = "offline";
    element("state").textContent = "Runs on this device, also offline.";
  }
} catch {
  // The page works without. An app's WebView, for example, fetches no service worker from the app.
}
