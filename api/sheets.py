"""Sheets to print, as the public may see them, whoever asks: HTML, and PDF under ``.pdf``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from api.areas import Code, LevelName
from api.dependencies import PUBLIC, WorkspaceDep
from api.made_once import MadeOnce
from api.rendering import answer_file
from api.templates import language
from gridmap.errors import StoreBusy
from gridmap.sheets.district import District
from gridmap.sheets.fingerprint import fingerprint
from gridmap.sheets.model import Request as SheetRequest
from gridmap.sheets.page import sheet_html
from gridmap.sheets.printing import to_pdf
from gridmap.workspace import Workspace

__all__ = ["SheetShelf", "router"]

router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])

# Gathering a district takes a second, drawing a PDF two; who asks may be a whole town.
KEPT_S = 60.0
_MOST_PDFS = 200
# One is printed at a time. Who waits for theirs holds one of the threads that answer all requests:
# one at the printer, and four behind it.
_MOST_ASKING = 5

Paper = Annotated[str, Query(max_length=10)]


class SheetShelf:
    """The district that sheets are taken from, kept for a minute, and the PDFs made lately."""

    def __init__(self, *, kept_s: float = KEPT_S, clock: Callable[[], float] = time.monotonic):
        self._kept_s = kept_s
        self._clock = clock
        self._lock = threading.Lock()
        self._district: tuple[str, float, District] | None = None
        self._pdfs: MadeOnce[bytes] = MadeOnce(_MOST_PDFS)
        self._asking = threading.BoundedSemaphore(_MOST_ASKING)

    def district(self, workspace: Workspace) -> District:
        """Return the district, gathered anew when it is old or of another edition."""
        current = workspace.edition_at()
        name = "" if current is None else current.name
        with self._lock:
            found = self._district
            if found is None or found[0] != name or self._clock() - found[1] >= self._kept_s:
                found = (name, self._clock(), workspace.sheet_district())
                self._district = found
            return found[2]

    def pdf(self, key: tuple[Any, ...], make: Callable[[], bytes]) -> bytes:
        """Return a PDF made lately, or make it.

        Raises
        ------
        StoreBusy
            When it has to be made, and others wait for theirs already.
        """
        found = self._pdfs.kept(key)
        if found is not None:
            return found
        if not self._asking.acquire(blocking=False):
            raise StoreBusy("Other sheets are being printed.", repair="Try again in a moment.")
        try:
            return self._pdfs.get(key, make)
        finally:
            self._asking.release()


# Before the page, whose codes would take its ending for a part of theirs.
@router.get("/sheets/{kind}/{level}/{code:path}.pdf")
def sheet_pdf(
    request: Request,
    workspace: WorkspaceDep,
    kind: str,
    level: LevelName,
    code: Code,
    paper: Paper = "a4",
) -> Response:
    """Return a sheet as PDF."""
    shelf: SheetShelf = request.app.state.sheets
    district, wanted = _asked(request, workspace, kind, level, code, paper)
    parts = fingerprint(district, wanted)
    key = (wanted, district.site["as_of"], *parts.values())
    return answer_file(
        request,
        blake2b(repr(key).encode(), digest_size=12).hexdigest(),
        lambda: shelf.pdf(key, lambda: to_pdf(sheet_html(district, wanted))),
        media_type="application/pdf",
        name=f"{kind}-{code}-{wanted.paper}.pdf",
    )


@router.get("/sheets/{kind}/{level}/{code:path}")
def sheet_page(
    request: Request,
    workspace: WorkspaceDep,
    kind: str,
    level: LevelName,
    code: Code,
    paper: Paper = "a4",
) -> Response:
    """Show a sheet as it is now: what the code on the printed one leads to."""
    district, wanted = _asked(request, workspace, kind, level, code, paper)
    html = sheet_html(district, wanted)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})


def _asked(
    request: Request, workspace: Workspace, kind: str, level: str, code: str, paper: str
) -> tuple[District, SheetRequest]:
    shelf: SheetShelf = request.app.state.sheets
    district = shelf.district(workspace)
    (wanted,) = workspace.sheet_requests(
        district, kind, level, codes=[code], paper=paper, lang=language(request.scope)
    )
    return district, wanted
