"""The list of work orders, for staff: narrowed, sorted by what is due, page by page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.error_words import plain_refusal
from api.errors import kind_of
from api.pages.order_words import SOON_H, due_words
from api.templates import language, localised, page
from gridmap.access import Action, Actor
from gridmap.cases.states import CLOSED, State
from gridmap.errors import BadValue, InputError
from gridmap.i18n import translate
from gridmap.workspace import Workspace

__all__ = ["ON_A_PAGE", "item_options", "offset_of", "page_at", "router"]

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 40
_NOT_KEPT = {"Cache-Control": "no-store"}

_SHOWN = {"open": True, "closed": False, "all": None}
_DUE: Mapping[str, dict[str, Any]] = {
    "": {},
    "overdue": {"overdue": True},
    "soon": {"due_within_h": SOON_H},
}
_SORTS: Mapping[str, Literal["newest", "due"]] = {"due": "due", "newest": "newest"}
_WORDS = ("department", "item", "area")
# Levels whose areas are few enough to choose from a list.
_LISTED = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks the list for; `said` is what differs from the plain list."""

    said: Mapping[str, str]
    offset: int

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Return what a query asks for; `BadValue` for what no list can be narrowed by."""
        known = {"show": "open", "sort": "due"}
        said = {
            name: value.strip()[:200]
            for name in ("show", "state", "due", "mine", "sort", *_WORDS)
            if (value := query.get(name, "")).strip() and value != known.get(name)
        }
        return cls(said, offset_of(query.get("offset", "0")))

    def filters(self) -> dict[str, Any]:
        """Return them as the workspace takes them."""
        found: dict[str, Any] = {name: self.said[name] for name in _WORDS if name in self.said}
        state = _one_of("state", self.said.get("state", ""), {"": None, **_STATES})
        found["state"] = None if state is None else state.value
        if state is None:
            found["open"] = _one_of("show", self.said.get("show", "open"), _SHOWN)
        found |= _one_of("due", self.said.get("due", ""), _DUE)
        found["mine"] = _one_of("mine", self.said.get("mine", ""), {"": None, "1": True})
        return found

    def sort(self) -> Literal["newest", "due"]:
        """Return what comes first."""
        found: Literal["newest", "due"] = _one_of("sort", self.said.get("sort", "due"), _SORTS)
        return found


def offset_of(text: str) -> int:
    """Return how many come before a page; `BadValue` for what is no such number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadValue("This is no place in a list.", got=text[:40], allowed="0, 1, 2 ...")
    return int(text)


_Row = TypeVar("_Row")


def page_at(
    find: Callable[[int], tuple[int, Sequence[_Row]]], offset: int, on_a_page: int
) -> tuple[int, int, Sequence[_Row]]:
    """Return how many there are, where the page begins, and what stands on it.

    What a list held may have gone since its address was made: beyond the end its last page is
    shown, for an empty one would say that there is nothing.

    Parameters
    ----------
    find : callable
        Returns how many there are, and those from an offset on.
    """
    total, rows = find(offset)
    if offset and total and not rows:
        offset = (total - 1) // on_a_page * on_a_page
        total, rows = find(offset)
    return total, offset, rows


_STATES = {state.value: state for state in State}


def _one_of(name: str, value: str, known: Mapping[str, Any]) -> Any:
    if value not in known:
        allowed = [one for one in known if one]
        raise BadValue(f"Orders cannot be narrowed by this '{name}'.", got=value, allowed=allowed)
    return known[value]


@router.get("/orders", dependencies=needs(Action.ORDER_LIST))
def listed(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Show the orders within reach; what cannot be asked for is said above an empty list."""
    lang = language(request.scope)
    shown: dict[str, Any] = {"total": 0, "orders": [], "states": {}, "error": None, "offset": 0}
    asked, status = Asked({}, 0), 200
    try:
        asked = Asked.of(request.query_params)
        shown |= _found(workspace, actor, asked, lang)
    except InputError as error:
        shown["error"] = plain_refusal(error, lang, translate("page.orders.refused", lang))
        status = kind_of(error).status
    done = request.query_params.get("done", "")
    body = page(
        "orders.html",
        request.scope,
        **shown,
        done=done if done.isdigit() and len(done) < 16 else "",
        said=asked.said,
        link=lambda **changed: _link(request, asked, changed),
        shows=list(_SHOWN),
        closed_states={state.value for state in CLOSED},
        on_a_page=ON_A_PAGE,
        soon_h=SOON_H,
        departments=_departments(workspace, lang, asked.said.get("department")),
        areas=_areas(workspace, lang, asked.said.get("area")),
        items=_items(workspace, lang, asked.said.get("item")),
        site_lang=workspace.settings.language,
    )
    return HTMLResponse(body, status, _NOT_KEPT)


def _found(workspace: Workspace, actor: Actor, asked: Asked, lang: str) -> dict[str, Any]:
    filters, now = asked.filters(), workspace.clock()

    def find(offset: int) -> tuple[int, list[dict[str, Any]]]:
        return workspace.order_rows(
            limit=ON_A_PAGE, offset=offset, sort=asked.sort(), lang=lang, actor=actor, **filters
        )

    total, offset, rows = page_at(find, asked.offset, ON_A_PAGE)
    every = {name: value for name, value in filters.items() if name not in {"state", "open"}}
    states = workspace.orders_by_state(actor=actor, **every)
    return {
        "total": total,
        "offset": offset,
        "orders": [row | {"due": due_words(row, now, lang)} for row in rows],
        "states": {state.value: states[state.value] for state in State if state.value in states},
    }


def _link(request: Request, asked: Asked, changed: Mapping[str, Any]) -> str:
    """Return the address of the list with some things asked for otherwise; from its beginning."""
    wanted = {**asked.said, **{name: str(value) for name, value in changed.items()}}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return localised(f"/orders?{query}" if query else "/orders", request.scope)


def item_options(workspace: Workspace, lang: str, catalogue: str) -> list[tuple[str, str]]:
    """Return code and name of every item of a catalogue; none when it is gone."""
    book = workspace.books.by_name.get(catalogue)
    if book is None:
        return []
    return [
        (one.code, f"{one.code} {one.name_en if lang == 'en' and one.name_en else one.name}")
        for one in book.catalogue
    ]


def _items(workspace: Workspace, lang: str, asked: str | None) -> list[tuple[str, str]]:
    """Return the items of all catalogues, those of further ones with the catalogue's name."""
    found: list[tuple[str, str]] = []
    for name, book in workspace.books.by_name.items():
        options = item_options(workspace, lang, name)
        if not book.of_site:
            options = [(f"{name}:{code}", f"{name} · {label}") for code, label in options]
        found += options
    return found if asked is None or asked in dict(found) else [*found, (asked, asked)]


def _departments(workspace: Workspace, lang: str, asked: str | None) -> list[tuple[str, str]]:
    known = workspace.book.departments.values()
    found = [
        (one.code, one.name_en if lang == "en" and one.name_en else one.name)
        for one in known
        if not one.by_place
    ]
    return found if asked is None or asked in dict(found) else [*found, (asked, asked)]


def _areas(workspace: Workspace, lang: str, asked: str | None) -> list[tuple[str, str]]:
    """Return the areas of the coarse levels, as ``LEVEL:CODE`` with the name."""
    found: list[tuple[str, str]] = []
    if workspace.edition_at() is not None:
        coverage = workspace.coverage_at()
        for level in coverage.levels:
            rows = coverage.rows(level.name)
            if len(rows) > _LISTED:
                break
            for row in rows[~coverage.hidden[rows]]:
                name = coverage.name[row] or coverage.code[row]
                name = (coverage.name_en[row] or name) if lang == "en" else name
                label = level.label_en if lang == "en" else level.label
                found.append((f"{level.name}:{coverage.code[row]}", f"{label} · {name}"))
    return found if asked is None or asked in dict(found) else [*found, (asked, asked)]
