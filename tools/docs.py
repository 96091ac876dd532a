"""Write docs/commands.md, docs/settings.md and docs/permissions.md from the program itself.

Run again after a change of a command, a setting or a permission; a test compares the files with
what this makes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer

from gridmap.access import PERMISSIONS, Action, Role, Visibility
from gridmap.access.roles import SEES
from gridmap.cli import BUG
from gridmap.cli.app import app
from gridmap.cli.check import FAULTS
from gridmap.cli.errors import EXIT_CODES
from gridmap.i18n import translate
from gridmap.places.categories import CATEGORY_TABLE
from gridmap.places.schools import SCHOOL_TABLE
from gridmap.routing.rule_files import TABLES
from gridmap.settings import Settings

__all__ = ["AT_ONCE", "PAGES", "commands", "commands_page", "settings_page"]

FOLDER = Path(__file__).resolve().parent.parent / "docs"
# Help is wrapped at this width whatever terminal it is made on.
WIDTH = 96
# Commands that change the store, or the file of keys, and have no `--commit`; with an option,
# only with that. What changes nothing, and what only writes files, is not among them.
AT_ONCE = (
    "levels --set", "families --add", "report --issue", "report --correct", "migrate",
    "users add", "users role", "users password", "users disable",
    "keys add", "keys revoke", "keys rotate",
    "secrets init", "secrets rotate", "secrets reseal", "secrets drop-old",
    "webhooks add", "webhooks switch", "webhooks redeliver",
    "reviews open", "reports pause", "reports resume",
    "plan draft new", "plan draft branch", "plan draft edit", "plan draft reassign",
    "plan draft merge", "plan draft split", "plan draft cut", "plan draft join",
    "plan draft border", "plan draft drag", "plan draft exclusive", "plan draft describe",
    "plan draft recode", "plan draft renumber", "plan draft undo", "plan draft redo",
)  # fmt: skip
_MADE = "<!-- Made by `python tools/docs.py` from the program; changes here are lost. -->"


def commands() -> Iterator[tuple[str, Any]]:
    """Yield the path (``gridmap places import``) and the context of every command, in order."""
    root = typer.main.get_command(app)
    context = root.make_context("gridmap", [], resilient_parsing=True)
    context.terminal_width = WIDTH
    yield from _below(context)


def _below(context: Any) -> Iterator[tuple[str, Any]]:
    yield context.command_path, context
    for name, command in getattr(context.command, "commands", {}).items():
        yield from _below(
            command.make_context(
                name, [], parent=context, resilient_parsing=True, terminal_width=WIDTH
            )
        )


def commands_page() -> str:
    """Return docs/commands.md: the help of every command, and the exit codes."""
    dry = [
        path.removeprefix("gridmap ")
        for path, context in commands()
        if any("--commit" in parameter.opts for parameter in context.command.params)
    ]
    parts = [
        "# Commands",
        _MADE,
        "`gridmap COMMAND --help` shows the same. `--store` may stand before the command or "
        "after it.",
        f"Some commands show what they would do, and write only with `--commit`: {_named(dry)}.",
        f"All others do at once what they say. Of these change the store or the site's keys: "
        f"{_named(AT_ONCE)}; and `worker` and `serve`, which do what time brings.",
    ]
    for path, context in commands():
        parts += [f"## {path}", f"```text\n{context.get_help().rstrip()}\n```"]
    parts += ["## Exit codes", _table(("code", "meaning"), _exit_codes())]
    return "\n\n".join(parts) + "\n"


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _exit_codes() -> list[tuple[str, str]]:
    faults = (
        "`check`, `route check` or `plan draft check` found faults, `route replay` decides "
        "otherwise than was decided, or `sheets make` could not make every sheet."
    )
    codes = {0: "Done.", FAULTS: faults, BUG: "A bug in gridmap."}
    for cls, code in EXIT_CODES.items():
        codes[code] = (cls.__doc__ or "").partition("\n")[0]
    codes[130] = "Interrupted with Ctrl-C; 143 when ended by SIGTERM."
    return [(str(code), text) for code, text in sorted(codes.items())]


def settings_page() -> str:
    """Return docs/settings.md: every setting, and the tables a rules folder may hold."""
    prefix = Settings.model_config["env_prefix"]
    rows = [
        (f"`{prefix}{name.upper()}`", _shown(field.default), field.description or "")
        for name, field in Settings.model_fields.items()
    ]
    rooms = ("gridmap.cases", "gridmap.numbers")
    own = {one.name for room in rooms for one in files(room).joinpath("data").iterdir()}
    known = own | {f"{name}.csv" for name in TABLES} | {CATEGORY_TABLE, SCHOOL_TABLE}
    tables = sorted(name for name in known if name.endswith(".csv"))
    parts = [
        "# Settings",
        _MADE,
        f"Environment variables, read once when a program starts. `--store` wins over "
        f"`{prefix}STORE`.",
        _table(("variable", "default", "meaning"), rows),
        f"The folder `{prefix}RULES` may hold "
        + ", ".join(f"`{name}`" for name in tables)
        + "; [their columns](../gridmap/routing/data/README.md), [those of the monthly "
        "report](numbers.md), [of places and schools](operations.md). A table that changes is read "
        "again without a restart; one that cannot be used leaves the former in use, and "
        "`/healthz` says so.",
    ]
    return "\n\n".join(parts) + "\n"


def permissions_page() -> str:
    """Return docs/permissions.md: every action and the roles that may do it."""
    head = ("action", *(f"`{role.value}`" for role in Role))
    rows = [
        (f"`{action.value}`", *("x" if role in PERMISSIONS[action] else "" for role in Role))
        for action in Action
    ]
    named = [
        (f"`{role.value}`", translate(f"role.{role.value}", "zh"), _sees(role)) for role in Role
    ]
    parts = [
        "# Roles and permissions",
        _MADE,
        "Each role of an account holds everywhere, or in areas and for departments: "
        "`gridmap users add NAME --role ROLE --area LEVEL:CODE --department CODE`. Several of a "
        "kind widen it; areas and departments together narrow it. What lies in no area belongs "
        "to those who act everywhere. The inbox and the stream of events reach as far.",
        _table(("role", "中文", "sees"), named),
        "Which role may do what. Guards of a single case (who handled it does not inspect it) "
        "come on top. `public.see` and `report.submit` need no account. An edition is of all "
        "places: who holds `edition.publish` in some of them publishes drafts of plans that "
        "change nothing but what lies there; to publish any other edition, to withdraw one and to "
        "roll back is for those who act everywhere. A review lies where its reports do: who holds "
        "`review.rule` in some areas gives no ground beyond them, and who holds it for departments "
        "gives ground to no others.",
        _table(head, rows),
    ]
    return "\n\n".join(parts) + "\n"


def _sees(role: Role) -> str:
    return ", ".join(one.value for one in Visibility if one in SEES[role])


def _shown(default: Any) -> str:
    return f"`{default}`" if default not in (None, "") else "unset"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines
    )


PAGES = {
    "commands.md": commands_page,
    "settings.md": settings_page,
    "permissions.md": permissions_page,
}


def main() -> int:
    """Write the pages."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
