"""From what went wrong to an exit code and a message: the one table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from gridmap import errors

__all__ = ["EXIT_CODES", "ErrorGroup", "exit_code", "explain"]

# 1 is a command that did its work and found faults; 2 is also what wrong options give, and
# 130 an interrupt. A class that is not listed has its parent's code.
EXIT_CODES: Mapping[type[errors.GridmapError], int] = {
    errors.InputError: 2,
    errors.NotFound: 3,
    errors.Conflict: 4,
    errors.StoreError: 5,
    errors.NotAllowed: 6,
    errors.NotInstalled: 7,
}

# A table of hundreds of columns would push the message off the screen.
_MOST_SHOWN = 30


def exit_code(error: errors.GridmapError) -> int:
    """Return the exit code of the nearest class in the table."""
    return next(EXIT_CODES[cls] for cls in type(error).__mro__ if cls in EXIT_CODES)


def explain(error: errors.GridmapError, lang: str = "en") -> str:
    """Return the message, what was got, what is allowed and how to mend it, a line each.

    What the message quotes, such as a fault, is in `lang`.
    """
    lines = [f"Error: {error.message_in(lang)}"]
    if error.got is not None:
        lines.append(f"  got:     {_listed(error.got)}")
    if error.allowed is not None:
        lines.append(f"  allowed: {_listed(error.allowed)}")
    if error.repair is not None:
        lines.append(f"  repair:  {error.repair}")
    lines += [f"  note:    {note}" for note in getattr(error, "__notes__", ())]
    return "\n".join(lines)


def _listed(value: object) -> str:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return str(value)
    items = [str(item) for item in value]
    more = len(items) - _MOST_SHOWN
    return ", ".join(items[:_MOST_SHOWN]) + (f" ... and {more} more" if more > 0 else "")


class ErrorGroup(TyperGroup):
    """A group of commands that turns gridmap's errors into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; nothing that gridmap raises on purpose shows a traceback."""
        try:
            return super().invoke(ctx)
        except errors.GridmapError as error:
            typer.echo(explain(error, _language(ctx)), err=True)
            raise typer.Exit(exit_code(error)) from error


def _language(ctx: Any) -> str:
    """The language that faults are told in; English where the settings cannot be read."""
    from gridmap.cli.context import settings_of

    try:
        return settings_of(ctx, None).language
    except errors.InputError:
        return "en"
