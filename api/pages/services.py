"""The residents' page: what is near, open now, whom to call; one page a place; offline too.

Everything is rendered here, so that it works as plain HTML; the script only spares reloads,
draws the map and asks the device where it is. The pages are the same for everybody.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from shapely import Point
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import PUBLIC, WorkspaceDep
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import client_address, form_fields
from api.pages import service_views as views
from api.pages.service_views import RESIDENT, Asked
from api.pages.tiles import base_for, policy_for
from api.photo_views import pictures
from api.places import opening_shown
from api.rendering import answer_unchanging
from api.templates import STATIC, language, localised, page
from gridmap import __version__
from gridmap.errors import GridmapError, InputError, NotFound, TooManyAttempts
from gridmap.i18n import texts
from gridmap.places.navigation import navigation_links
from gridmap.workspace import Workspace
from gridmap.workspace.serving import Origin
from gridmap.workspace.tending import WRONG_KINDS

__all__ = ["router"]

router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])

_WITHIN = (5, 10, 15, 30)
# The worker may fetch what the pages may; the policy of data would forbid it everything.
_WORKER_POLICY = "default-src 'self'; frame-ancestors 'none'"


@dataclass(frozen=True, slots=True)
class _Wrong:
    """The form "this entry is wrong" as it was sent, and why it was refused."""

    kind: str = ""
    remark: str = ""
    error: GridmapError | None = None


@router.get("/services")
def services(request: Request, workspace: WorkspaceDep) -> Response:
    """List what fits, the nearest first."""
    asked = Asked.of(request)
    problem, status = "", 200
    origin: Origin | None = None
    found: list[dict[str, Any]] = []
    meant: list[dict[str, str]] = []
    try:
        origin, found = views.find(workspace, asked)
    except NotFound:
        meant = views.estates_meant(workspace, asked.value("estate"), asked.lang)
        # A question is no error.
        problem, status = ("several", 200) if meant else ("estate", 404)
    except InputError:
        problem, status = "query", 422
    pins = views.pins_of(workspace)
    base = base_for(request, RESIDENT)
    body = page(
        "services.html",
        request.scope,
        **views.frame(workspace, asked),
        answers=_answers(request),
        problem=problem,
        meant=meant,
        origin=origin,
        method="network" if any(p["method"] == "network" for p in found) else "straight",
        total=len(found),
        open_count=sum(1 for one in found if one["open"]["state"] == "open"),
        places=[views.card(one, asked, pins) for one in found[: asked.shown]],
        pins=views.drawn(found, pins, asked.lang),
        map_frame=views.map_frame(workspace, origin, base),
        base=base,
        groups=views.groups(asked, workspace.categories.seen_by(views.RESIDENT)),
        estates=views.estate_names(workspace, asked.lang),
        within=_WITHIN,
        grid=None if origin is None else views.my_grid(workspace, origin, asked.lang),
        items=views.items(workspace, origin, asked),
        report_path=views.report_path(workspace, origin, asked.lang),
        texts=views.script_texts(asked.lang),
    )
    return HTMLResponse(body, status, {"Cache-Control": "no-cache", **policy_for(base)})


@router.get("/services/ground.json")
def ground(request: Request, workspace: WorkspaceDep) -> Response:
    """Return what the map is drawn upon, light enough for a phone."""
    content = {"type": "FeatureCollection", "features": workspace.light_ground()}
    return answer_unchanging(request, workspace, content, max_age_s=3600)


@router.get("/services/manifest.webmanifest")
def manifest(request: Request, workspace: WorkspaceDep) -> Response:
    """Say how the page is installed on a phone."""
    said = texts(language(request.scope), "around.title")
    content = {
        "name": said["around.title"],
        "short_name": said["around.title"],
        "lang": "en" if language(request.scope) == "en" else "zh-CN",
        "start_url": localised("/services", request.scope),
        "scope": "/services",
        "display": "standalone",
        "background_color": "#f6f8f8",
        "theme_color": "#0b5563",
        "icons": [
            {
                "src": f"/static/services-{size}.png",
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": "any maskable",
            }
            for size in (192, 512)
        ],
    }
    return answer_unchanging(
        request, workspace, content, media_type="application/manifest+json", max_age_s=3600
    )


@router.get("/sw.js")
def worker() -> Response:
    """Return the script that keeps the page usable without a connection."""
    script = (STATIC / "services-worker.js").read_text(encoding="utf-8")
    return Response(
        script.replace("__VERSION__", __version__),
        media_type="text/javascript",
        headers={"Content-Security-Policy": _WORKER_POLICY, "Cache-Control": "no-cache"},
    )


@router.get("/services/{code:path}/wrong")
def at_wrong(request: Request, code: str) -> Response:
    """Lead from where a form that was refused is shown to the place."""
    return RedirectResponse(Asked.of(request).link(views.place_path(code)) + "#wrong", 303)


@router.get("/services/{code:path}")
def one_place(request: Request, workspace: WorkspaceDep, code: str) -> Response:
    """Show all of one place: hours of the week, ways to call it and to get there."""
    asked = Asked.of(request)
    told = request.query_params.get("told") == "thanks"
    return HTMLResponse(
        _place_page(request, workspace, code, asked, told=told),
        headers={"Cache-Control": "no-cache"},
    )


@router.post("/services/{code:path}/wrong")
async def tell_wrong(request: Request, workspace: WorkspaceDep, code: str) -> Response:
    """Take the form "this entry is wrong", and come back to the place.

    What is refused is shown with what was typed.
    """
    asked = Asked.of(request)
    given = await form_fields(request)
    # Browsers end lines as letters do, of two characters; the form counts them as one.
    wrong = _Wrong(given.get("kind", ""), given.get("remark", "").replace("\r\n", "\n"))
    try:
        await run_in_threadpool(
            workspace.tell_wrong,
            code,
            wrong.kind,
            remark=wrong.remark,
            address=client_address(request),
            actor=RESIDENT,
        )
    except (InputError, TooManyAttempts) as error:
        wrong = replace(wrong, error=error)
        body = await run_in_threadpool(_place_page, request, workspace, code, asked, wrong=wrong)
        headers = {"Cache-Control": "no-store"}
        if isinstance(error, TooManyAttempts):
            headers["Retry-After"] = str(error.wait_s)
        return HTMLResponse(body, kind_of(error).status, headers)
    return RedirectResponse(asked.link(views.place_path(code), told="thanks") + "#wrong", 303)


def _in_words(error: GridmapError, lang: str) -> dict[str, Any]:
    return plain_refusal(error, lang, heading_of(error, lang))


def _answers(request: Request) -> str:
    """Return the address that a page answers, for its script.

    Without a connection a page that was kept may stand in for another.
    """
    # As it was asked: a code may hold a slash or a question mark, which the path has in the clear.
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    path, query = raw.decode("latin-1"), request.url.query
    return f"{path}?{query}" if query else path


def _place_page(
    request: Request,
    workspace: Workspace,
    code: str,
    asked: Asked,
    *,
    told: bool = False,
    wrong: _Wrong | None = None,
) -> str:
    origin = views.origin_or_none(workspace, asked)
    record = workspace.place(code, origin=origin, actor=RESIDENT)
    record["open"] = opening_shown(record["open"], workspace, asked.lang)
    lang = asked.lang
    return page(
        "service.html",
        request.scope,
        **views.frame(workspace, asked),
        answers=_answers(request),
        place=record,
        card=views.card(record, asked, views.pins_of(workspace)),
        pictures=pictures(record, lang, views.named(record, "name", lang)),
        services=views.named(record, "special_services", lang),
        booking_tel=views.dialled(record["booking_phone"]),
        access=views.access(record, lang),
        week=views.week_shown(workspace, code),
        links=navigation_links(record["lon"], record["lat"], record["name"]),
        report_path=views.report_path(
            workspace, Origin("point", Point(record["lon"], record["lat"])), lang
        ),
        kinds=WRONG_KINDS,
        told=told,
        wrong=wrong or _Wrong(),
        refused=wrong and wrong.error and _in_words(wrong.error, lang),
        texts=views.script_texts(lang),
        back=asked.link(),
        request_path=views.place_path(code),
        wrong_href=asked.link(f"{views.place_path(code)}/wrong"),
    )
