"""A file's two times: receipt, from which deadlines run, and observation, which places it."""

from __future__ import annotations

import csv
from pathlib import Path

from gridmap.workspace import Workspace
from tests.api_town import Hands, at

pytest_plugins = ["tests.api_fixtures"]

LON, LAT = at(1.2, 1.3)


def assigned(
    workspace: Workspace, tmp_path: Path, *rows: tuple[str, str], observed: str | None = "seen"
) -> list[dict[str, str]]:
    source = tmp_path / "reports.csv"
    lines = [f"{LON!r},{LAT!r},0101,{received},{seen}" for received, seen in rows]
    source.write_text("\n".join(["lon,lat,item,received,seen", *lines]) + "\n")
    workspace.assign(
        source, tmp_path / "out.csv", coord_sys="wgs84", item="item", at="received",
        observed=observed, keep={},
    )  # fmt: skip
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_edition_is_that_of_the_observation(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    (row,) = assigned(town_workspace, tmp_path, ("2025-01-02T09:00", "2024-12-31T09:00"))
    assert (row["location_status"], row["edition"]) == ("no_edition", "")
    (row,) = assigned(
        town_workspace, tmp_path, ("2025-01-02T09:00", "2024-12-31T09:00"), observed=None
    )
    assert row["edition"] == "town"


def test_the_deadline_runs_from_receipt(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    # Litter is due within four working hours; Thursday 12 March 2026 is a working day.
    seen_before, received_then = assigned(
        town_workspace,
        tmp_path,
        ("2026-03-12T09:00", "2026-03-09T09:00"),
        ("2026-03-12T09:00", ""),
    )
    assert seen_before["due_at"] == received_then["due_at"]
    assert seen_before["due_at"].startswith("2026-03-12")


def test_without_a_time_of_receipt_it_is_now(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    hands.set("2026-03-13 09:00")
    (row,) = assigned(town_workspace, tmp_path, ("", "2026-03-09T09:00"))
    assert row["due_at"].startswith("2026-03-13")


def test_an_observation_that_cannot_be_read_is_told_and_receipt_serves(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    (row,) = assigned(town_workspace, tmp_path, ("2026-03-12T09:00", "yesterday"))
    assert row["edition"] == "town"
    assert row["warning"] == "time_unreadable: yesterday"


def test_both_times_are_kept_with_the_report(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    assigned(town_workspace, tmp_path, ("2026-03-11T08:07", "2026-03-10T07:06"))
    _, found = town_workspace.reports(since="2026-03-11T08:07", until="2026-03-11T08:08")
    assert found[0]["received_at"].isoformat() == "2026-03-11T08:07:00+08:00"
    assert found[0]["observed_at"].isoformat() == "2026-03-10T07:06:00+08:00"
