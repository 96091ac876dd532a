"""The command that says how well places serve the homes of a district."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.output import STDOUT, write_json
from gridmap.cli.show import table

if TYPE_CHECKING:
    from gridmap.places.categories import CategoryTree
    from gridmap.workspace.walking import ServiceCoverage

__all__ = ["coverage"]

_MOST_GAPS = 10


def coverage(
    ctx: typer.Context,
    level: Annotated[
        str | None, typer.Option(metavar="LEVEL", help="Whose areas; communities when left out.")
    ] = None,
    category: Annotated[
        list[str] | None, typer.Option(metavar="CATEGORY", help="Only this one; may be repeated.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="DATE", help="Boundaries in force then; else today's.")
    ] = None,
    homes: Annotated[
        str | None,
        typer.Option(
            metavar="FILE[:LAYER]",
            help="Buildings with a column households (户数); else the finest areas' own.",
        ),
    ] = None,
    coord_sys: Annotated[
        str | None, typer.Option(metavar="S", help="Of the buildings, where the file is silent.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Also as .csv, or .gpkg with gaps."),
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Also as JSON; - for the terminal.")
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Only what everybody may see; else for staff.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Count the households with each kind of place within 5, 10 and 15 minutes on foot."""
    from gridmap.access import Actor
    from gridmap.bulk.coverage_file import check_coverage_name, write_service_coverage
    from gridmap.places.homes import read_homes

    if output is not None:
        check_coverage_name(output)
    with opened(ctx, store) as workspace:
        for path in (output, None if json_out in {None, STDOUT} else Path(str(json_out))):
            if path is not None:
                workspace.foreign(path)
        found = workspace.service_coverage(
            level=level,
            categories=category or (),
            at=at,
            homes=None if homes is None else read_homes(homes, coord_sys=coord_sys),
            actor=Actor.resident() if public else None,
        )
        categories = workspace.categories
        if output is not None:
            area = workspace.coverage_at(at)
            shapes = {
                (area.levels[int(rank)].name, str(code)): shape
                for rank, code, shape in zip(area.rank, area.code, area.shapes, strict=True)
            }
            done = write_service_coverage(found.rows, found.gaps, shapes, output)
    if json_out is not None:
        write_json(_record(found), json_out)
    if json_out != STDOUT:
        _show(found, categories)
        if output is not None:
            typer.echo(f"Wrote {output}: {', '.join(f'{n} {k:,}' for n, k in done.items())}.")


def _record(found: ServiceCoverage) -> dict[str, Any]:
    return {
        "edition": found.edition,
        "level": found.level,
        "walking": found.walking,
        "rows": found.rows,
        "gaps": found.gaps,
    }


def _show(found: ServiceCoverage, categories: CategoryTree) -> None:
    walking = found.walking
    how = "along the streets" if walking["network"] else f"straight lines x {walking['detour']:g}"
    typer.echo(f"{found.edition}, on foot at {walking['speed_kmh']:g} km/h, {how}\n")
    whole = [row for row in found.rows if not row["code"]]
    worst = {row["category"]: _worst(found, row["category"]) for row in whole}
    table(
        ("category", "places", "5 min", "10 min", "15 min", f"least served {found.level}"),
        [
            (
                f"{row['category']} {categories.categories[row['category']].label}",
                f"{row['places']:,}",
                *(_percent(row[f"share_{m}"]) for m in (5, 10, 15)),
                worst[row["category"]],
            )
            for row in whole
        ],
    )
    if found.gaps:
        typer.echo(f"\nFarther than 15 minutes, the most homes first ({len(found.gaps):,} in all):")
        most = sorted(found.gaps, key=lambda g: (-g["households"], g["code"]))[:_MOST_GAPS]
        table(
            ("category", "area", "in", "households", "minutes"),
            [
                (
                    gap["category"],
                    f"{gap['code']} {gap['name']}".strip(),
                    gap["area_name"] or gap["area_code"],
                    f"{gap['households']:,}",
                    "no way" if gap["minutes"] is None else f"{gap['minutes']:.1f}",
                )
                for gap in most
            ],
        )


def _worst(found: ServiceCoverage, category: str) -> str:
    known = [
        row
        for row in found.rows
        if row["code"] and row["category"] == category and row["share_15"] is not None
    ]
    if not known:
        return ""
    row = min(known, key=lambda one: (one["share_15"], one["code"]))
    return f"{row['name'] or row['code']} {_percent(row['share_15'])}"


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
