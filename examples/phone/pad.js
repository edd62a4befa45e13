// Width of the pen, and one move of it by the keyboard, as shares of the paper's side.
const PEN = 1 / 14;
const STEP = 1 / 28;
// Side of the square that is read: four pixels for each one of the network's.
const READ_SIDE = 112;

const MOVES = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * Paper on a square canvas, to be drawn on by finger, pen, mouse and keyboard. It holds strokes, lists of [x, y] in
 * 0..1, or a picture that lies over them.
 *
 * Fires "change" whenever it looks different, and "rest" when a stroke or a picture is complete.
 */
export class Pad extends EventTarget {
  #canvas;
  #strokes = [];
  #picture = null;
  // Of the keyboard: where it is, and whether it draws.
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
    canvas.addEventListener("blur", () => this.#putAway());
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  get isEmpty() {
    return !this.#picture && !this.#strokes.length;
  }

  /** Shows an ImageBitmap, until it is undone, cleared or drawn over. */
  show(picture) {
    this.#picture = picture;
    this.#changed("rest");
  }

  undo() {
    if (this.#picture) {
      this.#picture = null;
    } else {
      this.#strokes.pop();
    }
    this.#putAway();
    this.#changed("rest");
  }

  clear() {
    this.#picture = null;
    this.#strokes = [];
    this.#putAway();
    this.#changed("rest");
  }

  /** What is to be read, an ImageData of at most that many pixels: strokes on nothing, or the whole picture. */
  pixels(most) {
    let [width, height] = [READ_SIDE, READ_SIDE];
    if (this.#picture) {
      const scale = Math.min(1, Math.sqrt(most / (this.#picture.width * this.#picture.height)));
      [width, height] = [this.#picture.width, this.#picture.height].map((side) => Math.max(1, Math.floor(side * scale)));
    }
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (this.#picture) {
      context.imageSmoothingQuality = "high";
      context.drawImage(this.#picture, 0, 0, width, height);
    } else {
      this.#drawStrokes(context, READ_SIDE, "#000");
    }
    return context.getImageData(0, 0, width, height);
  }

  /** Draws the paper anew, with as many pixels as the screen shows. */
  draw() {
    const canvas = this.#canvas;
    const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    if (canvas.width !== side) {
      canvas.width = canvas.height = side;
    }
    const context = canvas.getContext("2d");
    const color = getComputedStyle(canvas).color;
    context.clearRect(0, 0, side, side);
    if (this.#picture) {
      const { width, height } = this.#picture;
      const scale = side / Math.max(width, height);
      const [x, y] = [width, height].map((length) => (side - length * scale) / 2);
      context.drawImage(this.#picture, x, y, width * scale, height * scale);
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
    this.#beginStroke(this.#placeOf(event));
  }

  #go(event) {
    if (event.pointerId !== this.#pointer) {
      return;
    }
    const moves = event.getCoalescedEvents?.() ?? [];
    for (const move of moves.length ? moves : [event]) {
      this.#strokes.at(-1).push(this.#placeOf(move));
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
    this.#pen = this.#pen.map((place, axis) => Math.min(1, Math.max(0, place + move[axis] * STEP)));
    if (this.#penIsDown) {
      this.#strokes.at(-1).push(this.#pen);
      this.#changed("change");
    } else {
      this.draw();
    }
  }

  #putAway() {
    const wasDrawing = this.#penIsDown || this.#pointer !== null;
    this.#pen = this.#pointer = null;
    this.#penIsDown = false;
    if (wasDrawing) {
      this.#changed("rest");
    }
    this.draw();
  }

  #beginStroke(place) {
    if (this.#picture) {
      this.#picture = null;
      this.#strokes = [];
    }
    this.#strokes.push([place]);
    this.#changed("change");
  }

  #placeOf(event) {
    const box = this.#canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  #changed(type) {
    this.draw();
    this.dispatchEvent(new Event(type));
  }
}
