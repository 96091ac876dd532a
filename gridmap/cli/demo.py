"""The command that shows everything at once: builds, imports, assigns, draws, serves."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import Shared, StoreOption, progress_bar, settings_of
from gridmap.cli.points import show_summary
from gridmap.cli.serve import HostOption, PortOption, bound_socket, run_server
from gridmap.cli.show import counted

if TYPE_CHECKING:
    from gridmap.bulk.model import AssignSummary
    from gridmap.demo import District
    from gridmap.settings import Settings
    from gridmap.workspace import Workspace

__all__ = ["demo"]

MARKER = "gridmap-demo.json"
EDITION = "demo-2025"
EFFECTIVE_FROM = "2025-01-01"
# The demo's clock stands still, the morning after its last report, so that every run shows
# the same; the setting GRIDMAP_FROZEN_NOW puts it elsewhere.
NOW = "2026-07-01T09:00:00+08:00"
MAPS = ("levels", "party", "services")
_MADE = (
    "layers.gpkg", "reports.csv", "places.csv", "organisations.csv", "rosters.csv", "firms.csv",
    "assigned.csv", "assigned.rejects.csv", *(f"{name}.html" for name in MAPS),
    "gridmap.gpkg", "gridmap.gpkg-wal", "gridmap.gpkg-shm",
)  # fmt: skip
# Kind of record -> file of the demo's folder (and layer) that it is read from.
_FACTS = {
    "parties": "firms.csv",
    "estate": "layers.gpkg:estate",
    "places": "places.csv",
    "organisations": "organisations.csv",
    "posts": "rosters.csv",
    "water": "layers.gpkg:water",
    "parks": "layers.gpkg:park",
    "railways": "layers.gpkg:railway",
    "roads": "layers.gpkg:street",
}


def demo(
    ctx: typer.Context,
    scale: Annotated[str, typer.Option(help="district or exclusive.")] = "district",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for what is made.")
    ] = Path("gridmap-demo"),
    no_serve: Annotated[bool, typer.Option("--no-serve", help="End when all is made.")] = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    store: StoreOption = None,
) -> None:
    """Build an invented district, assign its reports, draw the map, and serve it all."""
    from gridmap.demo.scales import scale_of

    # Before an earlier demo is cleared away for one that cannot be made.
    scale_of(scale)
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
        summary = _make(settings, scale, out)
        typer.echo()
        show_summary(summary)
        typer.echo(f"\nAll done in {time.perf_counter() - began:,.1f} s; see the folder {out}.")
        if not no_serve:
            run_server(settings, sock)


def _prepare_folder(out: Path) -> None:
    """Make the folder, or empty it of an earlier demo; `Conflict` when it is another's."""
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


def _make(settings: Settings, scale: str, out: Path) -> AssignSummary:
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
            say(counted(_import(workspace, layers, _levels(district))))
        with _step("Import what stands there") as say:
            say(counted(_import_facts(workspace, district, out)))
        with _step("Check and publish") as say:
            outcome = workspace.publish(EDITION, effective_from=EFFECTIVE_FROM, commit=True)
            say(f"{EDITION} from {EFFECTIVE_FROM}, {len(outcome.faults)} remarks")
        with _step("Assign and route") as say:
            summary = _assign(workspace, reports, out / "assigned.csv")
            say(f"{summary.rows:,} reports, {summary.rows_per_second:,.0f} a second")
        with _step("Draw the maps") as say:
            for name in MAPS:
                page = workspace.map_document(name, at=workspace.clock(), actor=Actor.resident())
                page.save(out / f"{name}.html")
            say(", ".join(f"{out / name}.html" for name in MAPS))
    return summary


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


def _import(workspace: Workspace, layers: Path, levels: tuple[str, ...]) -> dict[str, int]:
    from gridmap.coverage.incoming import ColumnMap

    workspace.set_levels(list(levels))
    done = {}
    for level in levels:
        outcome = workspace.import_layer(
            f"{layers}:{level}",
            edition=EDITION,
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


def _import_facts(workspace: Workspace, district: District, out: Path) -> dict[str, int]:
    """Store places, people, estates and ground, through the files anybody would use."""
    workspace.store.mark_demo()
    district.write_services(out)
    firms = district.layers["estate"][["firm_code", "firm_name"]].dropna().drop_duplicates()
    firms = firms[firms["firm_code"] != ""].sort_values("firm_code")
    firms.columns = ["code", "name"]
    firms.to_csv(out / "firms.csv", index=False)
    done = {}
    for kind, source in _FACTS.items():
        layer = source.partition(":")[2]
        if layer and layer not in district.layers:
            continue
        done[kind] = workspace.import_records(kind, f"{out / source}", commit=True).rows
    return done


def _assign(workspace: Workspace, reports: Path, output: Path) -> AssignSummary:
    with progress_bar("assign") as progress:
        return workspace.assign(
            reports,
            output,
            coord_sys="coord_sys",
            accuracy="accuracy_m",
            at="received_at",
            item="item",
            keep={name: name for name in ("source", "text", "received_at", "observed_at")},
            progress=progress,
        )


@contextmanager
def _step(name: str) -> Iterator[Any]:
    """Print a step when it is done: its name, the seconds it took, what came out."""
    said: list[str] = []
    began = time.perf_counter()
    yield said.append
    typer.echo(f"{name:26}{time.perf_counter() - began:6.1f} s  {' '.join(said)}")
