/**
 * Hands all that the page has loaded to its service worker. Resolves to whether the page will open offline:
 * browsers have service workers for https and localhost alone.
 */
export async function keepForOffline() {
  if (!navigator.serviceWorker) {
    return false;
  }
  await navigator.serviceWorker.register("service_worker.js");
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
  const linked = [...document.querySelectorAll("link[href]")].map((link) => link.href);
  // The folder's address is the one that an installed page opens.
  const own = [new URL("./", document.URL).href, document.URL.split(/[?#]/)[0]];
  const here = [...own, ...loaded, ...linked].filter((url) => url.startsWith(location.origin));
  const { port1, port2 } = new MessageChannel();
  const kept = new Promise((resolve) => (port1.onmessage = (event) => resolve(event.data)));
  active.postMessage([...new Set(here)], [port2]);
  return kept;
}
