// Rounded down, so that no prediction has 100 %.
const percent = (probability) => `${(Math.floor(1000 * probability) / 10).toFixed(1)} %`;
const INPUT_CAPTION = "input of the network";

const [number, headline, warnings, spoken, bars, input, caption] = [
  "number",
  "headline",
  "warnings",
  "spoken",
  "bars",
  "input",
  "caption",
].map((id) => document.getElementById(id));

bars.replaceChildren(
  ...Array.from({ length: 10 }, (_, value) => {
    const item = document.createElement("li");
    item.innerHTML = `<span class="bar"></span>${value}`;
    return item;
  }),
);

/** Shows the result of a classifier's `classify`. A digit with a probability below `threshold` is "not sure". */
export function showPrediction({ digits, signs }, threshold) {
  if (!digits.length) {
    showNothing("No digit found.");
    return;
  }
  const isUnsure = (digit) => digit.probability < threshold;
  const least = digits.reduce((a, b) => (b.probability < a.probability ? b : a));
  document.body.classList.toggle("unsure", isUnsure(least));
  showNumber(digits, isUnsure);
  headline.textContent = digits.length === 1 ? headlineOf(least, isUnsure) : headlineOfAll(digits, least, isUnsure);
  warnings.textContent =
    signs > 0 ? `The image also has ${signs === 1 ? "1 letter or sign" : `${signs} letters or signs`}.` : "";
  caption.textContent =
    digits.length === 1
      ? INPUT_CAPTION
      : `digit ${digits.indexOf(least) + 1} of ${digits.length}, least certain`;
  showBars(least);
  showInput(least.pixels);
}

/** Shows a message in place of a prediction. */
export function showMessage(message) {
  spoken.textContent = "";
  showNothing(message);
}

/** Makes a screen reader say the shown text. */
export function speak() {
  const isNumber = number.querySelectorAll("span").length > 1;
  const lines = [...number.children].map((line) => line.textContent).join(", ");
  const texts = isNumber ? [lines, headline.textContent, caption.textContent] : [headline.textContent];
  spoken.textContent = [...texts, warnings.textContent].filter(Boolean).join(". ");
}

function showNothing(message) {
  document.body.classList.remove("unsure");
  number.replaceChildren();
  headline.textContent = message;
  warnings.textContent = "";
  caption.textContent = INPUT_CAPTION;
  showBars(null);
  showInput(new Array(28 * 28).fill(0));
}

function headlineOf(only, isUnsure) {
  const { digit, probability, probabilities } = only;
  if (!isUnsure(only)) {
    return `${digit}, ${percent(probability)} sure`;
  }
  const others = probabilities.map((value, index) => (index === digit ? -1 : value));
  const second = Math.max(...others);
  return `Not sure: ${digit} (${percent(probability)}) or ${others.indexOf(second)} (${percent(second)})`;
}

function headlineOfAll(digits, least, isUnsure) {
  const unsure = digits.filter(isUnsure).length;
  const certainty = percent(least.probability);
  return unsure
    ? `Not sure of ${unsure} of ${digits.length} digits (${certainty}${unsure > 1 ? " or more" : ""})`
    : `${digits.length} digits, the least certain ${certainty} sure`;
}

function showNumber(digits, isUnsure) {
  const lines = Object.values(Object.groupBy(digits, (digit) => digit.line));
  number.style.setProperty("--rows", lines.length);
  number.style.setProperty("--columns", Math.max(...lines.map((line) => line.length)));
  number.replaceChildren(
    ...lines.map((line) => {
      const element = document.createElement("div");
      for (const digit of line) {
        const span = document.createElement("span");
        span.textContent = digits.length === 1 && isUnsure(digit) ? "?" : digit.digit;
        span.classList.toggle("unsure", isUnsure(digit));
        element.append(span);
      }
      return element;
    }),
  );
}

function showBars(digit) {
  for (const [value, item] of [...bars.children].entries()) {
    const probability = digit?.probabilities[value] ?? 0;
    item.style.setProperty("--share", probability);
    item.classList.toggle("largest", value === digit?.digit);
    item.setAttribute("aria-label", `${value}: ${percent(probability)}`);
    item.title = percent(probability);
  }
}

function showInput(pixels) {
  const image = new ImageData(28, 28);
  pixels.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  input.getContext("2d").putImageData(image, 0, 0);
}
