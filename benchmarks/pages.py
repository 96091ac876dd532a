"""Maps and pages in headless Chromium without a GPU: when they can be used, and how large they are.

Demos are made anew, which takes minutes; with ``GRIDMAP_BENCH_DEMOS=DIR`` those in ``DIR/SCALE``
are measured (``gridmap demo --scale SCALE --no-serve --out DIR/SCALE``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tools.screenshots import DESKTOP, chromium, demo_folder, service_of

__all__ = ["Figures", "look", "run"]

SCALES = ("district", "services", "street")
DOCUMENTS = ("levels", "party", "services")
ROUNDS = 5
_PATIENCE_S = 120
_MOST_BYTES = 5_000_000

# When a page can be used: its list and pins, its areas, and the whole of a document.
_USEFUL = {
    "/services": "document.querySelector('.place') && document.querySelector('#map .gm-pin')",
    "/": "performance.getEntriesByName('map-drawn').length > 0",
    "/maps/party": "window.gridmap && gridmap.places && document.querySelector('.gm-label')",
}
_DOCUMENT = "window.gridmap && gridmap.map && document.querySelector('.gm-label')"
# Looked for at every frame, and noted when the frame after it is about to be shown.
_WATCH = """(() => {
  const look = () => (%s) ? requestAnimationFrame(() => { window.useful = performance.now(); })
                          : requestAnimationFrame(look);
  requestAnimationFrame(look);
})()"""
_SENT = """() => performance.getEntriesByType('navigation')
  .concat(performance.getEntriesByType('resource'))
  .reduce((sum, one) => sum + one.transferSize, 0)"""


@dataclass(frozen=True)
class Figures:
    """What one look at a page came to.

    Attributes
    ----------
    useful_ms : float
        From the navigation to the frame in which it can be used.
    sent : int
        Bytes that came over the wire.
    heap : int
        Bytes of the page's script that are left after the garbage was collected.
    cpu_s : float
        CPU of the page's main thread until nothing more was asked for; the only figure that a
        busy machine leaves as it is.
    """

    useful_ms: float
    sent: int
    heap: int
    cpu_s: float


def run() -> None:
    given = os.environ.get("GRIDMAP_BENCH_DEMOS")
    load = os.getloadavg()[0]
    print(f"Medians of {ROUNDS} looks; cold: nothing in the browser's cache; the server has been"
          f" asked before. Load of the machine at the beginning: {load:.1f}.")  # fmt: skip
    with chromium() as browser:
        for scale in SCALES:
            with ExitStack() as stack:
                made = None if given is None else Path(given) / scale
                folder = stack.enter_context(demo_folder(made, scale))
                _documents(browser, scale, folder)
                _pages(browser, scale, stack.enter_context(service_of(folder)))


def look(context: Any, address: str, useful: str) -> Figures:
    """Open a page in a context of Playwright and wait until `useful` (JavaScript) holds."""
    page = context.new_page()
    try:
        page.set_default_timeout(120_000)
        page.add_init_script(_WATCH % useful)
        devtools = context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        page.goto(address)
        # Asked from outside: the policy of the pages forbids to evaluate a text in them.
        until = time.monotonic() + _PATIENCE_S
        while page.evaluate("window.useful === undefined"):
            if time.monotonic() > until:
                raise TimeoutError(f"{address} cannot be used after {_PATIENCE_S} s")
            page.wait_for_timeout(20)
        taken, sent = page.evaluate("window.useful"), page.evaluate(_SENT)
        page.wait_for_load_state("networkidle")
        before = _metrics(devtools)
        devtools.send("HeapProfiler.collectGarbage")
        heap = _metrics(devtools)["JSHeapUsedSize"]
        return Figures(float(taken), int(sent), int(heap), float(before["TaskDuration"]))
    finally:
        page.close()


def _metrics(devtools: Any) -> dict[str, float]:
    found = devtools.send("Performance.getMetrics")["metrics"]
    return {one["name"]: one["value"] for one in found}


def _pages(browser: Any, scale: str, address: str) -> None:
    for path, useful in _USEFUL.items():
        cold: list[Figures] = []
        warm: list[Figures] = []
        for turn in range(ROUNDS + 1):
            context = browser.new_context(locale="zh-CN", **DESKTOP)
            looks = [look(context, address + path, useful) for _ in range(2)]
            context.close()
            if turn:
                cold.append(looks[0])
                warm.append(looks[1])
        for name, taken in (("cold", cold), ("warm", warm)):
            _say(f"{path}, {name}", scale, taken)


def _documents(browser: Any, scale: str, folder: Path) -> None:
    for kind in DOCUMENTS:
        file = folder / f"{kind}.html"
        size = file.stat().st_size
        taken = []
        for _ in range(ROUNDS):
            context = browser.new_context(locale="zh-CN", **DESKTOP)
            taken.append(look(context, file.resolve().as_uri(), _DOCUMENT))
            context.close()
        _say(f"{kind}.html, from disk", scale, taken, {"MB of the file": size / 1e6})
        if size >= _MOST_BYTES:
            print(f"  above the {_MOST_BYTES / 1e6:.0f} MB that a document may have")


def _say(
    what: str, scale: str, taken: list[Figures], more: Mapping[str, float] | None = None
) -> None:
    figures = {
        "s to use": median(one.useful_ms for one in taken) / 1e3,
        "s CPU": median(one.cpu_s for one in taken),
        "MB sent": median(one.sent for one in taken) / 1e6,
        "MB heap": median(one.heap for one in taken) / 1e6,
        **(more or {}),
    }
    told = "  ".join(f"{value:7.2f} {name}" for name, value in figures.items())
    print(f"  {what:<26} {scale:<10} {told}", flush=True)
