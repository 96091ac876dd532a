// Keeps the residents' page usable without a connection: the shell, and the last answers.

const SHELL = "gridmap-shell-__VERSION__";
const PAGES = "gridmap-pages";
const MOST_PAGES = 60;
const FILES = [
  "/services",
  "/static/services.css",
  "/static/services.js",
  "/static/services-192.png",
  "/assets/leaflet/leaflet.css",
  "/assets/leaflet/leaflet.js",
  "/static/maps/base.js",
  "/services/ground.json",
];

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(SHELL)
      .then((cache) => Promise.all(FILES.map((file) => cache.add(file).catch(() => null))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) =>
        Promise.all(names.filter((n) => n !== SHELL && n !== PAGES).map((n) => caches.delete(n))),
      )
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === "/services" || url.pathname.startsWith("/services/")) {
    event.respondWith(newest(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(kept(request));
  }
});

// From the network; when that fails what was last seen at the address, else the plain page.
async function newest(request) {
  const pages = await caches.open(PAGES);
  try {
    const answer = await fetch(request);
    if (answer.ok) {
      await pages.put(request.url, answer.clone());
      await trim(pages);
    }
    return answer;
  } catch {
    const seen = (await pages.match(request.url)) ?? (await caches.match(request.url));
    if (seen) return seen;
    const place = new URL(request.url).pathname;
    const like =
      (await pages.match(place, { ignoreSearch: true })) ?? (await caches.match("/services"));
    return like ?? Response.error();
  }
}

async function kept(request) {
  const cache = await caches.open(SHELL);
  const seen = await cache.match(request.url);
  const asked = fetch(request).then((answer) => {
    if (answer.ok) cache.put(request.url, answer.clone());
    return answer;
  });
  if (!seen) return asked;
  asked.catch(() => null);
  return seen;
}

async function trim(cache) {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - MOST_PAGES)).map((k) => cache.delete(k)));
}
