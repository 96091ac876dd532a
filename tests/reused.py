"""What a test process works out once, though each store that it opens would do it anew.

A program opens one store and keeps it; the tests open thousands, one after the other, and half
of their time went into compiling the same statements and reading the same tables of rules.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

# Statements with a list of values are of as many kinds as there are lengths.
_MOST = 3_000


class _Statements(dict[tuple[Any, ...], Any]):
    """Compiled statements of all engines of one dialect; SQLAlchemy's keys hold the engine's."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get((key[0].name, *key[1:]), default)

    def __setitem__(self, key: tuple[Any, ...], value: Any) -> None:
        if len(self) >= _MOST:
            self.clear()
        super().__setitem__((key[0].name, *key[1:]), value)


@contextmanager
def reused() -> Iterator[None]:
    """Let all stores share compiled statements, and all workspaces the package's own rules.

    And let the command line be put together once, not for every command that is run in process.
    """
    from typer import testing

    from gridmap.store import engine
    from gridmap.workspace.books import BookKeeper

    create_engine, read = engine.create_engine, BookKeeper._made
    statements = _Statements()
    rules: dict[Any, Any] = {}

    def create(*args: Any, **options: Any) -> Any:
        created = create_engine(*args, **options)
        created._compiled_cache = statements
        return created

    def made(keeper: BookKeeper, in_use: str | None) -> Any:
        if keeper.folder is not None or in_use is not None:
            return read(keeper, in_use)
        if keeper._zone not in rules:
            rules[keeper._zone] = read(keeper, in_use)
        return rules[keeper._zone]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(testing, "_get_command", cache(testing._get_command))
        patch.setattr(engine, "create_engine", create)
        patch.setattr(BookKeeper, "_made", made)
        yield
