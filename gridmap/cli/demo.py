"""The command that shows everything at once: builds, imports, assigns, draws, serves."""

from __future__ import annotations

import csv
import json
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import Shared, StoreOption, progress_bar, settings_of
from gridmap.cli.demo_orders import play_orders
from gridmap.cli.points import show_summary
from gridmap.cli.serve import HostOption, PortOption, bound_socket, need_loopback, run_server
from gridmap.cli.show import counted
from gridmap.cli.users import show_made_keys
from gridmap.times import to_site

if TYPE_CHECKING:
    from datetime import date

    from gridmap.bulk.model import AssignSummary
    from gridmap.demo import District
    from gridmap.settings import Settings
    from gridmap.workspace import Workspace

__all__ = ["demo"]

MARKER = "gridmap-demo.json"
EDITION = "demo-2025"
EFFECTIVE_FROM = "2025-01-01"
REDRAWN_EDITION = "demo-2026"
# The demo's clock stands still, the morning after its last report, so that every run shows
# the same; the setting GRIDMAP_FROZEN_NOW puts it elsewhere.
NOW = "2026-07-01T09:00:00+08:00"
MAPS = ("levels", "party", "services")
_MADE = (
    "layers.gpkg", "redrawn.gpkg", "reports.csv", "places.csv", "organisations.csv",
    "rosters.csv", "parties.csv", "service_items.csv", "duties.gpkg", "gates.gpkg",
    "assigned.csv", "assigned.rejects.csv",
    *(f"{name}.html" for name in MAPS),
    "gridmap.gpkg", "gridmap.gpkg-wal", "gridmap.gpkg-shm", "gridmap.gpkg.secrets",
)  # fmt: skip
# Kind of record, and file of the demo's folder (and layer) that it is read from.
_FACTS = (
    ("parties", "parties.csv"),
    ("estate", "layers.gpkg:estate"),
    ("construction_site", "duties.gpkg:construction_site"),
    ("agreement", "duties.gpkg:agreement"),
    ("asset", "duties.gpkg:asset"),
    ("asset", "duties.gpkg:main"),
    ("exclusive_site", "duties.gpkg:exclusive_site"),
    ("park", "duties.gpkg:park"),
    ("river", "duties.gpkg:river"),
    ("street_front", "duties.gpkg:street_front"),
    ("road", "duties.gpkg:road"),
    ("places", "places.csv"),
    ("service_items", "service_items.csv"),
    ("organisations", "organisations.csv"),
    ("posts", "rosters.csv"),
    ("water", "layers.gpkg:water"),
    ("parks", "layers.gpkg:park"),
    ("buildings", "layers.gpkg:building"),
    ("railways", "layers.gpkg:railway"),
    ("roads", "layers.gpkg:street"),
    ("gates", "gates.gpkg:gate"),
)


# Reasons that come before those about the owner, and how those about it are shown.
_RULE = re.compile(r"\[(\w+)\]")
_BEFORE_OWNER = frozenset({"call_first", "call_first_in_danger", "on_border"})
_DECIDED = {
    "asset_owner": "asset",
    "road_class": "road",
    "department_off_site": "department",
    "department_of_place": "territory",
    "asset_owner_unknown": "nobody known",
    "no_property_firm": "nobody known",
    "no_such_office": "nobody known",
}


def demo(
    ctx: typer.Context,
    scale: Annotated[
        str, typer.Option(help="district, exclusive, redraw, services or street.")
    ] = "district",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for what is made.")
    ] = Path("gridmap-demo"),
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End when all is made.")] = False,
    with_users: Annotated[
        bool,
        typer.Option("--users", help="Make an account for every role; print their passwords once."),
    ] = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    store: StoreOption = None,
) -> None:
    """Build an invented district, assign its reports, draw the map, and serve it all."""
    from gridmap.demo.scales import scale_of

    # Before an earlier demo is cleared away for one that cannot be made.
    scale_of(scale)
    need_loopback(host, "A demonstration is for this machine only.")
    # Taken before the work: a minute later is a bad moment to hear that it is in use.
    with bound_socket(host, 0 if no_serve else port) as sock:
        shared = ctx.find_object(Shared)
        named = store or (shared.store if shared else None)
        _prepare_folder(out)
        # The demo keeps to its own store unless it is told otherwise here and now: a store
        # from the environment is somebody's work.
        settings = settings_of(ctx, named or str(out / "gridmap.gpkg"))
        settings = settings.model_copy(update={"frozen_now": settings.frozen_now or NOW})
        began = time.perf_counter()
        summary, today = _make(settings, scale, out)
        typer.echo()
        show_summary(summary, today)
        typer.echo(f"  decided by      {counted(_decided_by(out / 'assigned.csv'))}")
        typer.echo(f"\nAll done in {time.perf_counter() - began:,.1f} s; see the folder {out}.")
        _open_doors(settings, with_users=with_users, serving=not no_serve)
        if not no_serve:
            run_server(settings, sock)


def _open_doors(settings: Settings, *, with_users: bool, serving: bool) -> None:
    """Make the keys that reports with a telephone number need, and accounts when asked for."""
    from gridmap.workspace import open_workspace

    if not with_users and not serving:
        return
    with open_workspace(settings=settings) as workspace:
        show_made_keys(workspace)
        made = workspace.add_demo_users() if with_users else []
    if made:
        typer.echo("\nAccounts of the demonstration; their passwords are shown this once:")
        for one in made:
            typer.echo(f"  {one.account.name:<26} {one.password}")


def _prepare_folder(out: Path) -> None:
    """Make the folder, or empty it of an earlier demo; `Conflict` when it is another's."""
    from gridmap.demo import PHOTOS
    from gridmap.errors import BadValue, Conflict

    if out.exists() and not out.is_dir():
        raise BadValue("This is not a folder.", got=out, repair="Choose another with --out.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).exists():
        raise Conflict(
            "The folder holds something else than an earlier demo.",
            got=out,
            repair="Choose another with --out, or empty it.",
        )
    out.mkdir(parents=True, exist_ok=True)
    for name in _MADE:
        (out / name).unlink(missing_ok=True)
    for picture in (out / PHOTOS).glob("*.jpg"):
        picture.unlink()


def _make(settings: Settings, scale: str, out: Path) -> tuple[AssignSummary, date]:
    from gridmap.access import Actor
    from gridmap.demo import NOTE, NOTE_EN, build
    from gridmap.workspace import open_workspace

    typer.echo(f"{NOTE} · {NOTE_EN}")
    marker = {"note": NOTE, "note_en": NOTE_EN, "scale": scale}
    (out / MARKER).write_text(json.dumps(marker, ensure_ascii=False) + "\n", encoding="utf-8")
    with open_workspace(settings=settings) as workspace:
        _require_empty(workspace)
        with _step("Build the district") as say:
            district = build(scale)
            say(counted({name: len(district.layers[name]) for name in _levels(district)}))
        with _step("Write its files") as say:
            layers = district.write_layers(out / "layers.gpkg")
            reports = district.write_reports(out / "reports.csv")
            say(f"{layers}, {reports}")
        with _step("Import the levels") as say:
            workspace.set_levels(list(_levels(district)))
            say(counted(_import(workspace, EDITION, layers, _levels(district))))
        with _step("Import what stands there") as say:
            say(counted(_import_facts(workspace, district, out)))
        with _step("Check and publish") as say:
            outcome = workspace.publish(EDITION, effective_from=EFFECTIVE_FROM, commit=True)
            say(f"{EDITION} from {EFFECTIVE_FROM}, {len(outcome.faults)} remarks")
        if district.redrawn:
            with _step("Redraw the grids") as say:
                say(_redraw(workspace, district, out))
        with _step("Assign and route") as say:
            summary = _assign(workspace, reports, out / "assigned.csv")
            say(f"{summary.rows:,} reports, {summary.rows_per_second:,.0f} a second")
        with _step("Draw the maps") as say:
            for name in MAPS:
                # An invented district lies on nobody's tiles.
                page = workspace.map_document(
                    name, at=workspace.clock(), base=False, actor=Actor.resident()
                )
                page.save(out / f"{name}.html")
            say(", ".join(f"{out / name}.html" for name in MAPS))
        with _step("Play the last month") as say:
            say(play_orders(settings, workspace))
        today = to_site(workspace.clock(), workspace.zone).date()
    return summary, today


def _levels(district: District) -> tuple[str, ...]:
    from gridmap.demo import AREA_LAYERS

    return tuple(name for name in AREA_LAYERS if name in district.layers)


def _require_empty(workspace: Workspace) -> None:
    from gridmap.errors import Conflict

    taken = workspace.editions()
    if taken:
        raise Conflict(
            "The demo needs a store of its own, and this one is in use.",
            got=f"{workspace.store.where} with {len(taken)} editions",
            repair="Leave --store out, or name an empty store.",
        )


def _import(
    workspace: Workspace, edition: str, layers: Path, levels: tuple[str, ...]
) -> dict[str, int]:
    from gridmap.coverage.importing.incoming import ColumnMap

    done = {}
    for level in levels:
        outcome = workspace.import_layer(
            f"{layers}:{level}",
            edition=edition,
            level=level,
            columns=ColumnMap(
                code="code",
                name="name",
                name_en="name_en",
                parent="parent_code" if level != levels[0] else None,
                kind="kind",
            ),
            commit=True,
        )
        done[level] = outcome.rows
    return done


def _redraw(workspace: Workspace, district: District, out: Path) -> str:
    """Publish the next edition; return what to say of it."""
    from gridmap.demo import REDRAWN_ON

    layers = district.write_redrawn(out / "redrawn.gpkg")
    done = _import(workspace, REDRAWN_EDITION, layers, tuple(district.redrawn))
    workspace.publish(REDRAWN_EDITION, effective_from=REDRAWN_ON, commit=True)
    before = len(district.layers["grid"])
    return f"{REDRAWN_EDITION} from {REDRAWN_ON}, {before} grids to {done['grid']}"


def _import_facts(workspace: Workspace, district: District, out: Path) -> dict[str, int]:
    """Store places, people, estates and ground, through the files anybody would use."""
    from gridmap.tables import package_data

    workspace.store.mark_demo()
    district.write_services(out)
    district.write_parties(out / "parties.csv")
    # What is done at people's homes needs no ground: it is the same everywhere.
    told = package_data("gridmap.demo", "service_items.csv").read_bytes()
    (out / "service_items.csv").write_bytes(told)
    district.write_duties(out / "duties.gpkg")
    district.write_gates(out / "gates.gpkg")
    there = {
        "layers.gpkg": set(district.layers),
        "duties.gpkg": set(district.duties.layers),
        "gates.gpkg": {"gate"},
    }
    done: dict[str, int] = {}
    with workspace.as_one_change():
        for kind, source in _FACTS:
            file, _, layer = source.partition(":")
            if layer and layer not in there[file]:
                continue
            rows = workspace.import_records(kind, f"{out / source}", commit=True).rows
            done[kind] = done.get(kind, 0) + rows
    return done


def _assign(workspace: Workspace, reports: Path, output: Path) -> AssignSummary:
    with progress_bar("assign") as progress:
        return workspace.assign(
            reports,
            output,
            coord_sys="coord_sys",
            accuracy="accuracy_m",
            at="received_at",
            observed="observed_at",
            item="item",
            keep={name: name for name in ("source", "text")},
            progress=progress,
        )


def _decided_by(assigned: Path) -> dict[str, int]:
    """Count the reports by the kind of responsibility that decided on the lead."""
    from gridmap.routing.overlays import OVERLAY_KINDS

    words = {word: kind for kind, pair in OVERLAY_KINDS.items() for word in pair}
    found: Counter[str] = Counter()
    with assigned.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            rules = [r for r in _RULE.findall(row["reason"]) if r not in _BEFORE_OWNER]
            if not row["department"]:
                found["a person" if "a_person_decides" in rules else "not routed"] += 1
                continue
            rule = rules[0]
            if rule == "overlay_owner":
                rule = next((kind for word, kind in words.items() if word in row["reason"]), rule)
            found[_DECIDED.get(rule, rule)] += 1
    return dict(found.most_common())


@contextmanager
def _step(name: str) -> Iterator[Any]:
    """Print a step when it is done: its name, the seconds it took, what came out."""
    said: list[str] = []
    began = time.perf_counter()
    yield said.append
    typer.echo(f"{name:26}{time.perf_counter() - began:6.1f} s  {' '.join(said)}")
