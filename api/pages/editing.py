"""The page on which those who keep places put an entry right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.identity import FORM_FIELD, form_fields
from api.pages.service_views import week_shown
from api.templates import language, page
from gridmap.access import Action, Actor
from gridmap.errors import BadValue, InputError
from gridmap.places.hours import BadHours
from gridmap.places.model import ACCESS_FACTS
from gridmap.times import to_site
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=needs(Action.PLACE_EDIT))

_NOT_KEPT = {"Cache-Control": "no-store"}
_TEXTS = ("name", "name_en", "address", "address_en", "entrance", "floor", "hours", "hours_text",
          "phone", "booking_phone", "price", "organiser", "source")  # fmt: skip
_LISTS = ("special_services", "special_services_en", "languages")
_ANSWERS = {"yes": True, "no": False, "": None}


@router.get("/places/{code}/edit")
def edit_form(request: Request, workspace: WorkspaceDep, actor: ActorDep, code: str) -> Response:
    """Show the entry as a form, and what its hours mean this week."""
    place = workspace.place(code, actor=actor)
    saved = request.query_params.get("saved") == "1"
    return _form(request, workspace, place, _typed(place), saved=saved)


@router.post("/places/{code}/edit")
async def edit(request: Request, workspace: WorkspaceDep, actor: ActorDep, code: str) -> Response:
    """Take the form; what cannot be taken is shown with what was typed."""
    given = await form_fields(request)
    given.pop(FORM_FIELD, None)
    return await run_in_threadpool(_edited, request, workspace, actor, code, given)


def _edited(
    request: Request, workspace: Workspace, actor: Actor, code: str, given: dict[str, str]
) -> Response:
    place = workspace.place(code, actor=actor)
    try:
        workspace.edit_place(code, _changes(given), actor=actor)
    except InputError as error:
        return _form(request, workspace, place, given, error=error, status=422)
    lang = language(request.scope)
    more = "" if lang == workspace.settings.language else f"&lang={lang}"
    return RedirectResponse(f"/places/{code}/edit?saved=1{more}", 303)


def _changes(given: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of the form as a place has them."""
    found: dict[str, Any] = {name: given[name].strip() for name in _TEXTS if name in given}
    for name in _LISTS:
        if name in given:
            parts = given[name].replace(",", "、").replace("，", "、").split("、")
            found[name] = [part.strip() for part in parts if part.strip()]
    if "closures" in given:
        lines = [line.strip() for line in given["closures"].splitlines()]
        found["closures"] = [line for line in lines if line]
    if "category" in given:
        found["category"] = given["category"]
    for name in ("wheelchair", "home_service"):
        if name in given:
            found[name] = _ANSWERS.get(given[name])
    facts = [code for code in ACCESS_FACTS if given.get(f"fact-{code}") == "1"]
    if any(name.startswith("fact-") for name in given) or "wheelchair" in given:
        found["accessibility"] = facts
    if given.get("checked_on"):
        found["checked_on"] = _day(given["checked_on"])
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadValue("This is not a date.", got=text[:20], allowed="2026-03-01") from error


def _typed(place: Mapping[str, Any]) -> dict[str, str]:
    """Return a place as the form has it."""
    found = {name: place[name] for name in _TEXTS}
    found |= {name: "、".join(place[name]) for name in _LISTS}
    found |= {f"fact-{code}": "1" for code in place["accessibility"]}
    for name in ("wheelchair", "home_service"):
        found[name] = {True: "yes", False: "no", None: ""}[place[name]]
    return found | {
        "category": place["category"],
        "closures": "\n".join(place["closures"]),
        "checked_on": str(place["checked_on"] or ""),
    }


def _form(
    request: Request,
    workspace: Workspace,
    place: Mapping[str, Any],
    typed: Mapping[str, str],
    *,
    error: InputError | None = None,
    saved: bool = False,
    status: int = 200,
) -> Response:
    lang = 1 if language(request.scope) == "en" else 0
    body = page(
        "place_edit.html",
        request.scope,
        place=place,
        typed=typed,
        error=None if error is None else str(error),
        wrong_hours=isinstance(error, BadHours),
        saved=saved,
        week=week_shown(workspace, place["code"]),
        today=to_site(workspace.clock(), workspace.zone).date().isoformat(),
        categories=[
            (c.code, c.label_en if lang else c.label)
            for c in workspace.categories.categories.values()
        ],
        facts=[(code, labels[lang]) for code, labels in ACCESS_FACTS.items()],
    )
    return HTMLResponse(body, status, _NOT_KEPT)
