"""A server of tiles on this machine; a plugin, named by the modules that use it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.browser import DESKTOP, Visit, window
from tests.tile_server import PNG, Asked


@pytest.fixture
def tile_server() -> Iterator[tuple[str, Asked]]:
    """Address of a server that answers every path with a tile, and what it was asked."""
    asked = Asked()

    class Tiles(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(PNG)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Tiles)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def tile_visit(chromium: Any, tile_server: tuple[str, Asked]) -> Iterator[Visit]:
    """A window that may also ask the server of tiles."""
    with window(chromium, DESKTOP) as found:
        found.also = (tile_server[0],)
        found.page.set_default_timeout(20_000)
        yield found
