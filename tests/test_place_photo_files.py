"""Tables of places that name photos: read with every fault located, written and read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gridmap.access import Actor
from gridmap.errors import BadValue, UnreadableFile
from gridmap.places.photo_files import cell_name
from gridmap.settings import Settings
from gridmap.tables import FaultyTable
from gridmap.workspace import Workspace, open_workspace
from tests.cli_district import gridmap
from tests.conftest import KINDS
from tests.place_pictures import picture

pytest_plugins = ["tests.demo_stores"]

HEADER = "编号,类别,名称,经度,纬度,坐标系,照片,照片说明,照片英文说明,照片来源,照片公开范围"
ROW = "P1,canteen,东苑食堂,117.003,36.603,wgs84"


@pytest.fixture(scope="module", params=KINDS)
def site(
    request: pytest.FixtureRequest, new_url: Callable[[str], tuple[str, str]]
) -> Iterator[Workspace]:
    """A store without areas, of either kind."""
    with open_workspace(settings=Settings(store=new_url(request.param)[0], photo_mb=1)) as opened:
        yield opened


@pytest.fixture
def workspace(site: Workspace) -> Workspace:
    """The store without places."""
    site.put_records("places", [], replace=True)
    return site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pictures, one of them in a folder of its own, and things that are none."""
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "正门.jpg").write_bytes(picture("teal"))
    (tmp_path / "side.png").write_bytes(picture("red", kind="PNG"))
    (tmp_path / "note.jpg").write_bytes(b"this is no picture")
    (tmp_path / "big.jpg").write_bytes(b"x" * 1_000_001)
    return tmp_path


def table(folder: Path, *rows: str, header: str = HEADER, name: str = "places.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def told(workspace: Workspace, code: str = "P1") -> list[tuple[str, str, str]]:
    photos = workspace.photos_seen(Actor.operator()).get(code, [])
    return [(one["caption"], one["credit"], one["shown_to"]) for one in photos]


def test_files_beside_the_table_become_photos_in_their_order(
    workspace: Workspace, folder: Path
) -> None:
    path = table(folder, f"{ROW},p/正门.jpg|side.png,正门|侧门，有坡道,Front,社区,公开|内部")
    dry = workspace.import_records("places", path)
    assert (dry.rows, dry.photos, told(workspace)) == (1, 2, [])
    done = workspace.import_records("places", path, commit=True)
    assert (done.added, done.photos) == (1, 2)
    assert told(workspace) == [("正门", "社区", "public"), ("侧门，有坡道", "社区", "staff")]
    first = workspace.photos_seen(Actor.resident())["P1"]
    assert [one["caption_en"] for one in first] == ["Front"]
    # The same table once more changes nothing; another order is another first photo.
    workspace.import_records("places", path, commit=True)
    assert len(told(workspace)) == 2
    table(folder, f"{ROW},side.png；p/正门.jpg,侧门|正门,,,")
    workspace.import_records("places", path, commit=True)
    assert [caption for caption, _, _ in told(workspace)] == ["侧门", "正门"]
    table(folder, f"{ROW},side.png,侧门,,,")
    workspace.import_records("places", path, commit=True)
    assert [caption for caption, _, _ in told(workspace)] == ["侧门"]


def test_a_table_that_names_none_leaves_the_photos_that_there_are(
    workspace: Workspace, folder: Path
) -> None:
    workspace.import_records("places", table(folder, f"{ROW},side.png,侧门,,,"), commit=True)
    for row, header in ((ROW, HEADER[: HEADER.index(",照片")]), (f"{ROW},,,,,", HEADER)):
        workspace.import_records("places", table(folder, row, header=header), commit=True)
        assert [caption for caption, _, _ in told(workspace)] == ["侧门"]
    link = table(folder, f"{ROW},https://example.org/a.jpg,,,,")
    workspace.import_records("places", link, commit=True)
    assert workspace.store.records("places")[0]["photo"] == "https://example.org/a.jpg"
    assert [caption for caption, _, _ in told(workspace)] == ["侧门"]


def test_every_file_that_cannot_be_taken_is_located(workspace: Workspace, folder: Path) -> None:
    outside = folder.parent / "outside.jpg"
    outside.write_bytes(picture())
    (folder / "link.jpg").symlink_to(outside)
    cells = {
        "none.jpg,,,,": "'照片' names the file 'none.jpg', which is not there",
        "p,,,,": "'照片' names the file 'p', which is not there",
        "note.jpg,,,,": "'照片' names the file 'note.jpg', which is not taken: This is no photo",
        "big.jpg,,,,": "'照片' names the file 'big.jpg', which is too large: 1,000,001 bytes",
        "../outside.jpg,,,,": "'照片' names '../outside.jpg', which is not below the table's own",
        "link.jpg,,,,": "'照片' names 'link.jpg', which is not below the table's own folder",
        f"{outside},,,,": f"'照片' names '{outside}', which is not below the table's own folder",
        f"{'x' * 300}.jpg,,,,": f"'照片' names '{'x' * 40}', which is no name of a file",
        "C:\\a.jpg,,,,": "'照片' names 'C:\\a.jpg', which is not below the table's own folder",
        "side.png|side.png,,,,": "'照片' names the same picture twice",
        "|".join(["side.png"] * 7) + ",,,,": "'照片' names too many photos",
        "side.png,a|b,,,": "'照片说明' says more than there are photos",
        f"side.png,{'字' * 201},,,": "'照片说明' cannot be taken: 'caption' is too long",
        "side.png,,,,邻居": "'照片公开范围' cannot be taken: A photo is not shown to these",
        "side.png,11010519491231002X,,,": "'照片说明' holds an identity number",
    }  # fmt: skip
    rows = [f"{ROW.replace('P1', f'P{n}')},{cell}" for n, cell in enumerate(cells)]
    with pytest.raises(FaultyTable) as found:
        workspace.import_records("places", table(folder, *rows), commit=True)
    said = [str(one) for one in found.value.faults]
    for n, what in enumerate(cells.values(), start=2):
        assert any(one.startswith(f"places.csv, row {n}, column {what}") for one in said), what
    assert workspace.store.records("places") == []
    assert workspace.store.place_photos() == []


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_what_is_written_is_read_again_and_changes_nothing(
    workspace: Workspace, folder: Path, tmp_path: Path, ending: str
) -> None:
    header = HEADER + ",电话,特色服务,营业时间,无障碍,核对日期,临时关闭"
    rest = ",0990-5550101,助餐、送餐,Mo-Fr 09:00-17:00,是,2026-03-01,2026-05-01/2026-05-03 检修"
    path = table(
        folder,
        f"{ROW},https://example.org/a.jpg|p/正门.jpg|side.png,正门|侧|门,,社区|,内部{rest}",
        "P/2,parcel,快递点,117.004,36.604,wgs84,side.png,,,," + "," * 6,
        "P3,parcel,无照片,117.005,36.605,wgs84,,,,," + "," * 6,
        header=header,
    )
    with pytest.raises(FaultyTable):
        workspace.import_records("places", path)
    table(folder, *path.read_text(encoding="utf-8").replace("侧|门", "侧门").splitlines()[1:],
          header=header)  # fmt: skip
    workspace.import_records("places", path, commit=True)
    places, photos = workspace.store.records("places"), workspace.store.place_photos()
    out = tmp_path / f"out{ending}"
    made = workspace.export_places(out)
    assert (made.rows, made.photos) == (3, 3)
    assert sorted(one.name for one in (tmp_path / "out-photos").iterdir()) == [
        "P%2F2-1.jpg", "P1-1.jpg", "P1-2.jpg",
    ]  # fmt: skip
    again = workspace.import_records("places", out, commit=True)
    assert (again.added, again.changed, again.photos) == (0, 3, 3)
    assert workspace.store.records("places") == places
    assert workspace.store.place_photos() == photos
    workspace.export_places(tmp_path / f"public{ending}", actor=Actor.resident())
    assert [one.name for one in (tmp_path / "public-photos").iterdir()] == ["P%2F2-1.jpg"]


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
@pytest.mark.parametrize("stem", ["食堂、驿站", " a,b，c；d", "x|y｜z", "100%", "平常 名"])
def test_what_is_written_under_any_name_is_read_again(
    workspace: Workspace, folder: Path, tmp_path: Path, stem: str, ending: str
) -> None:
    workspace.import_records("places", table(folder, f"{ROW},p/正门.jpg,正门,,,"), commit=True)
    photos = workspace.store.place_photos()
    out = tmp_path / f"{stem}{ending}"
    assert workspace.export_places(out).photos == 1
    again = workspace.import_records("places", out, commit=True)
    assert (again.added, again.photos) == (0, 1)
    assert workspace.store.place_photos() == photos


def test_folders_of_photos_are_called_as_before_where_nothing_parts_their_names() -> None:
    assert cell_name("平常 名-2.0") == "平常 名-2.0"
    # Two tables never share a folder.
    assert len({cell_name(name) for name in ("a、b", "a,b", "a%2Cb", "a%E3%80%81b")}) == 4
    assert not {*";；,，、|｜"} & {*cell_name("a;b；c,d，e、f|g｜h")}


def test_a_workbook_is_a_table_with_its_rows_as_the_spreadsheet_shows_them(
    workspace: Workspace, folder: Path
) -> None:
    from xlsxwriter import Workbook

    path = folder / "点位.xlsx"
    with Workbook(path) as book:
        sheet = book.add_worksheet("点位")
        sheet.write_row(0, 0, HEADER.split(",")[:7])
        sheet.write_row(1, 0, ["P1", "canteen", "东苑食堂", 117.003, 36.603, "wgs84", "side.png"])
        sheet.write_row(3, 0, ["P2", "canteen", "远处食堂", 117.1, 36.7, "wgs84", "none.jpg"])
    with pytest.raises(FaultyTable, match=r"row 4, column '照片' names the file 'none\.jpg'"):
        workspace.import_records("places", path)
    (folder / "none.jpg").write_bytes(picture("blue"))
    assert workspace.import_records("places", path, commit=True).photos == 2
    assert workspace.store.records("places")[0]["lon"] == 117.003
    (folder / "bad.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    with pytest.raises(UnreadableFile, match="workbook"):
        workspace.import_records("places", folder / "bad.xlsx")
    with pytest.raises(BadValue, match="format"):
        workspace.export_places(folder / "out.pdf")


def test_the_commands_say_how_many_photos(folder: Path) -> None:
    store = str(folder / "site.gpkg")
    with open_workspace(store):
        pass
    path = table(folder, f"{ROW},side.png,侧门,,,")
    args = ["places", "import", str(path), "--kind", "places", "--store", store]
    assert "1 with 1 photos can be imported" in gridmap(*args).stdout
    assert "1 new, 0 changed, 1 photos" in gridmap(*args, "--commit").stdout
    out = gridmap("places", "export", str(folder / "all.csv"), "--store", store).stdout
    assert "1 places, 1 photos in all-photos" in out
    assert (folder / "all-photos" / "P1-1.jpg").is_file()
