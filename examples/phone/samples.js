import { downloadZip } from "client-zip";
import { openDB } from "idb";

const STORE = "samples";
// Characters that some file systems or zip programs do not allow in a folder's name, or that hide a folder.
const UNSAFE = /[\\/:*?"<>|%\u0000-\u001f]|^[._]|[. ]$/g;

/** Labeled PNG images in this browser's IndexedDB. Models with the same class names share them. */
export class Samples {
  #database;

  /** Opens the samples of these class names. */
  static async open(names) {
    const samples = new Samples();
    samples.#database = await openDB(`samples of ${JSON.stringify(names)}`, 1, {
      upgrade: (database) => database.createObjectStore(STORE, { autoIncrement: true }).createIndex("name", "name"),
    });
    return samples;
  }

  /** Saves a PNG, a Blob, as a sample of the class `name`. */
  async add(name, png) {
    // Without it, browsers may delete the samples of a page that is not visited for weeks.
    await navigator.storage?.persist?.();
    await this.#database.add(STORE, { name, png: await png.arrayBuffer(), time: Date.now() });
  }

  /** Resolves to the number of samples of each of the classes `names`. */
  counts(names) {
    const { store } = this.#database.transaction(STORE);
    return Promise.all(names.map((name) => store.index("name").count(name)));
  }

  /** Deletes the sample that was saved last. Resolves to its class name; undefined if there is none. */
  async deleteLast() {
    const transaction = this.#database.transaction(STORE, "readwrite");
    const cursor = await transaction.store.openCursor(null, "prev");
    await cursor?.delete();
    await transaction.done;
    return cursor?.value.name;
  }

  async deleteAll() {
    await this.#database.clear(STORE);
  }

  /** Resolves to a zip file, a Blob, with a folder per class and the samples in it: 7/0001.png, 7/0002.png, ... */
  async zip() {
    const counts = {};
    const files = (await this.#database.getAll(STORE)).map(({ name, png, time }) => {
      counts[name] = (counts[name] ?? 0) + 1;
      const file = `${String(counts[name]).padStart(4, "0")}.png`;
      return { name: `${folderOf(name)}/${file}`, input: png, lastModified: new Date(time) };
    });
    return downloadZip(files).blob();
  }
}

/** Returns the folder of a class. Unsafe characters are written as in addresses: T-shirt%2Ftop. */
function folderOf(name) {
  return name.replace(UNSAFE, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
