"""Sheets from a store of either kind: what is on them, which to print again, the commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import pytest
import shapely
from pypdf import PdfReader
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor
from gridmap.errors import BadValue, NotFound, UnreadableFile
from gridmap.places.model import Place, Post
from gridmap.routing import Overlay
from gridmap.settings import Settings
from gridmap.sheets.folder import INDEX, MANIFEST
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import REMOTE, STREET_GRID, fill
from tests.api_town import STAFF_ONLY, Hands
from tests.cli_district import gridmap
from tests.conftest import KINDS

pytest_plugins = ["tests.demo_stores"]

WORKER = Post("T1", "p1", "演示一", "grid_worker", "basic", "grid", STREET_GRID, "0990-5550001")
CANTEEN = Place("P1", "canteen", "东苑食堂", 117.003, 36.603, phone="0990-5551001")


@pytest.fixture(scope="module")
def hands() -> Hands:
    hands = Hands(None)  # type: ignore[arg-type]
    hands.set("2026-03-12 09:00")
    return hands


@pytest.fixture(scope="module", params=KINDS)
def workspace(
    request: pytest.FixtureRequest,
    new_url: Callable[[str], tuple[str, str]],
    tmp_path_factory: pytest.TempPathFactory,
    hands: Hands,
) -> Iterator[Workspace]:
    """The small district with two estates and data for staff that bear a mark."""
    settings = Settings(store=new_url(request.param)[0], public_url="https://grid.example.org")
    hands.set("2026-03-12 09:00")
    with open_workspace(settings=settings, clock=hands) as opened:
        fill(opened, tmp_path_factory.mktemp("district"))
        other = Overlay("E2", "estate", "西里", managed=False)
        shape = shapely.box(117.032, 36.602, 117.036, 36.606)
        opened.put_records("overlays", [asdict(other) | {"geom": shape}])
        marked = replace(WORKER, name=f"{STAFF_ONLY} name", person=f"{STAFF_ONLY}person")
        opened.put_records("posts", [asdict(marked)])
        yield opened


def put(workspace: Workspace, kind: str, record: Post | Place) -> None:
    workspace.put_records(kind, [asdict(record)])


def test_a_run_that_broke_off_is_gone_on_with(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "sheets"

    def break_off(done: int, total: int | None) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        workspace.make_sheets("board", "grid", out, progress=break_off)
    made = workspace.make_sheets("board", "grid", out)
    assert (made.written, made.kept) == (2, 2)
    index = (out / INDEX).read_text(encoding="utf-8")
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == 4
    # A file that somebody removed is made again; another language is another file.
    next(out.glob("board-grid-G-2-*.html")).unlink()
    assert [s.why for s in workspace.stale_sheets(out)] == [("file_missing",)]
    assert workspace.make_sheets("board", "grid", out).written == 1
    assert workspace.make_sheets("board", "grid", out, lang="en", codes=["G-2"]).written == 1


def test_no_sheet_holds_what_is_for_staff(workspace: Workspace, tmp_path: Path) -> None:
    out = tmp_path / "sheets"
    for kind in ("services", "board", "card"):
        for level in ("estate", "community", "grid"):
            workspace.make_sheets(kind, level, out, pdf=(kind, level) == ("board", "estate"))
    texts = [path.read_text(encoding="utf-8") for path in out.glob("*.html")]
    texts.append((out / MANIFEST).read_text(encoding="utf-8"))
    texts += [
        "".join(page.extract_text() for page in PdfReader(path).pages) for path in out.glob("*.pdf")
    ]
    assert len(texts) > 20
    assert any(WORKER.work_phone in text for text in texts)
    for text in texts:
        assert STAFF_ONLY not in text
        assert "演示一" not in text
    staff = workspace.rosters(date(2026, 3, 12), actor=Actor.operator())
    assert any(STAFF_ONLY in str(post) for post in staff)


def test_the_pages_show_them_and_the_code_leads_there(workspace: Workspace) -> None:
    client = TestClient(create_app(workspace=workspace), client=REMOTE)
    page = client.get("/sheets/services/estate/E1")
    assert page.status_code == 200
    assert "东苑食堂" in page.text
    assert 'class="qr"' in page.text
    printed = client.get("/sheets/board/estate/E1.pdf?paper=a3")
    assert printed.status_code == 200
    assert printed.headers["content-type"] == "application/pdf"
    again = client.get(
        "/sheets/board/estate/E1.pdf?paper=a3",
        headers={"if-none-match": printed.headers["etag"]},
    )
    assert again.status_code == 304
    assert client.get("/sheets/board/grid/" + "文化.东%2F1").status_code == 200
    for address, status in (
        ("/sheets/board/estate/E9", 404),
        ("/sheets/board/estate/E9.pdf", 404),
        ("/sheets/none/estate/E1", 422),
        ("/sheets/board/galaxy/E1", 422),
        ("/sheets/board/estate/E1?paper=a0", 422),
    ):
        assert client.get(address).status_code == status, address


def test_what_cannot_be_made_is_refused_by_name(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="estate"):
        workspace.make_sheets("board", "estate", tmp_path / "o", codes=["E9"])
    with pytest.raises(BadValue, match="a4"):
        workspace.make_sheets("board", "estate", tmp_path / "o", paper="a0")
    with pytest.raises(BadValue, match="services"):
        workspace.make_sheets("poster", "estate", tmp_path / "o")
    with pytest.raises(NotFound, match="no sheets"):
        workspace.stale_sheets(tmp_path)
    (tmp_path / MANIFEST).write_text('{"format": 99}', encoding="utf-8")
    with pytest.raises(UnreadableFile, match="format 99"):
        workspace.stale_sheets(tmp_path)


def test_the_commands_make_and_list(workspace: Workspace, tmp_path: Path) -> None:
    store, out = workspace.settings.store, tmp_path / "sheets"
    put(workspace, "places", CANTEEN)
    made = gridmap(
        "sheets", "make", "--kind", "card", "--for", "estate", "--code", "E1",
        "--out", out, "--store", store,
    )  # fmt: skip
    assert made.exit_code == 0, made.output
    assert "1 sheets written" in made.output
    assert [path.name for path in out.glob("card-*")] == ["card-estate-E1-a4.html"]
    put(workspace, "places", replace(CANTEEN, phone="0990-5551009"))
    listed = gridmap("sheets", "stale", "--out", out, "--json", "-", "--store", store)
    assert listed.exit_code == 0, listed.output
    (row,) = json.loads(listed.stdout)
    assert (row["request"]["code"], row["why"]) == ("E1", ["services"])
    wrong = gridmap(
        "sheets", "make", "--kind", "card", "--for", "estate", "--code", "E9",
        "--out", out, "--store", store,
    )  # fmt: skip
    assert wrong.exit_code == 3
    assert "E9" in wrong.output


def test_which_sheets_to_print_again_follows_posts_places_and_editions(
    workspace: Workspace, tmp_path: Path, hands: Hands
) -> None:
    out = tmp_path / "sheets"
    hands.set("2026-03-12 09:00")
    put(workspace, "posts", WORKER)
    put(workspace, "places", CANTEEN)
    made = workspace.make_sheets("board", "estate", out)
    assert (made.written, made.kept) == (2, 0)
    workspace.make_sheets("services", "estate", out)
    assert workspace.stale_sheets(out) == []

    put(workspace, "posts", replace(WORKER, work_phone="0990-5550009"))
    stale = workspace.stale_sheets(out)
    assert {(s.request.kind, s.request.code, s.why) for s in stale} == {
        ("board", "E1", ("people",)),
    }
    # A name is for staff: no sheet bears it, so none is printed again for it.
    workspace.make_sheets("board", "estate", out)
    put(workspace, "posts", replace(WORKER, work_phone="0990-5550009", name="演示三"))
    assert workspace.stale_sheets(out) == []

    put(workspace, "places", replace(CANTEEN, hours_text="每天11:00—13:00"))
    assert {(s.request.kind, s.why) for s in workspace.stale_sheets(out)} == {
        ("services", ("services",))
    }
    made = workspace.make_sheets("services", "estate", out)
    assert (made.written, made.kept) == (1, 1)

    # Another day, and another edition that changes the grids of one estate alone.
    hands.set("2026-12-31 09:00")
    assert workspace.stale_sheets(out) == []
    hands.set("2027-03-12 09:00")
    found = {(s.request.kind, s.request.code): s.why for s in workspace.stale_sheets(out)}
    assert set(found) == {("board", "E1"), ("services", "E1")}
    assert found["board", "E1"] == ("people", "areas")
    assert found["services", "E1"] == ("areas",)

    gone = Overlay("E2", "estate", "西里", managed=False, valid_to=date(2027, 1, 1))
    shape = shapely.box(117.032, 36.602, 117.036, 36.606)
    workspace.put_records("overlays", [asdict(gone) | {"geom": shape}])
    found = {(s.request.kind, s.request.code): s.why for s in workspace.stale_sheets(out)}
    assert found["board", "E2"] == ("gone",)
