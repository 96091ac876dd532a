"""Take the pictures of the README from a demo's maps and pages, in Chromium.

``python -m tools.screenshots gridmap-demo`` after ``gridmap demo --no-serve``; without a folder
a demo is made in one that is thrown away. Writes ``docs/images/*.png``.
"""

from __future__ import annotations

import argparse
import base64
import csv
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.palette_png import palette_png

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
# As the tests start it: no sandbox for root, nothing asked of the network.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
EDITOR: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
MOST_BYTES = 400_000
_PATIENCE_MS = 120_000
# A weekday at noon, when most of them are open.
_NOON = "2026-07-08T12:00:00+08:00"
_NEAR = "open_now=1&within=15&near={centre}"
# Chromium reads its own PNG back: width, and the bytes of the pixels (RGBA) as base64.
_PIXELS = """
async png => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  const bytes = context.getImageData(0, 0, image.width, image.height).data;
  const reader = new FileReader();
  reader.readAsDataURL(new Blob([bytes]));
  await new Promise(done => (reader.onload = done));
  return [image.width, reader.result.split(",")[1]];
}
"""


@dataclass(frozen=True)
class Picture:
    """One picture: which map or page, in what window, how many zoom levels nearer than all of it.

    The name of a map is that of its file; a page begins with a slash and is asked of the
    service. ``{centre}`` in it stands for where a centre of the demo is, ``{draft}`` for the
    number of a draft that is begun for the picture. A page that listens for what is new is never
    silent: it is taken when what `ready` selects is there, after a click on what `press` selects.
    `role` is whom the page is shown to; whoever looks from this machine when empty.
    """

    name: str
    document: str
    window: dict[str, Any]
    nearer: float = 0
    ready: str = ""
    press: str = ""
    role: str = ""

    @property
    def is_page(self) -> bool:
        """True for what only the running service shows."""
        return self.document.startswith("/")


PICTURES = (
    Picture("home", "/", DESKTOP, nearer=2, ready="#map-home[data-ready]"),
    Picture("party", "party", DESKTOP, nearer=2.5),
    Picture("services", "services", DESKTOP, nearer=2.5),
    Picture("services-phone", "services", PHONE, nearer=3.5),
    Picture("near", f"/services?{_NEAR}", DESKTOP),
    Picture("near-phone", f"/services?{_NEAR}", PHONE),
    Picture(
        "draft", "/drafts/{draft}", EDITOR, ready="#editor[data-ready=all]",
        press="#outside button.row", role="planner",
    ),
)  # fmt: skip


def main() -> int:
    """Write every picture; 1 when one is too large for a page."""
    parser = argparse.ArgumentParser(description="Take the pictures of the README.")
    parser.add_argument("folder", nargs="?", type=Path, help="of a demo; made anew without it")
    parser.add_argument("--images", type=Path, default=IMAGES, help="folder of the pictures")
    chosen = parser.parse_args()
    chosen.images.mkdir(parents=True, exist_ok=True)
    sizes = []
    with demo_folder(chosen.folder) as folder, chromium() as browser:
        for role in dict.fromkeys(picture.role for picture in PICTURES):
            with service_of(folder, role) as address:
                sizes += [
                    _take(browser, folder, address, picture, chosen.images)
                    for picture in PICTURES
                    if picture.role == role
                ]
    return int(max(sizes) >= MOST_BYTES)


@contextmanager
def demo_folder(folder: Path | None, scale: str = "district") -> Iterator[Path]:
    """The folder of a demo: the one named, or one made anew and thrown away."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="gridmap-") as scratch:
        made = Path(scratch) / "demo"
        command = [sys.executable, "-m", "gridmap", "demo", "--scale", scale, "--no-serve"]
        subprocess.run([*command, "--out", str(made)], check=True)
        yield made


@contextmanager
def chromium() -> Iterator[Any]:
    """Debian's Chromium, headless and without a GPU."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def service_of(folder: Path, role: str = "") -> Iterator[str]:
    """The demo's own service, at a clock that stands still; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = {"GRIDMAP_STORE": str(folder / "gridmap.gpkg"), "GRIDMAP_FROZEN_NOW": _NOON}
    if role:
        store["GRIDMAP_LOOPBACK_ROLE"] = role
    command = [sys.executable, "-m", "gridmap", "serve", "--port", str(port)]
    address = f"http://127.0.0.1:{port}"
    with subprocess.Popen(command, env={**os.environ, **store}) as service:
        try:
            _wait_for(f"{address}/healthz")
            yield address
        finally:
            service.terminate()


def _wait_for(address: str, patience_s: float = 600.0) -> None:
    end = time.monotonic() + patience_s
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            return


def _centre(folder: Path) -> str:
    """Longitude and latitude of the first service centre of the demo."""
    with (folder / "places.csv").open(encoding="utf-8-sig", newline="") as stream:
        row = next(row for row in csv.DictReader(stream) if row["category"] == "service_centre")
    return f"{row['lon']},{row['lat']}"


def _begun_draft(address: str) -> int:
    """Begin a draft of the edition in force, and return its number."""
    body = json.dumps({"name": f"网格调整方案 {time.strftime('%H%M%S')}"}).encode()
    request = urllib.request.Request(
        f"{address}/api/drafts", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return int(json.load(answer)["id"])


def _take(browser: Any, folder: Path, address: str, picture: Picture, images: Path) -> int:
    """Take one picture and return its size in bytes."""
    target = images / f"{picture.name}.png"
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce", **picture.window)
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MS)
    if picture.is_page:
        draft = _begun_draft(address) if "{draft}" in picture.document else ""
        page.goto(address + picture.document.format(centre=_centre(folder), draft=draft))
        if picture.ready:
            page.wait_for_selector(picture.ready)
        else:
            page.wait_for_load_state("networkidle")
        if picture.press:
            page.click(picture.press)
            page.wait_for_load_state("networkidle")
    else:
        page.goto((folder / f"{picture.document}.html").resolve().as_uri())
        page.wait_for_function("window.gridmap && gridmap.map && gridmap.map._loaded")
    if picture.nearer:
        page.evaluate(
            "nearer => { gridmap.map.setZoom(gridmap.map.getZoom() + nearer, {animate: false}); }",
            picture.nearer,
        )
    # Labels are laid out when the map has been still for a moment.
    page.wait_for_timeout(1_500)
    target.write_bytes(palette_png(_pixels(browser, page.screenshot())))
    context.close()
    print(f"{target.name}: {target.stat().st_size / 1e3:.0f} kB")
    return target.stat().st_size


def _pixels(browser: Any, png: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a picture, shape (height, width, 3)."""
    # On a page of its own: a map's policy forbids it to fetch anything.
    page = browser.new_page()
    width, text = page.evaluate(_PIXELS, base64.b64encode(png).decode())
    page.close()
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, width, 4)[:, :, :3]


if __name__ == "__main__":
    sys.exit(main())
