// Rounded down, so that no prediction has 100 %.
const percent = (probability) => `${(Math.floor(1000 * probability) / 10).toFixed(1)} %`;

const [digit, headline, warnings, spoken, bars, input] = ["digit", "headline", "warnings", "spoken", "bars", "input"].map(
  (id) => document.getElementById(id),
);

bars.replaceChildren(
  ...Array.from({ length: 10 }, (_, value) => {
    const item = document.createElement("li");
    item.innerHTML = `<span class="bar"></span>${value}`;
    return item;
  }),
);

/** Shows the result of a classifier's `classify`. A prediction with a probability below `threshold` is "not sure". */
export function showPrediction(result, threshold) {
  const { probabilities, hasInk } = result;
  const [first, second] = probabilities.map((_, value) => value).sort((a, b) => probabilities[b] - probabilities[a]);
  const isSure = probabilities[first] >= threshold;
  const reasons = [
    result.touchesBorder && "The digit touches the border: a part of it may be missing.",
    result.hasOtherDigits && "The image has more than one digit: this is the largest.",
  ].filter(Boolean);
  document.body.classList.toggle("unsure", hasInk && !isSure);
  digit.textContent = !hasInk ? "" : isSure ? first : "?";
  headline.textContent = !hasInk
    ? "The image has no ink."
    : isSure
      ? `${first}, ${percent(probabilities[first])} sure`
      : `Not sure: ${first} (${percent(probabilities[first])}) or ${second} (${percent(probabilities[second])})`;
  warnings.textContent = hasInk ? reasons.join(" ") : "";
  showBars(hasInk ? probabilities : null, first);
  showInput(result.digit);
}

/** Shows a message in place of a prediction. */
export function showMessage(message) {
  document.body.classList.remove("unsure");
  digit.textContent = warnings.textContent = spoken.textContent = "";
  headline.textContent = message;
  showBars(null);
  showInput(new Array(784).fill(0));
}

/** Makes a screen reader say the shown text. */
export function speak() {
  spoken.textContent = [headline.textContent, warnings.textContent].filter(Boolean).join(". ");
}

function showBars(probabilities, largest) {
  for (const [value, item] of [...bars.children].entries()) {
    const probability = probabilities?.[value] ?? 0;
    item.style.setProperty("--share", probability);
    item.classList.toggle("largest", value === largest && Boolean(probabilities));
    item.setAttribute("aria-label", `${value}: ${percent(probability)}`);
    item.title = percent(probability);
  }
}

function showInput(pixels) {
  const image = new ImageData(28, 28);
  pixels.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  input.getContext("2d").putImageData(image, 0, 0);
}
