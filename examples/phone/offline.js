/**
 * Has the service worker cache every file that the page has loaded. Resolves to whether the page will open offline.
 * Browsers have service workers for https and localhost only.
 */
export async function cacheForOffline() {
  if (!navigator.serviceWorker) {
    return false;
  }
  await navigator.serviceWorker.register("service_worker.js");
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const linked = [...document.querySelectorAll("link[href]")].map((link) => link.href);
  // An installed page opens the folder's address.
  const own = [new URL("./", document.URL).href, document.URL.split(/[?#]/)[0]];
  const here = [...own, ...loaded, ...linked].filter((url) => url.startsWith(location.origin));
  const { port1, port2 } = new MessageChannel();
  const cached = new Promise((resolve) => (port1.onmessage = (event) => resolve(event.data)));
  active.postMessage([...new Set(here)], [port2]);
  return cached;
}
