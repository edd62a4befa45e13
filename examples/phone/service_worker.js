// Serves the page from a cache, so that it opens without a network; offline.js sends the addresses to cache. The page's
// own files are served from the cache and fetched again for the next visit. LiteRT.js, 9 MB, is fetched once per version.

const CACHE = "digits-litert-2.5.3";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(deleteOtherVersions()));
self.addEventListener("message", (event) => event.waitUntil(report(event.ports[0], addToCache(event.data))));
self.addEventListener("fetch", (event) => {
  const here = new URL(event.request.url).origin === self.location.origin;
  if (event.request.method === "GET" && here) {
    event.respondWith(respond(event));
  }
});

async function deleteOtherVersions() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith("digits-") && name !== CACHE);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function addToCache(urls) {
  const cache = await caches.open(CACHE);
  const found = await Promise.all(urls.map((url) => cache.match(url)));
  await cache.addAll(urls.filter((_, index) => !found[index]));
}

async function report(port, work) {
  const done = await work.then(
    () => true,
    () => false,
  );
  port.postMessage(done);
}

async function respond(event) {
  const cache = await caches.open(CACHE);
  const cached = await cache.match(event.request, { ignoreSearch: true });
  if (!cached) {
    return fetch(event.request);
  }
  if (!event.request.url.includes("/litert/")) {
    event.waitUntil(update(cache, event.request).catch(() => {}));
  }
  return cached;
}

async function update(cache, request) {
  const fresh = await fetch(request);
  if (fresh.ok) {
    await cache.put(request, fresh);
  }
}
