const layer = document.getElementById("boxes");

/**
 * Draws the bounding boxes of digits over the drawing area. They are elements, so they never become part of the drawing.
 *
 * `image` is the ImageData that was classified. The drawing area is a square that shows it as large as possible.
 */
export function showBoxes(digits, image, threshold) {
  const side = Math.max(image.width, image.height);
  const percent = (pixels) => `${(100 * pixels) / side}%`;
  const boxes = digits.filter(({ box }) => box).map(({ box, probability }) => {
    const element = document.createElement("div");
    element.className = probability < threshold ? "box unsure" : "box";
    element.style.left = percent(box.left + (side - image.width) / 2);
    element.style.top = percent(box.top + (side - image.height) / 2);
    element.style.width = percent(box.right - box.left);
    element.style.height = percent(box.bottom - box.top);
    return element;
  });
  layer.replaceChildren(...boxes);
}

export function hideBoxes() {
  layer.replaceChildren();
}
