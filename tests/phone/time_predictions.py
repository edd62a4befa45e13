"""Measures the time of a prediction on the phone page in Chromium, from pixels to digits, after loading.

python tests/phone/time_predictions.py
"""

import statistics

from browser import address_of, chromium, served

PREDICTIONS = 200
SIDE = 320
DIGITS = (0, 1, 4, 16)

_TIME = """async ({ side, digits, count }) => {
  const { loadClassifier } = await import("./classifier.js");
  globalThis.classifier ??= await loadClassifier("./litert/core/wasm/", "model/mnist_canvas_numbers.tflite");
  const pen = new OffscreenCanvas(side, side).getContext("2d");
  const columns = Math.ceil(Math.sqrt(digits));
  const cell = side / columns;
  pen.lineWidth = Math.min(side / 20, cell / 8);
  pen.lineCap = pen.lineJoin = "round";
  for (let digit = 0; digit < digits; digit++) {
    const [left, top] = [digit % columns, Math.floor(digit / columns)];
    pen.beginPath();
    for (const [x, y] of [[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]) pen.lineTo((left + x) * cell, (top + y) * cell);
    pen.stroke();
  }
  const times = [];
  for (let run = 0; run < count; run++) {
    const result = await globalThis.classifier.classify(pen.getImageData(0, 0, side, side));
    if (result.digits.length !== digits) throw new Error(`${result.digits.length} of ${digits} digits found`);
    times.push(result.milliseconds);
  }
  return times;
}"""


def main():
    with served() as server, chromium() as browser:
        page = browser.new_page()
        page.route("**/main.js", lambda route: route.abort())
        page.goto(address_of(server))
        print(f"Chromium {browser.version}, {PREDICTIONS} drawings of {SIDE}x{SIDE} pixels each, milliseconds\n")
        print("digits  median  minimum  95th percentile")
        for digits in DIGITS:
            times = sorted(page.evaluate(_TIME, {"side": SIDE, "digits": digits, "count": PREDICTIONS}))
            slow = times[int(0.95 * PREDICTIONS)]
            print(f"{digits:>6} {statistics.median(times):>7.1f} {times[0]:>8.1f} {slow:>16.1f}")


if __name__ == "__main__":
    main()
