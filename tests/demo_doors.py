"""A store that holds the demo, and what its doors are asked; `tests.demo_stores` makes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd
from starlette.testclient import TestClient

from gridmap.cli.demo import NOW
from gridmap.settings import Settings
from tests import demo_built
from tests.cli_district import gridmap

EDITION = "demo-2025"


@dataclass(frozen=True)
class DemoStore:
    """A store with the demo, and the folder with its files.

    Attributes
    ----------
    kind, scale : str
    folder : Path
    url : str
        Path or URL of the store.
    dsn : str
        For psycopg2; empty for a GeoPackage.
    said : str
        What the command printed.
    """

    kind: str
    scale: str
    folder: Path
    url: str
    dsn: str
    said: str

    @cached_property
    def assigned(self) -> pd.DataFrame:
        """The reports as `assign` wrote them, all of it text."""
        return read_text(self.folder / "assigned.csv")

    @property
    def truth(self) -> pd.DataFrame:
        """The truth about the reports, in the same order; empty text where there is none."""
        return demo_built.district(self.scale).truth.fillna({"located": "", "error": ""})

    @property
    def settings(self) -> Settings:
        """Settings with the store and the demo's frozen clock."""
        return Settings(store=self.url, frozen_now=NOW)


def read_text(path: Path) -> pd.DataFrame:
    """Read a CSV without guessing types."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def run(*words: object) -> str:
    """Run a command that has to succeed; return what it printed."""
    done = gridmap(*words)
    assert done.exit_code == 0, done.output
    return done.stdout


def listed(client: TestClient, level: str) -> dict[str, dict[str, object]]:
    """Return all areas of a level by code, page by page."""
    page: str | None = f"/api/areas?level={level}&limit=1000"
    found: dict[str, dict[str, object]] = {}
    total = 0
    while page:
        answer = client.get(page)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        page, total = body["next"], body["total"]
        found |= {area["code"]: area for area in body["areas"]}
    assert len(found) == total
    return found


def number(text: str) -> float | None:
    """Return the number of a cell, None for an empty one."""
    return float(text) if text else None
