"""The command `history`: the life of an area, or what became of the areas of an edition."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.show import facts, moment, shortened, table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from gridmap.coverage.lineage.model import LevelLineage, Lineage

__all__ = ["history"]

# More changes of a level than these help nobody on a screen; --csv has them all.
_MOST_SHOWN = 30


def history(
    ctx: typer.Context,
    level: Annotated[str | None, typer.Argument(metavar="LEVEL", help="Level of an area.")] = None,
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="Its code.")] = None,
    old: Annotated[
        str | None,
        typer.Option("--from", metavar="EDITION", help="Compare: before; the one in force."),
    ] = None,
    new: Annotated[
        str | None, typer.Option("--to", metavar="EDITION", help="Compare: after.")
    ] = None,
    only: Annotated[
        str | None, typer.Option("--level", metavar="LEVEL", help="Compare only this level.")
    ] = None,
    csv_out: Annotated[
        Path | None,
        typer.Option("--csv", metavar="CROSSWALK", help="Write who goes where by what weights."),
    ] = None,
    tolerance_m: Annotated[
        float,
        typer.Option("--tolerance", metavar="M", help="Narrower differences are slivers."),
    ] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object.")] = False,
    store: StoreOption = None,
) -> None:
    """Show the life of an area, or compare two editions (drafts too): --from A --to B."""
    from gridmap.errors import BadValue

    if (code is None) == (new is None) or (code is not None and old is not None):
        raise BadValue(
            "Name an area, or the editions to compare.",
            got=" ".join(word for word in (level, code, old, new) if word) or "nothing",
            allowed="LEVEL CODE, or --to EDITION [--from EDITION]",
        )
    with opened(ctx, store) as workspace:
        if code is not None:
            _show_life(workspace.area_history(str(level), code), workspace.zone, as_json=as_json)
            return
        if csv_out is not None:
            workspace.foreign(csv_out)
        former = old or workspace.coverage_at().edition
        found = workspace.compare_editions(former, str(new), tolerance_m=tolerance_m)
    levels = found.levels if only is None else (found.level(only),)
    if csv_out is not None:
        _write_csv(levels, csv_out)
    if as_json:
        typer.echo(json.dumps(_record(found, levels), ensure_ascii=False, indent=2))
    else:
        _show_comparison(found, levels)


def _show_life(found: dict[str, Any], zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2, default=lambda t: t.isoformat()))
        return
    typer.echo(f"{found['level']} {found['code']} {found['name']}".rstrip())
    table(
        ("edition", "from", "until", "code", "name", "relation to before", "from whom", "to whom"),
        [
            (
                one["edition"],
                moment(one["effective_from"], zone),
                moment(one["effective_to"], zone),
                one["code"],
                one["name"],
                one["before"]["relation"] if one["before"] else "",
                _parts(one["before"], one["code"]),
                _parts(one["after"], one["code"]),
            )
            for one in found["editions"]
        ],
    )
    for one in found["successors"]:
        who = "no area" if one["code"] is None else f"{one['code']} {one['name']}".rstrip()
        typer.echo(
            f"{one['relation']} in {one['edition']}: followed by {who} "
            f"({one['share']:.1%} by {one['measure']}, {one['basis']})"
        )
    if found["also_in"]:
        typer.echo(f"The code stands for other land in {', '.join(found['also_in'])}.")


def _parts(change: dict[str, Any] | None, code: str) -> str:
    """Whom land went to or came from, without what stayed as it was."""
    if change is None or [part["code"] for part in change["parts"]] == [code]:
        return ""
    return shortened([f"{p['code'] or 'no area'} {p['share']:.1%}" for p in change["parts"]], 3)


def _show_comparison(found: Lineage, levels: Iterable[LevelLineage]) -> None:
    typer.echo(f"From {found.old} to {found.new}:")
    for one in levels:
        moved = int(one.reparented.sum())
        areas = f"{len(one.old_code):,} -> {len(one.new_code):,} areas"
        counts = " · ".join(f"{kind} {n:,}" for kind, n in one.counts().items())
        typer.echo(f"\n{one.level}: {areas}; {counts}")
        facts(
            {
                "under another parent": f"{moved:,}" if moved else "",
                "slivers": f"{one.sliver_m2:,.0f} m²" if one.sliver_m2 >= 0.5 else "",
            }
        )
        changed = [relation for relation in one.relations if relation.kind != "kept"]
        if changed:
            table(
                ("relation", "old", "new", "m² moved"),
                [
                    (
                        relation.kind,
                        shortened(relation.old),
                        shortened(relation.new),
                        f"{one.moved_m2(relation):,.0f}",
                    )
                    for relation in changed[:_MOST_SHOWN]
                ],
            )
        if len(changed) > _MOST_SHOWN:
            typer.echo(f"... and {len(changed) - _MOST_SHOWN:,} more; --csv FILE has them all.")
    typer.echo(f"\nDifferences narrower than {found.tolerance_m:g} m count as slivers.")


def _record(found: Lineage, levels: Iterable[LevelLineage]) -> dict[str, Any]:
    return {
        "old": found.old,
        "new": found.new,
        "tolerance_m": found.tolerance_m,
        "sliver_m2": round(found.sliver_m2, 3),
        "levels": [
            {
                "level": one.level,
                "old_areas": len(one.old_code),
                "new_areas": len(one.new_code),
                "counts": one.counts(),
                "reparented": int(one.reparented.sum()),
                "sliver_m2": round(one.sliver_m2, 3),
                "relations": [
                    {
                        "relation": relation.kind.value,
                        "old": list(relation.old),
                        "new": list(relation.new),
                        "moved_m2": round(one.moved_m2(relation), 1),
                    }
                    for relation in one.relations
                ],
            }
            for one in levels
        ],
    }


def _write_csv(levels: Iterable[LevelLineage], target: Path) -> None:
    from gridmap.bulk.safe_output import PendingFile, disk_errors
    from gridmap.coverage.lineage.crosswalk_table import crosswalk_columns, crosswalk_rows

    levels = list(levels)
    measures = dict.fromkeys(name for one in levels for name in one.amounts)
    with PendingFile(target) as pending, disk_errors(target):
        # Spreadsheets take the mark at the beginning for the sign of UTF-8.
        with pending.path.open("w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, crosswalk_columns(measures), restval="")
            writer.writeheader()
            for one in levels:
                writer.writerows(crosswalk_rows(one))
        pending.commit()
