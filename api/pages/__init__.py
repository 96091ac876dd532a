"""Pages for people: the first page, the maps, the interface's description, the problems."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from api import openapi
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.errors import HTTP_PROBLEMS, PROBLEMS
from api.pages.map_home import map_frame
from api.pages.tiles import base_for, policy_for
from api.rendering import answer_json, site_date
from api.templates import language, page
from gridmap.access import Actor
from gridmap.i18n import texts, translate
from gridmap.locate.model import LocationStatus
from gridmap.workspace import MAPS, Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])

# A map takes seconds to draw and is the same for everybody; counts on it may be this old.
MAP_KEPT_S = 60.0


class MapShelf:
    """Drawn maps, drawn once however many ask, kept for a minute while nothing has changed."""

    def __init__(self, *, kept_s: float = MAP_KEPT_S, clock: Callable[[], float] = time.monotonic):
        self._kept_s = kept_s
        self._clock = clock
        self._locks = {kind: threading.Lock() for kind in MAPS}
        self._drawn: dict[str, tuple[object, float, str]] = {}

    def get(self, kind: str, state: object, draw: Callable[[], str]) -> str:
        """Return the map, drawing it when it is not there, old, or of another state."""
        with self._locks[kind]:
            found = self._drawn.get(kind)
            if found is None or found[0] != state or self._clock() - found[1] >= self._kept_s:
                found = (state, self._clock(), draw())
                self._drawn[kind] = found
            return found[2]


@router.get("/")
def index(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Show what is in force, a form to locate a place, and the way to everything else.

    Staff see the one map above that.
    """
    return _index(request, workspace, actor=actor)


@router.get("/maps/{kind}")
def shown_map(request: Request, workspace: WorkspaceDep, kind: str) -> Response:
    """Show a map of the edition in force, as the public may see it, whoever asks."""
    if kind not in MAPS:
        raise HTTPException(404)
    if workspace.edition_at() is None:
        # The first page says what is missing and how to put an edition in force.
        return _index(request, workspace, status=404)
    shelf: MapShelf = request.app.state.maps
    html = shelf.get(kind, workspace.map_state(), lambda: _draw(kind, workspace))
    policy = policy_for(base_for(request, Actor.resident()))
    return HTMLResponse(html, headers={"Cache-Control": "no-cache", **policy})


@router.get("/problems")
def problems_page(request: Request) -> Response:
    """List the kinds of problem bodies, to which their `type` refers."""
    kinds = {kind.name: kind for kind in (*HTTP_PROBLEMS.values(), *PROBLEMS.values())}
    ordered = sorted(kinds.values(), key=lambda kind: (kind.status, kind.name))
    return HTMLResponse(page("problems.html", request.scope, kinds=ordered))


@router.get("/docs")
def docs(request: Request) -> Response:
    """Show the interface's description with the vendored Swagger UI."""
    return HTMLResponse(page("docs.html", request.scope))


@router.get("/openapi.json")
def openapi_document(request: Request, workspace: WorkspaceDep) -> Response:
    """Return the OpenAPI document, naming this store's levels."""
    names = workspace.levels().names
    books = workspace.books.by_name
    items = list(dict.fromkeys(code for one in books.values() for code in one.catalogue.codes))
    return answer_json(openapi.build(request.app, names, items, list(books)))


def _index(
    request: Request, workspace: Workspace, *, status: int = 200, actor: Actor | None = None
) -> Response:
    lang = language(request.scope)
    staff = actor is not None and actor.is_staff
    policy: dict[str, str] = {}
    current = workspace.edition_at()
    shown: dict[str, Any] = {"edition": None, "levels": [], "demo": workspace.store.is_demo()}
    shown["staff"] = staff
    shown["onemap"] = None
    if current is not None and actor is not None and staff:
        base = base_for(request, actor)
        policy = policy_for(base)
        shown["onemap"] = map_frame(lang, workspace, base)
    if current is not None:
        shown["edition"] = {
            "name": current.name,
            "since": site_date(current.effective_from, workspace.zone),
            "until": site_date(current.effective_to, workspace.zone),
        }
        shown["levels"] = _levels(workspace, lang)
    labels = {level["name"]: level["label"] for level in shown["levels"]}
    body = page("index.html", request.scope, texts=_script_texts(lang, labels), **shown)
    return HTMLResponse(body, status, {"Cache-Control": "no-store", **policy})


def _draw(kind: str, workspace: Workspace) -> str:
    return workspace.map_document(kind, mode="served", actor=Actor.resident()).html()


def _levels(workspace: Workspace, lang: str) -> list[dict[str, Any]]:
    coverage = workspace.coverage_at()
    return [
        {
            "name": level.name,
            "label": level.label_en if lang == "en" else level.label,
            "count": len(coverage.rows(level.name)),
        }
        for level in coverage.levels
    ]


def _script_texts(lang: str, levels: dict[str, str]) -> dict[str, Any]:
    prefix = "page.answer."
    own = {key.removeprefix(prefix): text for key, text in texts(lang, prefix).items()}
    status = {s.value: translate(f"page.status.{s.value}", lang) for s in LocationStatus}
    no_answer = translate("page.no_answer", lang)
    return {"lang": lang, "levels": levels, "status": status, "no_answer": no_answer, **own}
