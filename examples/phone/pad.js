// Width of the pen, and its move per arrow key, as fractions of the canvas' side.
const PEN = 1 / 20;
const STEP = 1 / 28;

const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * Drawing on a square canvas by finger, pen, mouse and keyboard. It has strokes, lists of [x, y] in 0..1, or an image
 * that hides them.
 *
 * Fires "change" when a stroke grows, and "rest" when a stroke or an image is complete.
 */
export class Pad extends EventTarget {
  #canvas;
  #strokes = [];
  #image = null;
  // Position of the keyboard's pen, null without one, and whether it draws.
  #pen = null;
  #penIsDown = false;
  #pointer = null;

  constructor(canvas) {
    super();
    this.#canvas = canvas;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#go(event));
    canvas.addEventListener("pointerup", (event) => this.#end(event));
    canvas.addEventListener("pointercancel", (event) => this.#end(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#liftPen());
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get isEmpty() {
    return !this.#image && !this.#strokes.length;
  }

  /** Whether an image hides the strokes. */
  get hasImage() {
    return Boolean(this.#image);
  }

  /** Shows an ImageBitmap until it is undone, cleared or drawn over. */
  show(image) {
    this.#image = image;
    this.#changed("rest");
  }

  undo() {
    if (this.#image) {
      this.#image = null;
    } else {
      this.#strokes.pop();
    }
    this.#liftPen();
    this.#changed("rest");
  }

  clear() {
    this.#image = null;
    this.#strokes = [];
    this.#liftPen();
    this.#changed("rest");
  }

  /** Returns an ImageData of at most `maxPixels` pixels: the strokes on a transparent canvas, or the whole image. */
  pixels(maxPixels) {
    const side = Math.floor(Math.sqrt(maxPixels));
    let [width, height] = [side, side];
    if (this.#image) {
      const scale = Math.min(1, Math.sqrt(maxPixels / (this.#image.width * this.#image.height)));
      [width, height] = [this.#image.width, this.#image.height].map((side) => Math.max(1, Math.floor(side * scale)));
    }
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (this.#image) {
      context.imageSmoothingQuality = "high";
      context.drawImage(this.#image, 0, 0, width, height);
    } else {
      this.#drawStrokes(context, side, "#000");
    }
    return context.getImageData(0, 0, width, height);
  }

  /** Draws the canvas in the resolution of the screen. */
  draw() {
    const canvas = this.#canvas;
    const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    if (canvas.width !== side) {
      canvas.width = canvas.height = side;
    }
    const context = canvas.getContext("2d");
    const color = getComputedStyle(canvas).color;
    context.clearRect(0, 0, side, side);
    if (this.#image) {
      const { width, height } = this.#image;
      const scale = side / Math.max(width, height);
      const [x, y] = [width, height].map((length) => (side - length * scale) / 2);
      context.drawImage(this.#image, x, y, width * scale, height * scale);
    } else {
      this.#drawStrokes(context, side, color);
    }
    if (this.#pen) {
      context.beginPath();
      context.arc(this.#pen[0] * side, this.#pen[1] * side, (PEN * side) / 2, 0, 2 * Math.PI);
      context.lineWidth = devicePixelRatio * 2;
      context.strokeStyle = color;
      context.setLineDash(this.#penIsDown ? [] : [4 * devicePixelRatio, 4 * devicePixelRatio]);
      context.stroke();
      context.setLineDash([]);
    }
  }

  #drawStrokes(context, side, color) {
    context.strokeStyle = color;
    context.lineWidth = PEN * side;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.#strokes) {
      context.beginPath();
      context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
      // A stroke of one point is a dot.
      for (const [x, y] of stroke.length > 1 ? stroke.slice(1) : stroke) {
        context.lineTo(x * side, y * side);
      }
      context.stroke();
    }
  }

  #begin(event) {
    if (this.#pointer !== null || event.button > 0) {
      return;
    }
    event.preventDefault();
    this.#canvas.focus({ focusVisible: false });
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#pen = null;
    this.#beginStroke(this.#positionOf(event));
  }

  #go(event) {
    if (event.pointerId !== this.#pointer) {
      return;
    }
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) {
      this.#strokes.at(-1).push(this.#positionOf(move));
    }
    this.#changed("change");
  }

  #end(event) {
    if (event.pointerId === this.#pointer) {
      this.#pointer = null;
      this.#changed("rest");
    }
  }

  #key(event) {
    const move = MOVES[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(move || event.key === " ")) {
      return;
    }
    event.preventDefault();
    this.#pen ??= [0.5, 0.25];
    if (!move) {
      this.#penIsDown = !this.#penIsDown;
      if (this.#penIsDown) {
        this.#beginStroke(this.#pen);
      } else {
        this.#changed("rest");
      }
      return;
    }
    this.#pen = this.#pen.map((value, axis) => Math.min(1, Math.max(0, value + move[axis] * STEP)));
    if (this.#penIsDown) {
      this.#strokes.at(-1).push(this.#pen);
      this.#changed("change");
    } else {
      this.draw();
    }
  }

  #liftPen() {
    const wasDrawing = this.#penIsDown || this.#pointer !== null;
    this.#pen = this.#pointer = null;
    this.#penIsDown = false;
    if (wasDrawing) {
      this.#changed("rest");
    }
    this.draw();
  }

  #beginStroke(position) {
    if (this.#image) {
      this.#image = null;
      this.#strokes = [];
    }
    this.#strokes.push([position]);
    this.#changed("change");
  }

  #positionOf(event) {
    const box = this.#canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #changed(type) {
    this.draw();
    this.dispatchEvent(new Event(type));
  }
}
