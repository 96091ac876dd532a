"""A sheet that cannot be made is named at the end, and takes no other with it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gridmap.errors import NotInstalled
from gridmap.sheets import crew
from gridmap.sheets.folder import make_sheets, renew_sheets, stale_sheets
from gridmap.sheets.manifest import read
from gridmap.sheets.model import Named, Request
from tests.sheet_town import changed, town

GRIDS = 16


@dataclass(frozen=True, slots=True)
class Faulty(Named):
    """A name that cannot be said."""

    def say(self, lang: str) -> str:
        raise RuntimeError("no such name")


@dataclass(frozen=True, slots=True)
class Deadly(Named):
    """A name that ends the process which says it."""

    def say(self, lang: str) -> str:
        os._exit(9)


def boards(*codes: str) -> list[Request]:
    return [Request("board", "grid", f"G{n:02d}") for n in range(GRIDS)] + [
        Request("board", "estate", code) for code in codes
    ]


def with_firm(code: str, firm: Named):
    """A town of many grids with an estate whose firm, which its own sheet alone names, is this."""
    district = town(grids=GRIDS)
    estate = replace(district.estates[code], firm=firm)
    return changed(district, estates={**district.estates, code: estate})


def missed(made) -> list[tuple[str, str]]:
    return [(one.request.code, one.why) for one in made.failed]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_fault_in_one_sheet_is_told_and_all_others_are_made(
    tmp_path: Path, processes: int
) -> None:
    district = with_firm("E1", Faulty("东苑物业"))
    seen: list[tuple[int, int | None]] = []
    made = make_sheets(
        district, boards("E1", "E2"), tmp_path, processes=processes,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert (made.written, made.kept) == (GRIDS + 1, 0)
    assert missed(made) == [("E1", "RuntimeError: no such name")]
    assert seen[-1] == (GRIDS + 2, GRIDS + 2)
    assert "board-estate-E1-a4" not in read(tmp_path)
    assert not list(tmp_path.glob("board-estate-E1*"))
    # Mended, it is the only one that is still to be made.
    again = make_sheets(town(grids=GRIDS), boards("E1", "E2"), tmp_path)
    assert (again.written, again.kept, again.failed) == (1, GRIDS + 1, ())


def test_a_sheet_that_ends_its_process_is_told_and_all_others_are_made(tmp_path: Path) -> None:
    district = with_firm("E2", Deadly("西里物业"))
    order = boards("E1", "E2")
    order.insert(3, order.pop())
    made = make_sheets(district, order, tmp_path / "two", processes=2)
    assert missed(made) == [("E2", "the process that made it came to its end")]
    assert made.written == len(order) - 1
    whole = make_sheets(town(grids=GRIDS), boards("E1"), tmp_path / "one", processes=1)
    assert whole.written == made.written
    for path in (tmp_path / "one").glob("*.html"):
        if path.name != "index.html":
            assert (tmp_path / "two" / path.name).read_bytes() == path.read_bytes()


def test_processes_that_cannot_begin_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_MOST_ENDED", 1)
    district = changed(town(grids=GRIDS), site=Unreadable())
    with pytest.raises(crew.BrokenProcessPool):
        list(crew.work_off(district, [crew.Job(r, False, None) for r in boards()], tmp_path,
                           processes=2))  # fmt: skip


class Unreadable(dict):
    """Site data that no other process can take over."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_sheet_that_fails_when_it_is_made_anew_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sheets(town(), [Request("card", "estate", "E1"), Request("card", "estate", "E2")],
                tmp_path)  # fmt: skip
    before = (tmp_path / "card-estate-E1-a4.html").read_bytes()
    phones = [{**post, "work_phone": "0990-5559999"} for post in town().posts]
    newer = changed(town(), posts=phones)
    monkeypatch.setattr(crew, "render", _no_room)
    made = renew_sheets(newer, tmp_path)
    assert (made.written, made.kept) == (0, 0)
    assert missed(made) == [("E1", "RuntimeError: no room"), ("E2", "RuntimeError: no room")]
    assert (tmp_path / "card-estate-E1-a4.html").read_bytes() == before
    # It is still on the list of those to print again.
    assert [one.request.code for one in stale_sheets(newer, tmp_path)] == ["E1", "E2"]


def _no_room(*_args, **_more):
    raise RuntimeError("no room")


def test_without_weasyprint_no_sheet_is_begun(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(NotInstalled, match=r"gridmap\[print\]"):
        make_sheets(town(), [Request("card", "estate", "E1")], tmp_path, pdf=True)
    assert not list(tmp_path.glob("card-*"))
