"""Pages of the board of ownership reviews, for staff: the list, and one review with its form."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.pages.orders import page_at
from api.templates import language, page
from gridmap.access import Action
from gridmap.i18n import texts, translate
from gridmap.times import to_site

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_ON_A_PAGE = 60
_NOT_KEPT = {"Cache-Control": "no-store"}


@router.get("/reviews", dependencies=needs(Action.REVIEW_SEE))
def board(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    state: Annotated[Literal["open", "ruled"], Query()] = "open",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
) -> Response:
    """List what waits for the board, and what it settled."""
    lang = language(request.scope)

    def find(offset: int, of: str = state) -> tuple[int, list[dict[str, Any]]]:
        return workspace.reviews(state=of, limit=_ON_A_PAGE, offset=offset, lang=lang, actor=actor)

    total, offset, found = page_at(find, offset, _ON_A_PAGE)
    other = "ruled" if state == "open" else "open"
    totals = {state: total, other: find(0, other)[0]}
    body = page(
        "reviews.html",
        request.scope,
        staff=True,
        state=state,
        totals=totals,
        reviews=found,
        more=offset + len(found) < totals[state],
        next_offset=offset + _ON_A_PAGE,
        site_lang=workspace.settings.language,
    )
    return HTMLResponse(body, headers=_NOT_KEPT)


@router.get("/reviews/{number}", dependencies=needs(Action.REVIEW_SEE))
def one_review(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: Annotated[int, Path(ge=1, lt=2**53)],
) -> Response:
    """Show one review: its place, its reports, and the ruling or the form for one."""
    lang = language(request.scope)
    review = workspace.review(number, lang=lang, actor=actor)
    ruled = review["ruling"] is not None
    body = page(
        "review.html",
        request.scope,
        staff=True,
        review=review,
        drawing=workspace.review_sketch(number, lang=lang, actor=actor),
        owners=[] if ruled else workspace.possible_owners(number, lang=lang, actor=actor),
        overlays=[] if ruled else workspace.overlays_at(number, lang=lang, actor=actor),
        today=to_site(workspace.clock(), workspace.zone).date().isoformat(),
        texts=_script_texts(lang),
    )
    return HTMLResponse(body, headers=_NOT_KEPT)


def _script_texts(lang: str) -> dict[str, str]:
    found = {"no_answer": translate("page.no_answer", lang)}
    for prefix in ("page.reviews.said.", "page.problem."):
        found |= {key.removeprefix(prefix): text for key, text in texts(lang, prefix).items()}
    return found
