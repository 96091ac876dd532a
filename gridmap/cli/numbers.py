"""The commands `numbers` and `report`: figures, and the report of a month."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridmap.cli.context import StoreOption, opened
from gridmap.cli.output import write_json
from gridmap.cli.show import table

if TYPE_CHECKING:
    from gridmap.workspace import Workspace

__all__ = ["numbers", "report"]

_FORMATS = ("html", "xlsx", "json")
LangOption = Annotated[
    str | None, typer.Option("--lang", metavar="zh|en", help="Language; else the site's.")
]


def numbers(
    ctx: typer.Context,
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="This month without any period.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on, up to now or --until.")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Up to then.")] = None,
    by: Annotated[
        str, typer.Option(metavar="GROUP", help="department, item, or a level: these groups too.")
    ] = "",
    area: Annotated[
        str | None, typer.Option(metavar="LEVEL:CODE", help="Only the orders there.")
    ] = None,
    department: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only what counts for that body.")
    ] = None,
    item: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this item.")] = None,
    edition: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Count on the areas of this published edition."),
    ] = None,
    json_out: Annotated[
        str | None, typer.Option("--json", metavar="OUT", help="Write as JSON; - is stdout.")
    ] = None,
    lang: LangOption = None,
    store: StoreOption = None,
) -> None:
    """Count what the orders of a time come to: each figure with numerator and denominator."""
    with opened(ctx, store) as workspace:
        language = _language(workspace, lang)
        found = workspace.numbers(
            month=month,
            since=since,
            until=until,
            by=by,
            area=area,
            department=department,
            item=item,
            edition=edition,
        )
    if json_out is not None:
        write_json(found, json_out)
        return
    typer.echo(f"{found['since'][:16]} to {found['until'][:16]}, as of {found['as_of'][:16]}")
    _show_figures(found["kpis"], language)
    for group in found["groups"] or ():
        name = group["name_en"] if language == "en" and group["name_en"] else group["name"]
        typer.echo(f"\n{group['code'] or '-'} {name}".rstrip())
        _show_figures([one for one in group["kpis"] if one["denominator"]], language)


def report(
    ctx: typer.Context,
    month: Annotated[
        str, typer.Argument(metavar="YYYY-MM|YYYY", help="The month; a year for its score.")
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files; it is made.")
    ] = Path(),
    format_: Annotated[
        str, typer.Option("--format", metavar="F,...", help="Of html, xlsx, json.")
    ] = "html,xlsx,json",
    issue: Annotated[
        bool,
        typer.Option("--issue", help="Number and freeze it; without this a draft is written."),
    ] = False,
    correct: Annotated[
        str | None,
        typer.Option(metavar="WHY", help="Issue another one in place of what was issued."),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", metavar="CODE", help="Department it is sent to; once for each."),
    ] = None,
    lang: LangOption = None,
    store: StoreOption = None,
) -> None:
    """Write the report of a month: as it was issued, else as a draft; of a year, its score.

    Once issued it stays as it is: the command writes the stored one from then on, whatever
    happens to its orders.
    """
    from gridmap.errors import BadValue

    if month.isdecimal():
        if issue or correct is not None or to:
            raise BadValue(
                "A year is not issued: it is the mean of its issued months.",
                got=month,
                repair="Leave --issue, --correct and --to out, or name a month.",
            )
        with opened(ctx, store) as workspace:
            _write_year(workspace.annual(month), out, _language(workspace, lang))
        return
    formats = [name.strip() for name in format_.split(",") if name.strip()]
    unknown = [name for name in formats if name not in _FORMATS]
    if unknown or not formats:
        raise BadValue("There is no such format.", got=unknown or format_, allowed=_FORMATS)
    if to and not (issue or correct):
        raise BadValue(
            "A draft has no addressees.", got=", ".join(to), repair="Issue it, with --issue."
        )
    with opened(ctx, store) as workspace:
        language = _language(workspace, lang)
        if issue or correct is not None:
            found, made = workspace.issue_monthly(month, addressees=to or (), correct=correct)
        else:
            found, made = _stored_or_draft(workspace, month), False
        written = _write(workspace, found, formats, out, language)
    header = found["issue"]
    if header is None:
        typer.echo(f"A draft of {month}; nothing was stored. Issue it with --issue.")
    else:
        state = "Issued" if made else "Issued before, and unchanged"
        typer.echo(f"{state}: {header['serial']}, issue {header['issue']} of {month}.")
    _show_figures(found["kpis"], language)
    typer.echo("Wrote " + ", ".join(map(str, written)))


def _write_year(found: dict[str, Any], out: Path, lang: str) -> None:
    """Write the score of a year as JSON, and show it."""
    import json

    from gridmap.bulk.safe_output import PendingFile, disk_errors

    target = out / f"annual-{found['year']}.json"
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    with PendingFile(target) as pending, disk_errors(target):
        text = json.dumps(found, ensure_ascii=False, indent=2)
        pending.path.write_text(text + "\n", encoding="utf-8")
        pending.commit()
    typer.echo(f"Score of {found['year']}, by {', '.join(found['months']) or 'no month'}.")
    if found["missing"]:
        typer.echo(f"Not issued, and not in it: {', '.join(found['missing'])}.")
    key = "name_en" if lang == "en" else "name"
    for ranking in found["rankings"]:
        rows = [
            (volume[key] or volume["name"], str(unit["place"]), unit["code"],
             unit[key] or unit["name"], f"{unit['score']:g}", f"{unit['lost']:g}")
            for volume in ranking["classes"]
            for unit in volume["units"]
        ]  # fmt: skip
        if rows:
            typer.echo(f"\n{ranking['ranking']}")
            table(("class", "place", "code", "name", "score", "points off"), rows)
    typer.echo(f"Wrote {target}")


def _stored_or_draft(workspace: Workspace, month: str) -> dict[str, Any]:
    from gridmap.errors import NotFound

    try:
        return workspace.monthly(month)
    except NotFound:
        return workspace.draft_monthly(month)


def _write(
    workspace: Workspace, found: dict[str, Any], formats: list[str], out: Path, lang: str
) -> list[Path]:
    """Write the files, each whole or not at all; return them."""
    import json

    from gridmap.bulk.safe_output import PendingFile, disk_errors

    number = "draft" if found["issue"] is None else str(found["issue"]["issue"])
    made = []
    with disk_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    for name in formats:
        target = out / f"monthly-{found['month']}-{number}.{name}"
        if name == "html":
            content = workspace.monthly_html(found, lang=lang).encode()
        elif name == "xlsx":
            content = workspace.monthly_workbook(found, lang=lang)
        else:
            content = (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()
        with PendingFile(target) as pending, disk_errors(target):
            pending.path.write_bytes(content)
            pending.commit()
        made.append(target)
    return made


def _show_figures(kpis: list[dict[str, Any]], lang: str) -> None:
    from gridmap.i18n import translate

    rows = [
        (
            translate(f"kpi.{one['kpi']}", lang),
            "-" if one["share"] is None else f"{one['share']:.2%}",
            f"{one['numerator']:,}/{one['denominator']:,}",
            ", ".join(
                f"{translate(f'left_out.{why}', lang)} {n:,}"
                for why, n in one["not_counted"].items()
            ),
        )
        for one in kpis
    ]
    table(("figure", "share", "of", "left out"), rows)


def _language(workspace: Workspace, lang: str | None) -> str:
    from gridmap.errors import BadValue
    from gridmap.i18n import LANGUAGES

    if lang not in (None, *LANGUAGES):
        raise BadValue("There is no such language.", got=lang, allowed=LANGUAGES)
    return lang or workspace.settings.language
