// The panel that saves drawings and images with their labels, so that a model can be trained on them.
import { Samples } from "./samples.js";

const [panel, toggle, details, instruction, labels, total, download, deleteLast, deleteAll] = [
  "collection",
  "collect",
  "details",
  "instruction",
  "labels",
  "total",
  "download",
  "delete-last",
  "delete-all",
].map((id) => document.getElementById(id));
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/**
 * Sets up the panel for a model's class names.
 *
 * `kind` is what the page calls an image: digit or image. `toPng` resolves to what is drawn as a PNG, a Blob; `clear`
 * clears it after it is saved.
 *
 * Resolves to a function to call when the drawing or its prediction changes. It takes {found, predicted}, the number of
 * digits that were found and the number of the first one's class; null if nothing is drawn; undefined while a prediction
 * is running.
 */
export async function setUpCollection(names, kind, { toPng, clear }) {
  const samples = await Samples.open(names);
  const buttons = names.map(labelButton);
  labels.style.setProperty("--longest", Math.max(...names.map((name) => name.length)));
  labels.classList.toggle("digits", kind === "digit");
  labels.replaceChildren(...buttons);
  let offered = null;
  // What the last action did, in place of the instruction for an empty pad.
  let done = "";

  function show() {
    // A label of what is drawn now, not of what it was before.
    const isOne = offered?.found <= 1;
    for (const [index, button] of buttons.entries()) {
      button.disabled = !isOne;
      button.setAttribute("aria-pressed", isOne && index === offered.predicted);
    }
    if (isOne) {
      buttons[offered.predicted]?.scrollIntoView({ block: "nearest" });
    }
    if (offered !== undefined) {
      instruction.textContent = instructionOf(offered, kind, done);
    }
  }

  async function showCounts() {
    const counts = await samples.counts(names);
    for (const [index, button] of buttons.entries()) {
      button.lastElementChild.textContent = counts[index];
      button.setAttribute("aria-label", `${names[index]}, ${plural(counts[index], "sample")}`);
    }
    const sum = counts.reduce((a, b) => a + b, 0);
    total.textContent = `${plural(sum, "sample")}, only on this device`;
    download.disabled = deleteLast.disabled = deleteAll.disabled = sum === 0;
    return sum;
  }

  /** Runs an action that returns what it did, and shows that. */
  async function act(action) {
    try {
      done = await action();
      await showCounts();
      show();
    } catch (error) {
      instruction.textContent = `That failed: ${error.message}`;
    }
  }

  for (const [index, button] of buttons.entries()) {
    button.addEventListener("click", () =>
      act(async () => {
        await samples.add(names[index], await toPng());
        clear();
        return `Saved as ${names[index]}. Draw the next ${kind}.`;
      }),
    );
  }
  download.addEventListener("click", () =>
    act(async () => {
      const file = `my_${kind}s.zip`;
      save(await samples.zip(), file);
      return `Saved as ${file}.`;
    }),
  );
  deleteLast.addEventListener("click", () => act(async () => `Deleted the last sample, of ${await samples.deleteLast()}.`));
  deleteAll.addEventListener("click", () =>
    act(async () => {
      const sum = await showCounts();
      if (!confirm(`Delete ${plural(sum, "sample")} from this device? This cannot be undone.`)) {
        return done;
      }
      await samples.deleteAll();
      return `Deleted ${plural(sum, "sample")}.`;
    }),
  );
  toggle.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    details.hidden = !panel.hidden;
    document.body.classList.toggle("collecting", !panel.hidden);
    toggle.setAttribute("aria-expanded", !panel.hidden);
  });
  await showCounts();
  show();
  // An app's WebView cannot save files.
  toggle.hidden = navigator.userAgent.includes("; wv)");
  toggle.disabled = false;

  return (next) => {
    offered = next;
    done = next ? "" : done;
    show();
  };
}

function labelButton(name) {
  const button = document.createElement("button");
  button.type = "button";
  button.title = name;
  button.innerHTML = '<span class="name"></span><span class="count"></span>';
  button.firstElementChild.textContent = name;
  return button;
}

function instructionOf(offered, kind, done) {
  if (!offered) {
    return done || `Draw or photograph one ${kind}.`;
  }
  return offered.found > 1
    ? `${offered.found} ${kind}s: save one at a time.`
    : `Tap the right ${kind === "digit" ? "digit" : "name"} to save it.`;
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // Browsers read the address after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
