"""The workspace: a store, its editions compiled, and what one can do with them.

Commands, HTTP routes and notebooks call nothing else. One module a family of work:

====================  ==========================================================
:mod:`.base`          the store, the clock, editions and routers compiled and kept fresh
:mod:`.boundaries`    levels, import, check, publish, editions
:mod:`.locating`      locate, areas
:mod:`.facts`         ground, overlays, parties, places, organisations, rosters
:mod:`.submission`    what a report that is sent in may hold
:mod:`.deadlines`     due times that waited for a calendar
:mod:`.reporting`     reports in, routed and stored; reports out; `assign`
:mod:`.mapping`       the maps
====================  ==========================================================
"""

from __future__ import annotations

from pathlib import Path

from gridmap.access import Actor
from gridmap.settings import Settings
from gridmap.store.store import Store
from gridmap.times import Clock, frozen_clock, parse_when, site_zone, system_clock
from gridmap.workspace.boundaries import Boundaries, ImportOutcome, PublishOutcome
from gridmap.workspace.mapping import MAPS, Mapmaking
from gridmap.workspace.reporting import Reporting
from gridmap.workspace.submission import ReportSource

__all__ = [
    "MAPS",
    "ImportOutcome",
    "PublishOutcome",
    "ReportSource",
    "Workspace",
    "open_workspace",
]


class Workspace(Boundaries, Mapmaking, Reporting):
    """A store with its current editions compiled.

    Safe to share between threads; a context manager. Every method takes the actor who asks;
    ``None`` means the workspace's own actor, which is the operator for commands and notebooks.
    """


def open_workspace(
    store: str | Path | None = None,
    *,
    settings: Settings | None = None,
    clock: Clock | None = None,
    actor: Actor | None = None,
    create: bool = True,
) -> Workspace:
    """Open a store, creating it when it does not exist, and return its workspace.

    Parameters
    ----------
    store : str or Path, optional
        Path of a GeoPackage or ``postgresql+psycopg2://...``; the settings' store otherwise.
    settings : Settings, optional
        Read from the environment when not given.
    clock : callable, optional
        Returns the present moment (aware UTC); the settings' frozen time or the system clock.
    actor : Actor, optional
        Who asks when a method is called without an actor; the operator by default.
    create : bool
        False: a store that does not exist is `StoreUnusable` instead of made.
    """
    settings = settings or Settings()
    zone = site_zone(settings.zone)
    if clock is None:
        frozen = settings.frozen_now
        clock = frozen_clock(parse_when(frozen, zone)) if frozen else system_clock
    opened = Store.open(
        str(store) if store is not None else settings.store,
        clock=clock,
        busy_timeout_s=settings.busy_timeout_s,
        create=create,
    )
    return Workspace(opened, settings=settings, clock=clock, actor=actor)
