"""The page on which those who keep places put an entry right, and its photos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.bodies import kind_of_body
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import FORM_FIELD, form_fields
from api.pages.service_views import place_path, week_shown
from api.photo_views import pictures
from api.place_photos import WORDS
from api.templates import language, localised, page, switch_at
from api.uploads import FORM, Upload, sent_form
from gridmap.access import Action, Actor
from gridmap.errors import BadValue, Conflict, GridmapError, InputError, Stale, StoreBusy
from gridmap.i18n import translate
from gridmap.places.hours import BadHours
from gridmap.places.model import ACCESS_FACTS
from gridmap.places.photos import MOST_PHOTOS, MOST_WORDS
from gridmap.times import to_site
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=needs(Action.PLACE_EDIT))

_NOT_KEPT = {"Cache-Control": "no-store"}
_TEXTS = ("name", "name_en", "address", "address_en", "entrance", "floor", "hours", "hours_text",
          "phone", "booking_phone", "price", "organiser", "source")  # fmt: skip
_LISTS = ("special_services", "special_services_en", "languages")
_ANSWERS = {"yes": True, "no": False, "": None}
# What the form calls its fields, and a place what stands in them.
_LABELS = {
    "name": "editing.name",
    "name_en": "editing.name_en",
    "category": "around.kinds",
    "hours": "around.hours",
    "hours_text": "editing.hours_text",
    "closures": "editing.closures",
    "phone": "editing.phone",
    "booking_phone": "around.booking",
    "address": "around.address",
    "entrance": "editing.entrance",
    "floor": "editing.floor",
    "special_services": "around.offers",
    "languages": "around.languages",
    "price": "around.price",
    "organiser": "around.organiser",
    "wheelchair": "around.wheelchair_yes",
    "home_service": "around.home_service",
    "accessibility": "editing.facts",
    "source": "editing.source",
    "checked_on": "editing.checked_on",
}
_YES_NO = {True: "around.yes", False: "editing.no", None: "around.not_known"}
_PHOTO_DONE = ("added", "worded", "first", "drop")


@dataclass(frozen=True)
class PhotoSent:
    """A form about a photo that was refused: why, what was typed, and of which photo."""

    error: GridmapError | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    picture: str = ""


@router.get("/places/{code:path}/edit")
def edit_form(request: Request, workspace: WorkspaceDep, actor: ActorDep, code: str) -> Response:
    """Show the entry as a form, and what its hours mean this week."""
    place = workspace.place(code, actor=actor)
    return _form(request, workspace, place, _typed(place), done=request.query_params.get("saved"))


@router.post("/places/{code:path}/edit")
async def edit(request: Request, workspace: WorkspaceDep, actor: ActorDep, code: str) -> Response:
    """Take the form; what cannot be taken is shown with what was typed, as is what others did."""
    given = await form_fields(request)
    given.pop(FORM_FIELD, None)
    return await run_in_threadpool(_edited, request, workspace, actor, code, given)


def _edited(
    request: Request, workspace: Workspace, actor: Actor, code: str, given: dict[str, str]
) -> Response:
    place = workspace.place(code, actor=actor)
    try:
        version = given.get("version") or None
        workspace.edit_place(code, _changes(given), version=version, actor=actor)
    except Stale as stale:
        return _form(request, workspace, place, _merged(place, given, stale), stale=stale,
                     status=409)  # fmt: skip
    except InputError as error:
        return _form(request, workspace, place, given, error=error, status=422)
    return _back(request, code, "1")


@router.post("/places/{code:path}/photos")
async def add_photo(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, code: str
) -> Response:
    """Take a photo; what cannot be taken is said beside the form, with what was typed."""
    words: dict[str, str] = {}
    error: GridmapError | None = None
    try:
        sent = await sent_form(request) if kind_of_body(request) == FORM else Upload(None, {})
        words = {name: sent.words[name] for name in WORDS if name in sent.words}
        if sent.raw is None:
            raise BadValue("No photo was chosen.", allowed="JPEG, PNG, WebP")
        await run_in_threadpool(workspace.add_place_photo, code, sent.raw, words, actor=actor)
    except (InputError, Conflict, StoreBusy) as refused:
        error = refused
    if error is None:
        return _back(request, code, "added", "#photos")
    photo = PhotoSent(error, words)
    return await run_in_threadpool(_photo_refused, request, workspace, actor, code, photo)


@router.post("/places/{code:path}/photos/{picture}")
async def change_photo(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, code: str, picture: str
) -> Response:
    """Word a photo, put it first, or remove it."""
    given = await form_fields(request)
    words = {name: given[name] for name in WORDS if name in given}
    do = given.get("do", "save")
    try:
        if do == "drop":
            await run_in_threadpool(workspace.drop_place_photo, code, picture, actor=actor)
        else:
            await run_in_threadpool(
                workspace.word_place_photo, code, picture, words, first=do == "first", actor=actor
            )
    except InputError as refused:
        photo = PhotoSent(refused, words, picture)
        return await run_in_threadpool(_photo_refused, request, workspace, actor, code, photo)
    done = do if do in {"drop", "first"} else "worded"
    return _back(request, code, done, "#photos")


def _back(request: Request, code: str, done: str, spot: str = "") -> RedirectResponse:
    where = f"{_address(code)}/edit?saved={done}{spot}"
    return RedirectResponse(localised(where, request.scope), 303)


def _address(code: str) -> str:
    """Return where a place is kept; its page and its forms lie below."""
    return f"/places/{quote(code, safe='')}"


def _photo_refused(
    request: Request, workspace: Workspace, actor: Actor, code: str, photo: PhotoSent
) -> Response:
    place = workspace.place(code, actor=actor)
    status = 422 if photo.error is None else kind_of(photo.error).status
    return _form(request, workspace, place, _typed(place), photo=photo, status=status)


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
        "version": place["version"],
        "category": place["category"],
        "closures": "\n".join(place["closures"]),
        "checked_on": str(place["checked_on"] or ""),
    }


def _merged(place: Mapping[str, Any], given: Mapping[str, str], stale: Stale) -> dict[str, str]:
    """Return the form anew: what was typed, and what others changed where nothing was."""
    taken = {one["field"]: one["now"] for one in stale.changes if not one["yours"]}
    fresh = _typed({**place, **taken, "version": stale.version})
    kept = {name: text for name, text in given.items() if _field_of(name) not in taken}
    new = {name: text for name, text in fresh.items() if _field_of(name) in taken}
    return {**kept, **new, "version": fresh["version"]}


def _field_of(name: str) -> str:
    return "accessibility" if name.startswith("fact-") else name


def _changed(stale: Stale, categories: Mapping[str, str], lang: str) -> list[dict[str, Any]]:
    """Return what others changed since, for people: the field, what it is now, whose stays."""
    found = [
        {
            "label": translate(_LABELS[one["field"]], lang),
            "now": _in_words(one["field"], one["now"], categories, lang),
            "yours": one["yours"],
        }
        for one in stale.changes
        if one["field"] in _LABELS
    ]
    if len(found) < len(stale.changes):
        found.append({"label": translate("editing.changed_other", lang), "now": "", "yours": False})
    return found


def _in_words(field: str, value: Any, categories: Mapping[str, str], lang: str) -> str:
    if field in {"wheelchair", "home_service"}:
        return translate(_YES_NO[value], lang)
    if field == "category":
        return categories.get(value, value)
    if field == "accessibility":
        value = [ACCESS_FACTS[code][lang == "en"] for code in value]
    text = "、".join(value) if isinstance(value, (list, tuple)) else str(value or "")
    return text or translate("editing.empty", lang)


def _photos(
    workspace: Workspace, place: Mapping[str, Any], sent: PhotoSent, lang: str
) -> dict[str, Any]:
    """Return what the page shows of the place's photos, and of a form that was refused."""
    shown = pictures(place, lang, place["name"])
    for one, known in zip(shown, place["photos"], strict=True):
        one["words"] = {name: known[name] for name in WORDS}
        one["added_at"] = to_site(known["added_at"], workspace.zone)
    refused = sent.error
    error = None if refused is None else plain_refusal(refused, lang, heading_of(refused, lang))
    return {
        "pictures": shown,
        "photo_action": f"{_address(place['code'])}/photos",
        "photo_error": error,
        "photo_typed": sent.words,
        "photo_of": sent.picture,
        "photo_mb": workspace.settings.photo_mb,
        "most_photos": MOST_PHOTOS,
        "most_words": MOST_WORDS,
    }


def _form(
    request: Request,
    workspace: Workspace,
    place: Mapping[str, Any],
    typed: Mapping[str, str],
    *,
    error: InputError | None = None,
    stale: Stale | None = None,
    done: str | None = None,
    photo: PhotoSent | None = None,
    status: int = 200,
) -> Response:
    said = language(request.scope)
    lang = 1 if said == "en" else 0
    known = workspace.categories.categories.values()
    categories = {c.code: c.label_en if lang else c.label for c in known}
    sent = photo or PhotoSent()
    here = f"{_address(place['code'])}/edit"
    body = page(
        "place_edit.html",
        request.scope,
        place=place,
        place_path=place_path(place["code"]),
        action=here,
        switch=switch_at(here, request.scope),
        typed=typed,
        error=None if error is None else plain_refusal(error, said, heading_of(error, said)),
        stale=stale is not None,
        changed=[] if stale is None else _changed(stale, categories, said),
        wrong_hours=isinstance(error, BadHours),
        saved=done == "1",
        **_photos(workspace, place, sent, said),
        photo_done=done if done in _PHOTO_DONE else "",
        week=week_shown(workspace, place["code"]),
        today=to_site(workspace.clock(), workspace.zone).date().isoformat(),
        categories=list(categories.items()),
        facts=[(code, labels[lang]) for code, labels in ACCESS_FACTS.items()],
    )
    return HTMLResponse(body, status, _NOT_KEPT)
