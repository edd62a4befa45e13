// Answers from what the page has handed over (see offline.js), so that it opens without a network. The page's own
// files are fetched anew behind its back and shown the next time; LiteRT.js, 9 MB, stays under its version's name.

const CACHE = "digits-litert-2.5.3";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(forgetOtherVersions()));
self.addEventListener("message", (event) => event.waitUntil(tell(event.ports[0], keep(event.data))));
self.addEventListener("fetch", (event) => {
  const here = new URL(event.request.url).origin === self.location.origin;
  if (event.request.method === "GET" && here) {
    event.respondWith(answer(event));
  }
});

async function forgetOtherVersions() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("digits-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function keep(urls) {
  const cache = await caches.open(CACHE);
  const found = await Promise.all(urls.map((url) => cache.match(url)));
  await cache.addAll(urls.filter((_, index) => !found[index]));
}

async function tell(port, work) {
  const done = await work.then(
    () => true,
    () => false,
  );
  port.postMessage(done);
}

async function answer(event) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(event.request, { ignoreSearch: true });
  if (!kept) {
    return fetch(event.request);
  }
  if (!event.request.url.includes("/litert/")) {
    event.waitUntil(renew(cache, event.request).catch(() => {}));
  }
  return kept;
}

async function renew(cache, request) {
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh);
  }
}
