// Rounded down: nothing is certain.
const percent = (probability) => `${(Math.floor(1000 * probability) / 10).toFixed(1)} %`;

const [digit, headline, notes, spoken, bars, seen] = ["digit", "headline", "notes", "spoken", "bars", "seen"].map((id) =>
  document.getElementById(id),
);

bars.replaceChildren(
  ...Array.from({ length: 10 }, (_, value) => {
    const item = document.createElement("li");
    item.innerHTML = `<span class="bar"></span>${value}`;
    return item;
  }),
);

/** Shows what was read, by a reader's `read`; below `sureFrom` it counts as a guess. */
export function showAnswer({ probabilities, seen: pixels, hasInk, touchesBorder, several }, sureFrom) {
  const [first, second] = probabilities.map((_, value) => value).sort((a, b) => probabilities[b] - probabilities[a]);
  const isSure = probabilities[first] >= sureFrom;
  const remarks = [
    touchesBorder && "It touches the border: a part of it may be missing.",
    several && "There is more than one digit: this is the largest.",
  ].filter(Boolean);
  document.body.classList.toggle("unsure", hasInk && !isSure);
  digit.textContent = !hasInk ? "" : isSure ? first : "?";
  headline.textContent = !hasInk
    ? "No ink was found."
    : isSure
      ? `${first}, ${percent(probabilities[first])} sure`
      : `Not sure: ${first} (${percent(probabilities[first])}) or ${second} (${percent(probabilities[second])})?`;
  notes.textContent = hasInk ? remarks.join(" ") : "";
  showBars(hasInk ? probabilities : null, first);
  showSeen(pixels);
}

/** Shows that there is nothing to read yet, or why nothing can be read. */
export function showMessage(message) {
  document.body.classList.remove("unsure");
  digit.textContent = notes.textContent = spoken.textContent = "";
  headline.textContent = message;
  showBars(null);
  showSeen(new Array(784).fill(0));
}

/** Has a screen reader say what is shown. */
export function speak() {
  spoken.textContent = [headline.textContent, notes.textContent].filter(Boolean).join(". ");
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

function showSeen(pixels) {
  const image = new ImageData(28, 28);
  pixels.forEach((value, index) => image.data.set([value, value, value, 255], 4 * index));
  seen.getContext("2d").putImageData(image, 0, 0);
}
