"""The application: ``create_app`` puts routes, errors and what surrounds them together.

Nothing happens at import; ``uvicorn --factory api.app:create_app`` reads the settings from
the environment in each worker.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.middleware import Middleware

from api import (
    areas,
    district,
    draft_views,
    drafts,
    editions,
    errors,
    events,
    export,
    health,
    history,
    inbox,
    locate,
    me,
    metrics,
    monthly,
    onemap,
    orders,
    pages,
    photos,
    place_photos,
    places,
    plans,
    reporter,
    reports,
    reviews,
    rosters,
    sheets,
    signin,
    suggestions,
    supervision,
    tiles,
    walking,
)
from api.bodies import MOST_BODY_BYTES
from api.duetimes import DueTimes
from api.files import Files
from api.locate_route import ShortWays
from api.metrics import Measure, Metrics
from api.middleware import BodyLimit, Compressed, HeadAsGet, KnownHosts, SecurityHeaders
from api.pages import (
    MapShelf,
    board,
    editing,
    mine,
    notices,
    order,
    queue,
    report,
    services,
    supervisions,
)
from api.pages import drafts as draft_pages
from api.pages import orders as order_list
from api.pages.map_home import MAP_SCRIPTS
from api.rendering import Shelf
from api.sheets import SheetShelf
from api.templates import STATIC
from gridmap import __version__, assets
from gridmap.access import Actor
from gridmap.i18n import LANGUAGES, catalogue
from gridmap.maps.basemap import base_map
from gridmap.settings import Settings
from gridmap.times import Clock
from gridmap.workspace import Workspace, open_workspace

__all__ = ["create_app"]

_WATCH_S = 0.25


def create_app(
    settings: Settings | None = None,
    *,
    workspace: Workspace | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """Return the application.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment when not given.
    workspace : Workspace, optional
        Already open, and closed by whoever opened it. Without one, the store of the
        settings is opened when the application starts and closed when it ends.
    clock : callable, optional
        For the workspace that is opened here; see :func:`gridmap.workspace.open_workspace`.

    Raises
    ------
    BadValue
        When the settings name a role that does not exist, or tiles that cannot be used.
    """
    if settings is None:
        settings = workspace.settings if workspace is not None else Settings()
    measures = Metrics()
    app = FastAPI(
        title="gridmap",
        version=__version__,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=[
            Middleware(HeadAsGet),
            Middleware(Measure, metrics=measures),
            Middleware(SecurityHeaders),
            Middleware(Compressed, minimum_size=1024, compresslevel=5),
            Middleware(errors.ErrorNet),
            Middleware(KnownHosts, also=("testserver",), public_url=settings.public_url),
            Middleware(BodyLimit, most=MOST_BODY_BYTES),
            Middleware(ShortWays),
        ],
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.metrics = measures
    app.state.local_actor = Actor.with_role(settings.loopback_role, "this machine")
    app.state.maps = MapShelf()
    app.state.staff_maps = onemap.StaffShelf()
    app.state.sheets = SheetShelf()
    app.state.shelf = Shelf()
    app.state.base_map = base_map(settings)
    app.state.due_times = DueTimes()
    app.state.workspace = workspace
    errors.install(app)
    # History before areas, whose codes would take its ending for a part of theirs.
    for room in (
        locate,
        history,
        areas,
        editions,
        export,
        tiles,
        walking,
        district,
        rosters,
        places,
        place_photos,
        reports,
        reviews,
        draft_views,
        drafts,
        suggestions,
        plans,
        orders,
        inbox,
        supervision,
        monthly,
        events,
        reporter,
        photos,
        me,
        health,
        metrics,
        onemap,
        pages,
        sheets,
        board,
        order_list,
        order,
        report,
        mine,
        notices,
        queue,
        draft_pages,
        supervisions,
        services,
        editing,
        signin,
    ):
        app.include_router(room.router)
    app.mount("/assets", Files(assets.folder()), name="assets")
    # Before the others, among which its folder would be looked for.
    app.mount("/static/maps", Files(MAP_SCRIPTS), name="maps")
    app.mount("/static", Files(STATIC), name="static")
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if app.state.workspace is not None:
        yield
        return
    workspace = await run_in_threadpool(
        open_workspace, settings=app.state.settings, clock=app.state.clock
    )
    watch: asyncio.Task[None] | None = None
    try:
        await run_in_threadpool(_warm_up, workspace)
        await run_in_threadpool(app.state.due_times.complete, workspace)
        app.state.workspace = workspace
        watch = asyncio.create_task(_watch(workspace))
        yield
    finally:
        if watch is not None:
            watch.cancel()
        app.state.workspace = None
        await run_in_threadpool(workspace.close)


async def _watch(workspace: Workspace) -> None:
    """Keep up with publications, so that the first request after one need not wait for it."""
    while True:
        await asyncio.sleep(_WATCH_S)
        workspace.keep_fresh()


def _warm_up(workspace: Workspace) -> None:
    """Compile the edition in force: better before the first caller comes than while it waits."""
    locator = workspace.atlas.locator_at(workspace.clock())
    if locator is not None and len(locator.coverage):
        lon, lat = locator.coverage.label_points[-1]
        workspace.locate(float(lon), float(lat))
        workspace.router(locator.coverage.edition)
    workspace.streets()
    # What the residents' page asks first.
    workspace.find_places(workspace.wanted())
    workspace.light_ground()
    for lang in LANGUAGES:
        catalogue(lang)
