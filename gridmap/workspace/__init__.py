"""The workspace: a store, its editions compiled, and what one can do with them.

Commands, HTTP routes and notebooks call nothing else. One module a family of work:

====================  ==========================================================
:mod:`.base`          the store, the clock, editions and routers compiled and kept fresh
:mod:`.boundaries`    levels, import
:mod:`.checking`      the audit
:mod:`.repairing`     repairs of drafts, proposed and applied
:mod:`.listing`       editions, their imports, retired codes
:mod:`.lifecycle`     drafts of editions, retire, rollback
:mod:`.publishing`    publish
:mod:`.families`      grids of professions beside the base grids
:mod:`.exporting`     editions as files for other programs
:mod:`.moving`        open reports at a change of editions, closing reports
:mod:`.locating`      locate, areas
:mod:`.lineage`       editions compared, the history of areas
:mod:`.facts`         ground, overlays, parties, places, organisations, rosters
:mod:`.walking`       minutes on foot, areas within reach, how well places serve homes
:mod:`.serving`       places and services near by, who is responsible there
:mod:`.tending`       entries of places put right
:mod:`.place_photos`  photos of places as each actor sees them
:mod:`.picturing`     photos of places added, worded, removed
:mod:`.place_exporting`  places as a table that an import reads again
:mod:`.submission`    what a report that is sent in may hold
:mod:`.deadlines`     due times that waited for a calendar
:mod:`.reporting`     reports in, routed and stored; reports out; `assign`
:mod:`.books`         the rules in use
:mod:`.bases`         what decisions were made by, kept
:mod:`.rostering`     the switch between two rosters of one grid
:mod:`.facts_state`   overlays, parties and posts as they hold together
:mod:`.rulemaking`    rules imported, version by version
:mod:`.replaying`     an old decision made again
:mod:`.reviewing`     the board of ownership reviews, reports routed anew
:mod:`.ruling`        what the board decides, and what it changes
:mod:`.board`         what the board looks at
:mod:`.pausing`       clocks that stand still
:mod:`.order_views`   orders as people read them
:mod:`.order_lists`   which orders there are for somebody
:mod:`.openings`      what somebody may do with an order now, and what that may be given
:mod:`.ordering`      orders: every step that somebody takes
:mod:`.order_pages`   orders with names, drawings and candidates, for pages
:mod:`.senders`       who sent a report: account, key, receipt
:mod:`.previewing`    what a report would be decided as, before it is sent
:mod:`.own_reports`   reports as those who sent them follow them
:mod:`.telling`       the inbox, webhooks, what could not be delivered
:mod:`.supervising`   supervision orders
:mod:`.counting`      numbers: the figures of any time, place and department
:mod:`.monthlies`     monthly reports, appeals against deductions
:mod:`.working`       the worker: what time brings
:mod:`.drafting`      plans drawn edit by edit; their states, layers and publication are
                      in ``draft_states``, ``draft_frames`` and ``draft_publishing``
:mod:`.planning`      plans measured, replayed, compared, suggested
:mod:`.plan_storing`  plans stored as draft editions
:mod:`.suggesting`    suggestions asked for, watched, stopped, made a draft
:mod:`.plan_reading`  plans by name, editions and drafts alike
:mod:`.microgrids`    grids split into micro-grids from their buildings
:mod:`.proving`       every item asked at every kind of place
:mod:`.mapping`       the maps as documents; what areas are coloured by is in ``map_figures``
:mod:`.onemap`        the one map for staff, part by part
:mod:`.sheeting`      sheets to print: service maps, duty boards, contact cards
:mod:`.tiling`        vector tiles of editions
:mod:`.accounts`      accounts, keys, the site's secrets
:mod:`.signing_in`    passwords, sessions, throttling
:mod:`.personal`      whom a report names: sealed, read with a reason, anonymised
====================  ==========================================================
"""

from __future__ import annotations

from pathlib import Path

from gridmap.access import Actor
from gridmap.settings import Settings
from gridmap.store.store import Store
from gridmap.times import Clock, frozen_clock, parse_when, site_zone, system_clock
from gridmap.workspace.assigning import Assigning
from gridmap.workspace.board import Board
from gridmap.workspace.boundaries import Boundaries, ImportOutcome
from gridmap.workspace.checking import Checking
from gridmap.workspace.draft_publishing import DraftPublishing
from gridmap.workspace.draft_suggesting import DraftSuggestion
from gridmap.workspace.drafting import EditOutcome
from gridmap.workspace.exporting import Exporting, ExportOutcome
from gridmap.workspace.families import CutOutcome, Families
from gridmap.workspace.lifecycle import DraftOutcome, RetireOutcome, RollbackOutcome
from gridmap.workspace.mapping import MAPS
from gridmap.workspace.microgrids import Microgrids, MicroSplit
from gridmap.workspace.monthlies import Monthlies
from gridmap.workspace.onemap import OneMap
from gridmap.workspace.own_reports import OwnReports
from gridmap.workspace.pausing import Pausing
from gridmap.workspace.picturing import Picturing
from gridmap.workspace.place_exporting import PlaceExporting
from gridmap.workspace.plan_storing import PlanOutcome
from gridmap.workspace.previewing import Previewing
from gridmap.workspace.publishing import PublishOutcome
from gridmap.workspace.repairing import RepairOutcome, Repairs
from gridmap.workspace.replaying import Replaying
from gridmap.workspace.rulemaking import Rulemaking
from gridmap.workspace.sheeting import Sheets
from gridmap.workspace.signing_in import SigningIn
from gridmap.workspace.submission import ReportSource
from gridmap.workspace.suggesting import PlanQuestion
from gridmap.workspace.taking_over import Past
from gridmap.workspace.tiling import Tiling
from gridmap.workspace.working import Worked, Working

__all__ = [
    "MAPS",
    "CutOutcome",
    "DraftOutcome",
    "DraftSuggestion",
    "EditOutcome",
    "ExportOutcome",
    "ImportOutcome",
    "MicroSplit",
    "Past",
    "PlanOutcome",
    "PlanQuestion",
    "PublishOutcome",
    "RepairOutcome",
    "ReportSource",
    "RetireOutcome",
    "RollbackOutcome",
    "Worked",
    "Workspace",
    "open_workspace",
]


class Workspace(
    DraftPublishing,
    Microgrids,
    Boundaries,
    Checking,
    Repairs,
    Exporting,
    Families,
    OneMap,
    Picturing,
    PlaceExporting,
    Sheets,
    Tiling,
    Assigning,
    Replaying,
    Rulemaking,
    Board,
    OwnReports,
    Previewing,
    Pausing,
    Monthlies,
    Working,
    SigningIn,
):
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
