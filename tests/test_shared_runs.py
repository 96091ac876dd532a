"""What the processes of one test run share, and how the tests are handed out to them."""

from __future__ import annotations

import os
import time
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import groups
from tests.shared import made_once, share_folder

HERE = Path(__file__).parent


def _ask(folder: str, number: int) -> int:
    os.environ["GRIDMAP_TESTS_SHARED"] = folder

    def make() -> int:
        with Path(folder, "makers").open("a") as stream:
            stream.write("x")
        time.sleep(0.1)  # the others come meanwhile
        return number

    return int(made_once("thing", make))


def test_of_several_processes_one_makes_a_thing_and_all_have_it(tmp_path: Path) -> None:
    with get_context("spawn").Pool(3) as pool:
        found = pool.starmap(_ask, [(str(tmp_path), number) for number in range(3)])
    assert len(set(found)) == 1
    assert (tmp_path / "makers").read_text() == "x"


def test_what_could_not_be_made_is_made_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDMAP_TESTS_SHARED", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        made_once("thing", lambda: 1 // 0)
    assert made_once("thing", lambda: 1) == 1
    assert made_once("thing", lambda: 2) == 1


def test_the_folder_of_a_run_is_the_same_for_all_its_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Factory:
        def __init__(self, worker: str) -> None:
            self.own = tmp_path / worker
            self.own.mkdir()

        def getbasetemp(self) -> Path:
            return self.own

    monkeypatch.setenv("GRIDMAP_TESTS_SHARED", "")
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    found = {share_folder(Factory(worker)) for worker in ("gw0", "gw1")}  # type: ignore[arg-type]
    assert found == {tmp_path / "shared"}


@pytest.mark.parametrize("name", groups.LONGEST)
def test_each_long_group_is_there(name: str) -> None:
    module = HERE / f"test_{name.partition('-')[0]}.py"
    named = f'xdist_group("{name}")'
    others = (path for path in HERE.glob("test_*.py") if path != module)
    assert module.exists() or any(named in path.read_text(encoding="utf-8") for path in others)


def test_the_longest_groups_come_first_and_the_others_stay_in_their_order() -> None:
    class Item(SimpleNamespace):
        def get_closest_marker(self, _: str) -> SimpleNamespace:
            return SimpleNamespace(args=(self.name,))

    long, longer = groups.LONGEST[1], groups.LONGEST[0]
    items = [
        Item(name=name, path=HERE / "test_any.py") for name in ("b", long, "a", longer, "b", long)
    ]
    early = Item(name=long, path=HERE / f"{groups.UNTOUCHED[0]}.py")
    items.append(early)
    groups.order(items)  # type: ignore[arg-type]
    assert [item.name for item in items] == [longer, long, long, long, "b", "a", "b"]
    assert items[1] is early


def test_a_module_is_one_group_and_over_filled_stores_one_a_kind(
    request: pytest.FixtureRequest,
) -> None:
    given = SimpleNamespace(params={"api_store": "postgis", "other": "x"})
    item = SimpleNamespace(path=HERE / "test_api_areas.py", callspec=given)
    assert groups._group(item) == "api_areas-postgis"  # type: ignore[arg-type]
    assert groups._group(request.node) == "shared_runs"
