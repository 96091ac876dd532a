// Keeps the residents' page usable without a connection: the shell, and the last answers.

const SHELL = "gridmap-shell-__VERSION__";
const PAGES = "gridmap-pages";
const PHOTOS = "gridmap-photos";
const MOST_PAGES = 60;
const MOST_PHOTOS = 120;
// The address of a photo names its picture: what is kept of it is never out of date. Not for ever
// all the same: a photo that was taken down is not to live on in telephones.
const PHOTO_MS = 7 * 86_400_000;
const PHOTO = /^\/api\/places\/[^/]+\/photos\/[0-9a-f]{64}$/;
const FILES = [
  "/services",
  "/static/services.css",
  "/static/services.js",
  "/static/ground.js",
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
        Promise.all(names.filter((n) => ![SHELL, PAGES, PHOTOS].includes(n)).map((n) => caches.delete(n))),
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
  } else if (PHOTO.test(url.pathname)) {
    event.respondWith(photo(request));
  } else if (FILES.includes(url.pathname)) {
    event.respondWith(kept(request));
  }
});

// From the network; when that fails what was last seen at the address, else what can stand in.
async function newest(request) {
  const pages = await caches.open(PAGES);
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    const seen = (await pages.match(request.url)) ?? (await caches.match(request.url));
    return seen ?? (await instead(pages, new URL(request.url))) ?? Response.error();
  }
  if (answer.ok && !thanks(new URL(request.url))) await keep(pages, request, answer, MOST_PAGES);
  return answer;
}

// What is said after a form was sent is said once.
const thanks = (url) => url.searchParams.has("told");

// A device without room keeps nothing more; the answer is as good.
async function keep(cache, request, answer, most) {
  try {
    await cache.put(request.url, answer.clone());
    await trim(cache, most);
  } catch {
    // Shown all the same.
  }
}

const HOW = ["big", "lang"];
const FROM = ["near", "estate"];

// The same place seen from the same spot, else from another, as it was kept last; or the plain list.
// Never a list that was narrowed otherwise. Pages name what they answer: their script says when that is not what
// was asked for.
async function instead(pages, asked) {
  const alike = (names) => (one) => {
    const { pathname, searchParams } = new URL(one.url);
    if (pathname !== asked.pathname || searchParams.has("told")) return false;
    return names.every((n) => searchParams.get(n) === asked.searchParams.get(n));
  };
  if (asked.pathname !== "/services") {
    const all = await pages.keys();
    const last = (names) => all.findLast(alike(names));
    const place = last([...HOW, ...FROM]) ?? last(HOW) ?? last([]);
    if (place) return pages.match(place);
  }
  const plain = new URL("/services", asked);
  for (const name of HOW) {
    if (asked.searchParams.has(name)) plain.searchParams.set(name, asked.searchParams.get(name));
  }
  return (await pages.match(plain.href)) ?? (await pages.match("/services")) ?? caches.match("/services");
}

async function kept(request) {
  const cache = await caches.open(SHELL);
  const seen = await cache.match(request.url);
  const asked = fetch(request).then((answer) => {
    if (answer.ok) cache.put(request.url, answer.clone()).catch(() => null);
    return answer;
  });
  if (!seen) return asked;
  asked.catch(() => null);
  return seen;
}

function stale(answer) {
  const since = Date.parse(answer.headers.get("date") ?? "");
  return !(Date.now() - since < PHOTO_MS);
}

// A photo that was seen lately, else from the network. Without a connection an older one will do,
// and a small one stands in for the large one.
async function photo(request) {
  const photos = await caches.open(PHOTOS);
  const seen = await photos.match(request.url);
  if (seen && !stale(seen)) return seen;
  let answer;
  try {
    answer = await fetch(request);
  } catch {
    return seen ?? (await photos.match(request.url, { ignoreSearch: true })) ?? Response.error();
  }
  // What is for staff may be kept by nobody.
  const hidden = /no-store/.test(answer.headers.get("cache-control") ?? "");
  if (answer.status === 404 || (answer.ok && hidden)) {
    // Its other size goes too.
    await photos.delete(request.url, { ignoreSearch: true });
  } else if (answer.ok) {
    await keep(photos, request, answer, MOST_PHOTOS);
  }
  return answer;
}

async function trim(cache, most) {
  const keys = await cache.keys();
  await Promise.all(keys.slice(0, Math.max(0, keys.length - most)).map((k) => cache.delete(k)));
}
