"""Categories of places as a table: the package's, a site's own, faults located, staff only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor, Grant, Role, Scope, Visibility
from gridmap.errors import BadValue, GridmapError, MissingColumn, NotFound
from gridmap.maps.colours import PIN_COLOURS
from gridmap.places.categories import CATEGORY_TABLE, PACKAGED, THEMES, load_categories
from gridmap.places.model import CATEGORIES, Place
from gridmap.places.read import read_places
from gridmap.settings import Settings
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL, NOW, REMOTE

pytest_plugins = ["tests.api_fixtures"]

# Of the service map of an estate, and the stations that grids have.
WANTED = {
    "党群服务中心", "社区食堂/长者助餐点", "养老/日间照料", "托育", "卫生服务", "便民工坊",
    "家政维修", "快递", "充电/车棚", "健身", "调解/律师", "24小时驿站", "应急避难",
    "网格工作站", "共享点", "文明实践站", "网格会客厅",
}  # fmt: skip

OWN = """code,parent,name,name_en,pin,theme,visibility
food,,吃饭,Food,,,
canteen,food,食堂,Canteen,餐,care,public
inside,,值守库,Internal,,,staff
depot,inside,应急物资库,Depot,库,safety,public
fridge,food,爱心冰箱,Shared fridge,冰,care,
"""


def table(folder: Path, text: str) -> Path:
    (folder / CATEGORY_TABLE).write_text(text, encoding="utf-8")
    return folder


def test_the_package_has_all_that_the_service_map_and_the_grids_need() -> None:
    assert {one.label for one in CATEGORIES.values()} >= WANTED
    assert PACKAGED.categories is CATEGORIES
    for one in CATEGORIES.values():
        assert one.visibility is Visibility.PUBLIC
        assert one.label_en != one.label
        assert len(one.pin) == 1
        assert one.pin not in "★☆⚑⚒☭党旗徽" or one.code == "service_centre"
        assert one.group in PACKAGED.branches
    assert set(THEMES) == set(PIN_COLOURS)
    assert PACKAGED.under("care") == {"canteen", "elder_care", "nursery"}


def test_a_site_has_a_tree_of_its_own(tmp_path: Path) -> None:
    tree = load_categories(table(tmp_path, OWN + "hot,food,热食,Hot food,,,\nsoup,hot,汤,,汤,,\n"))
    assert list(tree.categories) == ["canteen", "depot", "fridge", "soup"]
    assert tree.under("food") == {"canteen", "fridge", "soup"}
    assert tree.under("hot") == tree.under("soup") == {"soup"}
    assert tree.categories["soup"].label_en == "汤"
    # A branch for staff hides what is in it, whatever that says itself.
    assert tree.visibility("depot") is Visibility.STAFF
    assert tree.visibility("no such") is Visibility.STAFF
    # The strictest counts: cameras below a branch for staff are for those who supervise.
    eye = load_categories(table(tmp_path, OWN + "eye,inside,探头,Camera,视,safety,restricted\n"))
    assert eye.visibility("eye") is Visibility.RESTRICTED
    assert eye.visibility("depot") is Visibility.STAFF
    worker = Actor.granted("li", [Grant(Role.DISPATCHER, Scope())])
    assert set(eye.seen_by(worker).categories) == {"canteen", "depot", "fridge"}
    seen = tree.seen_by(Actor.resident())
    assert list(seen.branches) == ["food", "hot"]
    assert "depot" not in seen.categories
    assert tree.seen_by(Actor.operator()) is tree
    with pytest.raises(BadValue, match="canteen"):
        tree.under("shop")
    assert load_categories(None).categories == CATEGORIES


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("canteen,food,食堂二,,餐,care,", r"row 7, column 'code' repeats row 3"),
        ("Snack,food,小吃,,吃,,", r"row 7, column 'code' cannot be a code"),
        ("other,food,其他,,他,,", r"row 7, column 'code' cannot be a code"),
        ("snack,shop,小吃,,吃,,", r"row 7, column 'parent' is no branch.*food"),
        ("snack,canteen,小吃,,吃,,", r"row 7, column 'parent' is no branch"),
        ("snack,snack,小吃,,,,", r"row 7, column 'parent' leads back to itself"),
        ("snack,food,小吃,,好吃的,,", r"row 7, column 'pin' does not fit"),
        ("snack,food,小吃,,吃,gold,", r"row 7, column 'theme' has an unknown value.*'gold'"),
        ("snack,food,小吃,,吃,,secret", r"row 7, column 'visibility' has an unknown value"),
        ("snack,food,,,吃,,", r"row 7, column 'name' is empty"),
    ],
)
def test_a_fault_is_named_by_file_row_and_column(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadValue, match=rf"(?s){CATEGORY_TABLE}, {said}"):
        load_categories(table(tmp_path, OWN + line + "\n"))


def test_a_table_without_rows_or_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValue, match="no category"):
        load_categories(table(tmp_path, "code,name\n"))
    with pytest.raises(MissingColumn, match="lacks columns"):
        load_categories(table(tmp_path, "code,pin\na,甲\n"))


def test_an_import_takes_the_categories_of_the_site(tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text(
        "编号,类别,名称,经度,纬度,坐标系\nP1,爱心冰箱,东苑冰箱,117.0,36.6,wgs84\n", encoding="utf-8"
    )
    tree = load_categories(table(tmp_path, OWN))
    (place,) = read_places(file, categories=tree)
    assert place.category == "fridge"
    with pytest.raises(GridmapError, match="row 2, column '类别' has an unknown value"):
        read_places(file)


@pytest.fixture
def site(api_store: str, tmp_path: Path) -> Iterator[Workspace]:
    """The small district with a table of its own, a fridge and a depot for staff."""
    folder = tmp_path / "rules"
    folder.mkdir()
    settings = Settings(store=api_store, rules=table(folder, OWN))
    with open_workspace(settings=settings, clock=frozen_clock(NOW)) as workspace:
        before = workspace.store.records("places")
        places = [
            Place("F1", "fridge", "东苑爱心冰箱", 117.003, 36.603),
            Place("D1", "depot", "东苑物资库", 117.0031, 36.6031),
        ]
        workspace.put_records("places", [asdict(one) for one in places])
        yield workspace
        workspace.put_records("places", before, replace=True)


def test_what_is_for_staff_is_on_no_public_page_file_or_answer(
    site: Workspace, tmp_path: Path
) -> None:
    app = create_app(workspace=site)
    public, staff = TestClient(app, client=REMOTE), TestClient(app, client=LOCAL)
    assert [p["code"] for p in staff.get("/api/places?category=inside").json()["places"]] == ["D1"]
    assert staff.get("/api/places/D1").status_code == 200
    listed = public.get("/api/places").json()["places"]
    assert {one["code"] for one in listed} >= {"F1", "P1"}
    assert "D1" not in {one["code"] for one in listed}
    for path in ("/api/places/D1", "/services/D1"):
        assert public.get(path).status_code == 404
    assert public.post("/api/places/D1/wrong", json={"kind": "moved"}).status_code == 404
    pages = [
        public.get(path).text
        for path in ("/services", "/services?estate=E1", "/sheets/services/estate/E1",
                     "/sheets/card/estate/E1", "/maps/services", "/api/places?text=物资")
    ]  # fmt: skip
    # The pages of residents are the same for everybody.
    pages.append(staff.get("/services").text)
    pages.append(site.map_document("services", actor=Actor.resident()).get_root().render())
    assert "爱心冰箱" in pages[0]
    assert "Shared fridge" in public.get("/services?lang=en").text
    for text in pages:
        assert "物资库" not in text
        assert "值守库" not in text
    assert "物资库" in site.map_document("services").get_root().render()
    rows = site.records("places", actor=Actor.resident())
    assert "D1" not in {row["code"] for row in rows}
    assert "visibility" not in rows[0]


def test_a_category_that_there_is_not_is_told(site: Workspace) -> None:
    client = TestClient(create_app(workspace=site), client=REMOTE)
    assert client.get("/api/places?category=nursery").json()["places"] == []
    with pytest.raises(BadValue, match="no such category"):
        site.edit_place("F1", {"category": "nursery"})
    with pytest.raises(NotFound, match="no such category"):
        site.service_coverage(categories=["nursery"])


def test_a_typing_error_leaves_the_table_in_use(
    site: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    assert site.categories.categories["fridge"].label == "爱心冰箱"
    folder = site.settings.rules
    assert folder is not None
    table(folder, OWN.replace("爱心冰箱", "社区冰箱"))
    assert site.categories.categories["fridge"].label == "社区冰箱"
    table(folder, OWN + "snack,nowhere,小吃,,吃,,\n")
    assert site.categories.categories["fridge"].label == "社区冰箱"
    assert "row 7, column 'parent'" in caplog.text
