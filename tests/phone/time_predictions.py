"""Measures the time of a prediction on the phone page in Chromium, from pixels to probabilities, after loading.

python tests/phone/time_predictions.py
"""

import statistics

from browser import address_of, chromium, served

PREDICTIONS = 200
SIDES = {"drawing": 112, "photo": 320}

_TIME = """async ({ side, count }) => {
  const { loadClassifier } = await import("./classifier.js");
  globalThis.classifier ??= await loadClassifier("./litert/core/wasm/", "model/mnist_canvas.tflite");
  const pen = new OffscreenCanvas(side, side).getContext("2d");
  pen.lineWidth = side / 14;
  pen.lineCap = pen.lineJoin = "round";
  for (const [x, y] of [[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]) pen.lineTo(x * side, y * side);
  pen.stroke();
  const times = [];
  for (let run = 0; run < count; run++) {
    times.push((await globalThis.classifier.classify(pen.getImageData(0, 0, side, side))).milliseconds);
  }
  return times;
}"""


def main():
    with served() as server, chromium() as browser:
        page = browser.new_page()
        page.route("**/main.js", lambda route: route.abort())
        page.goto(address_of(server))
        print(f"Chromium {browser.version}, {PREDICTIONS} predictions each, milliseconds\n")
        print("input     pixels   median   minimum   95th percentile")
        for name, side in SIDES.items():
            times = sorted(page.evaluate(_TIME, {"side": side, "count": PREDICTIONS}))
            slow = times[int(0.95 * PREDICTIONS)]
            print(f"{name:<8} {side}x{side} {statistics.median(times):>8.1f} {times[0]:>9.1f} {slow:>17.1f}")


if __name__ == "__main__":
    main()
