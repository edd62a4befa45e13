// Rounded down, so that no prediction has 100 %.
const percent = (probability) => `${(Math.floor(1000 * probability) / 10).toFixed(1)} %`;
const INPUT_CAPTION = "input of the network";
const NO_DIGIT_HELP = [
  "Letters, signs and scribbles are no digits.",
  "A photo must show the whole digit, with some paper around it.",
  "If it is a digit, Collect saves it with its label.",
];

const [number, headline, warnings, spoken, bars, input, caption, help] = [
  "number",
  "headline",
  "warnings",
  "spoken",
  "bars",
  "input",
  "caption",
  "help",
].map((id) => document.getElementById(id));

// Is shown in place of the only digit if it is unsure.
const UNSURE = "?";
// Maximum number of bars: of more classes, the most probable ones are shown.
const MAX_BARS = 10;
// The name of each class.
let names = [];

/** Sets the names of the classes, and shows a bar for each. */
export function showClasses(classNames) {
  names = classNames;
  const items = Array.from({ length: Math.min(MAX_BARS, names.length) }, () => {
    const item = document.createElement("li");
    item.innerHTML = '<span class="bar"></span><span class="name"></span>';
    return item;
  });
  bars.style.setProperty("--bars", items.length);
  bars.replaceChildren(...items);
  showBars(null);
}

/** Shows the result of a classifier's `classify`. A digit with a probability below `threshold` is "not sure". */
export function showPrediction({ digits, signs }, threshold) {
  if (!digits.length) {
    showNothing("No digit found.", NO_DIGIT_HELP);
    return;
  }
  const isUnsure = (digit) => digit.probability < threshold;
  const least = digits.reduce((a, b) => (b.probability < a.probability ? b : a));
  document.body.classList.remove("nothing");
  document.body.classList.toggle("unsure", isUnsure(least));
  showNumber(digits, isUnsure, least);
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

/** Shows a message in place of a prediction, and lines of help in place of the bars. */
export function showMessage(message, lines = []) {
  spoken.textContent = "";
  showNothing(message, lines);
}

/** Makes a screen reader say the shown text. */
export function speak() {
  const isNumber = number.querySelectorAll("span").length > 1;
  const lines = [...number.children].map((line) => line.textContent).join(", ");
  // The headline does not repeat the only digit, unless it is unsure.
  const only = [lines, headline.textContent].filter((text) => text && text !== UNSURE).join(", ");
  const texts = isNumber ? [lines, headline.textContent, caption.textContent] : [only];
  spoken.textContent = [...texts, warnings.textContent].filter(Boolean).join(". ");
}

function showNothing(message, lines) {
  document.body.classList.add("nothing");
  document.body.classList.remove("unsure");
  number.replaceChildren();
  headline.textContent = message;
  warnings.textContent = "";
  caption.textContent = INPUT_CAPTION;
  help.replaceChildren(
    ...lines.map((line) => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }),
  );
}

function headlineOf(only, isUnsure) {
  const { digit, probability, probabilities } = only;
  if (!isUnsure(only)) {
    return `${percent(probability)} sure`;
  }
  const others = probabilities.map((value, index) => (index === digit ? -1 : value));
  const second = Math.max(...others);
  return `Not sure: ${names[digit]} (${percent(probability)}) or ${names[others.indexOf(second)]} (${percent(second)})`;
}

function headlineOfAll(digits, least, isUnsure) {
  const unsure = digits.filter(isUnsure).length;
  const certainty = percent(least.probability);
  return unsure
    ? `Not sure of ${unsure} of ${digits.length} digits (${certainty}${unsure > 1 ? " or more" : ""})`
    : `${digits.length} digits, the least certain ${certainty} sure`;
}

function showNumber(digits, isUnsure, least) {
  const lines = Object.values(Object.groupBy(digits, (digit) => digit.line));
  number.style.setProperty("--rows", lines.length);
  number.style.setProperty("--columns", Math.max(...lines.map(charactersOf)));
  number.replaceChildren(
    ...lines.map((line) => {
      const element = document.createElement("div");
      for (const digit of line) {
        const span = document.createElement("span");
        span.textContent = digits.length === 1 && isUnsure(digit) ? UNSURE : names[digit.digit];
        span.classList.toggle("unsure", isUnsure(digit));
        span.classList.toggle("detailed", digits.length > 1 && digit === least);
        element.append(span);
      }
      return element;
    }),
  );
}

function charactersOf(line) {
  return line.reduce((sum, { digit }) => sum + names[digit].length, 0);
}

function shownClasses(digit) {
  const classes = [...names.keys()];
  if (!digit || classes.length <= MAX_BARS) {
    return classes.slice(0, MAX_BARS);
  }
  return classes.sort((a, b) => digit.probabilities[b] - digit.probabilities[a]).slice(0, MAX_BARS);
}

function showBars(digit) {
  const shown = shownClasses(digit);
  for (const [index, item] of [...bars.children].entries()) {
    const value = shown[index];
    item.lastElementChild.textContent = names[value];
    const probability = digit?.probabilities[value] ?? 0;
    item.style.setProperty("--share", probability);
    item.classList.toggle("largest", value === digit?.digit);
    item.setAttribute("aria-label", `${names[value]}: ${percent(probability)}`);
    item.title = names[value].length > 1 ? `${names[value]}: ${percent(probability)}` : percent(probability);
  }
}

function showInput(pixels) {
  const image = new ImageData(28, 28);
  pixels.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  input.getContext("2d").putImageData(image, 0, 0);
}
