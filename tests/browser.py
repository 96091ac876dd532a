"""Chromium for tests: Debian's, headless, with every request but the allowed ones refused.

Fixtures: `chromium` (session), `browser_page` (1280 x 800) and `phone_page` (390 x 844,
touch); ``tests/conftest.py`` offers them to every test. Without Chromium they skip; with
``CI=true`` or ``GRIDMAP_REQUIRE_ALL=1`` they fail.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

EXECUTABLE = Path("/usr/bin/chromium")
AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@dataclass
class Visit:
    """One browser window: its page, what it was refused, and what went wrong in it.

    Attributes
    ----------
    page : playwright Page
    refused : list of str
        Addresses asked for outside what is allowed.
    problems : list of str
        Uncaught errors and console errors.
    also : tuple of str
        What other addresses that are allowed begin with.
    """

    page: Any
    refused: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    allowed: str = ""
    also: tuple[str, ...] = ()

    def open(self, target: str | Path) -> Any:
        """Open a file, or an http address whose origin alone is then allowed."""
        if isinstance(target, Path):
            address = self.allowed = target.resolve().as_uri()
        else:
            parts = urlsplit(target)
            address, self.allowed = target, f"{parts.scheme}://{parts.netloc}/"
        self.page.goto(address)
        return self.page

    def judge(self, route: Any) -> None:
        """Let an allowed request pass; refuse and note every other."""
        url = route.request.url
        own = url == self.allowed or (
            self.allowed.startswith("http") and url.startswith(self.allowed)
        )
        if own or url.startswith(("data:", "blob:", *self.also)):
            route.continue_()
        else:
            self.refused.append(url)
            route.abort()

    def assert_clean(self) -> None:
        """Fail when the page asked for anything foreign or reported an error."""
        assert self.refused == []
        assert self.problems == []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, started once with a profile that is thrown away afterwards."""
    if not EXECUTABLE.exists():
        wanted = os.environ.get("CI") == "true" or os.environ.get("GRIDMAP_REQUIRE_ALL") == "1"
        (pytest.fail if wanted else pytest.skip)(
            f"{EXECUTABLE} is missing: apt-get install chromium"
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(EXECUTABLE), headless=True, args=FLAGS
        )
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium: Any) -> Iterator[Visit]:
    """A desktop window."""
    with window(chromium, DESKTOP) as visit:
        yield visit


@pytest.fixture
def phone_page(chromium: Any) -> Iterator[Visit]:
    """A phone's window."""
    with window(chromium, PHONE) as visit:
        yield visit


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application on this machine only, and say where."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until = time.monotonic() + 30
        while not server.started:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=30)


@contextmanager
def window(browser: Any, shape: dict[str, Any]) -> Iterator[Visit]:
    """Open a window that shares nothing with any other: no cache, no cookies, no storage."""
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", **shape)
    try:
        visit = Visit(context.new_page())
        context.route("**/*", visit.judge)
        visit.page.on("pageerror", lambda error: visit.problems.append(str(error)))
        visit.page.on(
            "console",
            lambda line: line.type == "error" and visit.problems.append(line.text),
        )
        yield visit
    finally:
        context.close()


def keep_picture(page: Any, name: str) -> None:
    """Keep a picture of the whole page in $GRIDMAP_PICTURES, for somebody to look at."""
    folder = os.environ.get("GRIDMAP_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


# What fades in has not the colours yet that it will have: nothing does any more, now or later.
STILL = """(() => {
  const still = new CSSStyleSheet();
  still.replaceSync("*, *::before, *::after { transition: none !important; }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  return frame().then(frame).then(() => null);
})()"""


def violations(page: Any) -> list[str]:
    """What axe finds against WCAG 2.2 AA, and good practice."""
    page.evaluate(STILL)
    # A card that is taken off the map stays for a fifth of a second, and cannot be seen.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.leaflet-popup')]"
        ".every((one) => getComputedStyle(one).opacity === '1')"
    )
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {json.dumps([n['target'] for n in one['nodes'][:3]])}"
        for one in found["violations"]
    ]
