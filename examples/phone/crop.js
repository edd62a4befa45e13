// Paper around a sample, as a fraction of its larger side. The preprocessing compares ink with the paper around it.
const MARGIN = 0.5;

/**
 * Resolves to a PNG, a Blob, of the part of an ImageData around `box`, {top, left, bottom, right} in pixels.
 *
 * Without a box, it is the part that is not transparent. `paper` is a color under what is transparent; null keeps it.
 */
export function cropToPng(image, box, paper) {
  const { top, left, bottom, right } = withMargin(box ?? opaqueBox(image), image);
  const whole = new OffscreenCanvas(image.width, image.height);
  whole.getContext("2d").putImageData(image, 0, 0);
  const part = new OffscreenCanvas(right - left, bottom - top);
  const context = part.getContext("2d");
  if (paper) {
    context.fillStyle = paper;
    context.fillRect(0, 0, part.width, part.height);
  }
  context.drawImage(whole, -left, -top);
  return part.convertToBlob({ type: "image/png" });
}

function withMargin({ top, left, bottom, right }, { width, height }) {
  const margin = MARGIN * Math.max(bottom - top, right - left);
  return {
    top: Math.max(0, Math.floor(top - margin)),
    left: Math.max(0, Math.floor(left - margin)),
    bottom: Math.min(height, Math.ceil(bottom + margin)),
    right: Math.min(width, Math.ceil(right + margin)),
  };
}

function opaqueBox({ data, width, height }) {
  const box = { top: height, left: width, bottom: 0, right: 0 };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[4 * (y * width + x) + 3]) {
        box.top = Math.min(box.top, y);
        box.left = Math.min(box.left, x);
        box.bottom = Math.max(box.bottom, y + 1);
        box.right = Math.max(box.right, x + 1);
      }
    }
  }
  return box.right ? box : { top: 0, left: 0, bottom: height, right: width };
}
