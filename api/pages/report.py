"""The page on which a report is sent: what, where, what was seen, photos, and who says so.

A plain form that works without a script; the script finds the place on a map and narrows the
list of items. Who takes calls for others sees before sending where a report would go.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.bodies import MOST_BODY_BYTES
from api.coordsys import known_system
from api.dependencies import ActorDep, IdentityDep, WorkspaceDep, needs
from api.duetimes import DueTimes
from api.error_words import plain_refusal
from api.errors import CHALLENGE, heading_of, kind_of
from api.identity import Identity, form_fields, is_secure
from api.pages.mine import followed, shown_own
from api.pages.order import SUBMITTED, Pictures, Sent, shown_order
from api.pages.photo_forms import SentPhotos, keep_photos, photo_limits, sent_photos
from api.pages.report_given import FIELDS, ON_PAGE, field_of, given_report
from api.pages.report_words import item_groups, preview_words, script_texts
from api.pages.service_views import RESIDENT, estate_names, estates_meant, map_frame
from api.pages.tiles import base_for, policy_for
from api.templates import language, localised, page, switch_at
from gridmap.access import Action, Actor, Role, may, require_may
from gridmap.errors import (
    Conflict,
    GridmapError,
    InputError,
    NotAllowed,
    NotFound,
    NotSignedIn,
)
from gridmap.secrets import hash_token, new_token
from gridmap.workspace import ReportSource, Workspace
from gridmap.workspace.photographing import MOST_BY_SENDER
from gridmap.workspace.previewing import Preview
from gridmap.workspace.serving import Origin
from gridmap.workspace.submission import MAX_TEXT

__all__ = ["router"]

log = logging.getLogger("gridmap.api")

router = APIRouter(include_in_schema=False, dependencies=needs(Action.REPORT_SUBMIT))

_NOT_KEPT = {"Cache-Control": "no-store"}
# What an address may fill in.
_PREFILLED = ("item", "lon", "lat", "estate")
_KEY = re.compile(r"[!-~]{8,128}")
# Tells the form, should the browser bring it back as it was left, that its report was taken.
_TAKEN_COOKIE = "gridmap_taken"
_TAKEN_SECONDS = 86_400
# Who walks about has seen it; the others write down what they are told.
_WALKING = frozenset({Role.GRID_WORKER, Role.GRID_LEAD})


@dataclass(frozen=True, slots=True)
class _Filled:
    """The form as it is shown.

    Attributes
    ----------
    key : str
        Idempotency key: however often the form is sent, it is one report.
    refused : dict
        Errors by field; what is about none stands under the empty name.
    lost : int
        Photos that came with the form and have to be chosen again.
    staff : bool
        It is the form of who records, also where whoever sent it may not.
    """

    key: str
    typed: Mapping[str, str]
    refused: Mapping[str, GridmapError] = field(default_factory=dict)
    preview: Preview | None = None
    lost: int = 0
    staff: bool = False

    @property
    def status(self) -> int:
        """Return the status of the page."""
        return max((kind_of(error).status for error in self.refused.values()), default=200)


@router.get("/report")
def blank(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Show the form, filled in with what the address says."""
    query = request.query_params
    said = {name: query.get(name, "").strip()[:200] for name in _PREFILLED}
    typed = {name: "".join(c for c in text if c.isprintable()) for name, text in said.items()}
    return _form(request, workspace, actor, _Filled(new_token(), typed))


@router.post("/report")
async def send(request: Request, workspace: WorkspaceDep, identity: IdentityDep) -> Response:
    """Take a report, and go to where it is followed; what is refused is shown with the form."""
    sent, photos = await form_fields(request), await sent_photos(request)
    return await run_in_threadpool(_sent, request, workspace, identity, sent, photos)


def _sent(
    request: Request,
    workspace: Workspace,
    identity: Identity,
    sent: Mapping[str, str],
    photos: SentPhotos,
) -> Response:
    actor, lang = identity.actor, language(request.scope)
    preview = sent.get("do") == "preview"
    # What is sent as a record never goes through as a report of whoever sends it.
    recording = may(actor, Action.REPORT_RECORD)
    recorded = recording or preview or sent.get("as") == "staff"
    given = given_report(workspace, sent, recording=recorded)
    key = sent.get("key", "")
    if not _KEY.fullmatch(key):
        key = new_token()
    filled = _Filled(key, given.typed, given.refused, lost=len(photos.files), staff=recorded)
    if recorded and not recording:
        return _may_not_record(request, workspace, identity, filled)
    if given.refused:
        return _form(request, workspace, actor, filled)
    try:
        if preview:
            seen = workspace.preview_report(given.body, lang=lang, actor=actor)
            return _form(request, workspace, actor, replace(filled, preview=seen))
        record, _ = workspace.submit_report(given.body, key=key, lang=lang, actor=actor)
    except GridmapError as error:
        return _refused(request, workspace, actor, filled, error)
    answer = _taken(request, workspace, actor, record, key, photos)
    answer.set_cookie(
        _TAKEN_COOKIE,
        _mark(key),
        max_age=_TAKEN_SECONDS,
        path="/report",
        secure=is_secure(request),
        samesite="strict",
    )
    due_times: DueTimes = request.app.state.due_times
    answer.background = due_times.task(workspace)
    return answer


def _mark(key: str) -> str:
    """Return what stands for the key of a form; nothing can be followed by it."""
    return hash_token(key)[:16]


def _may_not_record(
    request: Request, workspace: Workspace, identity: Identity, filled: _Filled
) -> Response:
    """Return the form of who records to who may not, as to staff whose session has ended."""
    try:
        if identity.via == "nobody":
            raise NotSignedIn(
                "You are not signed in any more: nothing was recorded.",
                repair="Sign in again in another window and record it there: "
                "what you typed still stands here.",
            )
        require_may(identity.actor, Action.REPORT_RECORD)
    except NotAllowed as error:
        filled = replace(filled, refused={"": error})
    answer = _form(request, workspace, identity.actor, filled)
    if answer.status_code == 401:
        answer.headers["WWW-Authenticate"] = CHALLENGE
    return answer


def _refused(
    request: Request,
    workspace: Workspace,
    actor: Actor,
    filled: _Filled,
    error: GridmapError,
) -> Response:
    """Return the form with what the workspace refused: nothing that was typed is lost."""
    if kind_of(error).status >= 500:
        log.error("a report could not be taken: %s", error, exc_info=error)
    key = filled.key
    if isinstance(error, Conflict):
        key = new_token()
        error = Conflict(
            "The form was sent before, and says something else now.",
            repair="Sent once more it is another report; the first one is followed by its receipt.",
        )
    again = replace(filled, key=key, refused={field_of(error): error})
    return _form(request, workspace, actor, again)


def _taken(
    request: Request,
    workspace: Workspace,
    actor: Actor,
    record: Mapping[str, Any],
    key: str,
    photos: SentPhotos,
) -> Response:
    """Keep the photos of a report that is stored, and show it, whatever becomes of them."""
    number, receipt = int(record["id"]), record["receipt"]
    by_staff = _handles(workspace, number, actor)
    if not by_staff and actor.account is None and receipt is None:
        # Sent again when nobody may follow it any more.
        return RedirectResponse(localised("/receipt", request.scope), 303, _NOT_KEPT)
    follow = None if by_staff else followed(number, actor, receipt or "")
    who = actor if follow is None else follow.actor
    kept, refused, status = 0, list[dict[str, Any]](), 303
    if photos.files:
        kept, refused, status = keep_photos(
            photos,
            lambda raw: workspace.add_photo(number, raw, key=key, actor=who),
            language(request.scope),
        )
    where = f"{follow.path}?taken=1" if follow else f"/orders/{number}?done={SUBMITTED}"
    if kept:
        where += f"&photos={kept}"
    if refused:
        try:
            if follow is not None:
                return shown_own(
                    request,
                    workspace,
                    follow,
                    taken=True,
                    kept=kept,
                    refused=refused,
                    status=status,
                )
            pictures = Pictures(kept, refused, photos.kind)
            said = Sent(SUBMITTED)
            return shown_order(
                request, workspace, actor, number, said, pictures=pictures, status=status
            )
        except GridmapError as error:
            # The address of its page holds the receipt: better than a page that cannot be shown.
            log.error("a report that was taken could not be shown: %s", error, exc_info=error)
    return RedirectResponse(localised(where, request.scope), 303, _NOT_KEPT)


def _handles(workspace: Workspace, number: int, actor: Actor) -> bool:
    """True for who records reports and has this one within reach."""
    if not may(actor, Action.REPORT_RECORD):
        return False
    try:
        workspace.order(number, actor=actor)
    except NotAllowed:
        return False
    except GridmapError as error:
        # The report is stored: the page of its sender, which has the receipt, can still be had.
        log.error("the order of a report that was taken: %s", error, exc_info=error)
        return False
    return True


def _form(request: Request, workspace: Workspace, actor: Actor, filled: _Filled) -> Response:
    lang = language(request.scope)
    recording = filled.staff or may(actor, Action.REPORT_RECORD)
    begun = {"coord_sys": "wgs84", "source": _source(actor).value}
    blank_form = dict.fromkeys((*FIELDS, "source", "received_at"), "")
    typed = {**blank_form, **begun, **filled.typed}
    origin, base = _origin(workspace, typed), base_for(request, RESIDENT)
    frame = map_frame(workspace, origin, base)
    posted = request.method == "POST"
    body = page(
        "report.html",
        request.scope,
        key=filled.key,
        mark=_mark(filled.key),
        typed=typed,
        wrongs={
            name: plain_refusal(filled.refused[name], lang, heading_of(filled.refused[name], lang))
            for name in sorted(filled.refused, key=ON_PAGE.index)
        },
        lost=filled.lost,
        groups=item_groups(workspace, lang, typed["item"], every=recording),
        estates=estate_names(workspace, lang),
        meant=[] if origin else estates_meant(workspace, typed["estate"], lang),
        no_edition=workspace.edition_at() is None,
        map_frame=frame | {"pinned": origin is not None and origin.kind == "point"},
        base=base,
        review_no=workspace.settings.map_review_no,
        recording=recording,
        sources=[one.value for one in ReportSource],
        preview=filled.preview and preview_words(filled.preview, workspace.clock(), lang),
        limits=photo_limits(workspace.settings, lang),
        most_photos=MOST_BY_SENDER,
        most_bytes=MOST_BODY_BYTES,
        most_text=MAX_TEXT,
        texts=script_texts(lang),
        **({"switch": switch_at("/report", request.scope)} if posted else {}),
    )
    return HTMLResponse(body, filled.status, {**_NOT_KEPT, **policy_for(base)})


def _source(actor: Actor) -> ReportSource:
    """Return the way on which reports that somebody records come in, as a rule."""
    walks = bool(actor.roles) and actor.roles <= _WALKING
    return ReportSource.GRID_WORKER if walks else ReportSource.HOTLINE


def _origin(workspace: Workspace, typed: Mapping[str, str]) -> Origin | None:
    """Return where the map begins; none where that cannot be read."""
    near = f"{typed['lon']},{typed['lat']}" if typed["lon"] or typed["lat"] else ""
    try:
        system = known_system(typed["coord_sys"] or "wgs84")
        return workspace.origin(near=near, estate=typed["estate"], coord_sys=system)
    except (InputError, NotFound):
        return None
