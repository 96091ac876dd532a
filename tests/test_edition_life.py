"""Random lives of editions, beside a model of a few lines of plain Python."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gridmap.errors import Conflict
from gridmap.settings import Settings
from gridmap.store import Store
from gridmap.workspace import Workspace
from tests.edition_data import MERGED, OLD, SPLIT, Moving, answers, march, put
from tests.store_data import square

CONTENTS = (OLD, MERGED, SPLIT, {"G1": [(0, 0)], "G9": [(1, 0), (2, 0), (3, 0)]})
DAYS = st.integers(1, 40)
# Middles of the first cells: column, row.
PLACES = [(column, row) for column in range(4) for row in range(2)]


def day(number: int) -> datetime:
    return march(1) + timedelta(days=number)


class Life(RuleBasedStateMachine):
    """The model: drafts by name, published ones by day, both with the number of a content."""

    made: str
    where: str

    def __init__(self) -> None:
        super().__init__()
        self.drafts: dict[str, int] = {}
        self.published: dict[int, tuple[str, int]] = {}
        self.retired: list[str] = []
        self.today = 0
        self.count = 0

    @initialize()
    def open(self) -> None:
        shutil.copyfile(self.made, self.where)
        self.clock = Moving(day(0))
        store = Store.open(self.where, clock=self.clock)
        self.workspace = Workspace(store, settings=Settings(), clock=self.clock)

    def teardown(self) -> None:
        if hasattr(self, "workspace"):
            self.workspace.close()

    def next_name(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def in_force(self, number: int) -> tuple[str, int] | None:
        before = [start for start in self.published if start <= number]
        return self.published[max(before)] if before else None

    # -- what may happen ------------------------------------------------------------

    @rule(content=st.integers(0, len(CONTENTS) - 1))
    def draw(self, content: int) -> None:
        name = self.next_name()
        put(self.workspace.store, name, CONTENTS[content])
        self.drafts[name] = content

    @precondition(lambda self: self.drafts or self.published)
    @rule(data=st.data())
    def draft_from(self, data: st.DataObject) -> None:
        known = {**self.drafts, **dict(self.published.values())}
        source = data.draw(st.sampled_from(sorted(known)))
        name = self.next_name()
        self.workspace.draft(name, source=source, commit=True)
        self.drafts[name] = known[source]
        assert self.workspace.store.edition(name).based_on == source

    @precondition(lambda self: self.drafts)
    @rule(data=st.data(), start=DAYS)
    def publish(self, data: st.DataObject, start: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.drafts)))
        publish = {"effective_from": day(start), "accept_faults": "x", "commit": True}
        # It may have been drafted from whatever there is.
        publish["accept_replaced"] = "x"
        if start in self.published:
            with pytest.raises(Conflict):
                self.workspace.publish(name, **publish)
        else:
            self.workspace.publish(name, **publish)
            self.published[start] = name, self.drafts.pop(name)

    @precondition(lambda self: self.published)
    @rule(data=st.data())
    def retire(self, data: st.DataObject) -> None:
        start = data.draw(st.sampled_from(sorted(self.published)))
        name = self.published[start][0]
        if start <= self.today:
            with pytest.raises(Conflict):
                self.workspace.retire(name, why="x", commit=True)
        else:
            self.workspace.retire(name, why="x", commit=True)
            del self.published[start]
            self.retired.append(name)

    @precondition(lambda self: self.published)
    @rule(data=st.data(), start=DAYS)
    def roll_back(self, data: st.DataObject, start: int) -> None:
        began = data.draw(st.sampled_from(sorted(self.published)))
        former, content = self.published[began]
        words = {"to": former, "effective_from": day(start), "why": "x", "commit": True}
        before = [one for one in self.published if one < start]
        replaced = self.published[max(before)] if before else None
        possible = (
            began < start
            and start not in self.published
            and replaced is not None
            and self.root(replaced[0]) != self.root(former)
        )
        if not possible:
            with pytest.raises(Conflict):
                self.workspace.rollback(**words)
        else:
            past = answers(self.workspace, day(began))
            name = self.workspace.rollback(**words).edition
            self.published[start] = name, content
            assert answers(self.workspace, day(start)) == past

    def root(self, name: str) -> str:
        return name.split(" (", maxsplit=1)[0]

    @rule(days=st.integers(1, 8))
    def wait(self, days: int) -> None:
        self.today += days
        self.clock.now = day(self.today)

    # -- what must hold -------------------------------------------------------------

    @rule(number=st.integers(-1, 45))
    def locate(self, number: int) -> None:
        expected = self.in_force(number)
        for column, row in PLACES:
            middle = square(column, row).centroid
            found = self.workspace.locate(middle.x, middle.y, at=day(number))
            assert found.edition == (expected[0] if expected else None)
            cells = CONTENTS[expected[1]] if expected else {}
            code = next((c for c, held in cells.items() if (column, row) in held), None)
            assert found.areas.get("grid") == code

    @rule()
    def list(self) -> None:
        states = {one["name"]: one["state"] for one in self.workspace.editions()}
        assert states == {
            **dict.fromkeys(self.drafts, "draft"),
            **dict.fromkeys((name for name, _ in self.published.values()), "published"),
            **dict.fromkeys(self.retired, "retired"),
        }

    @rule()
    def list_retired_codes(self) -> None:
        order = [CONTENTS[content] for _, (_, content) in sorted(self.published.items())]
        gone = [code for former, later in pairwise(order) for code in former if code not in later]
        assert sorted(one["code"] for one in self.workspace.retired_codes()) == sorted(gone)


def test_lives_of_editions_follow_the_model(tmp_path, made_store):
    class Here(Life):
        made = made_store("geopackage")
        where = str(tmp_path / "life.gpkg")

    Here.TestCase.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
    Here.TestCase().runTest()
