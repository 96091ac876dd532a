"""Rules and responsibilities by version: old decisions are made again exactly, in both stores."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date
from importlib.resources import as_file

import pandas as pd
import pytest

from gridmap.access import Actor
from gridmap.errors import BadCode, BadValue, NotAllowed, NotFound
from gridmap.routing import Overlay
from tests.moves_town import CATALOGUES, STAYS, at, fill_town, open_town, send
from tests.route_town import EAST, WEST, estate_map, rectangle

ESTATE, STREET = (1.2, 1.3), (0.2, 0.2)
SPOTS = [(ESTATE, "0601"), (STREET, "0103"), (STAYS, "0301"), ((6.1, 6.3), "0101")]


@pytest.fixture
def town(store_url):
    with open_town(store_url) as (workspace, hands):
        fill_town(workspace)
        yield workspace, hands


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def litter_goes_to_enforcement(folder):
    """A site's catalogue in which much is otherwise."""
    from gridmap.tables import package_data

    with as_file(package_data("gridmap.routing", "catalogue.csv")) as path:
        frame = pd.read_csv(path, dtype=str)
    frame.loc[frame["code"] == "0103", ["department", "limit_amount", "level"]] = ["CG", "9", "X"]
    frame.to_csv(folder / "catalogue.csv", index=False)
    return folder / "catalogue.csv"


# -- importing rules ----------------------------------------------------------------------------


def test_an_import_is_a_dry_run_that_tells_the_changes_item_by_item(town, tmp_path):
    workspace, _ = town
    path = litter_goes_to_enforcement(tmp_path)
    before = workspace.book.version
    found = workspace.import_rules(path)
    assert not found.committed
    (change,) = found.changes
    assert (change.table, change.key, change.what) == ("catalogue", "0103", "changed")
    assert change.cells == {
        "department": ("HW", "CG"), "level": ("G", "X"), "limit_amount": ("2", "9"),
    }  # fmt: skip
    assert workspace.book.version == before
    done = workspace.import_rules(path, commit=True, note="年度调整")
    assert done.committed
    assert workspace.book.version == found.version == workspace.store.rules_in_use()
    assert workspace.book.catalogue.item("0103").department == "CG"
    assert workspace.rules_in_use()["imports"][0]["note"] == "年度调整"


def test_an_import_names_the_files_that_it_passed_over(town, tmp_path):
    workspace, _ = town
    folder = tmp_path / "rules"
    (folder / "extra").mkdir(parents=True)
    litter_goes_to_enforcement(folder)
    write(folder, "case_rules.csv", "rule,amount,unit\nconfirm,2,working_hour\n")
    write(folder, "notes.yaml", "a: 1\n")
    write(folder, ".hidden", "")
    write(folder / "extra", "catalog.csv", "code\n")
    found = workspace.import_rules(folder)
    assert found.tables == ("catalogue",)
    assert found.passed_over == ("case_rules.csv", "notes.yaml", "extra/catalog.csv")
    assert workspace.import_rules(folder / "catalogue.csv").passed_over == ()
    (folder / "catalogue.csv").unlink()
    with pytest.raises(BadValue, match="no table of rules") as refused:
        workspace.import_rules(folder)
    assert "catalogue.csv" in refused.value.allowed


def test_rules_that_are_in_use_already_change_nothing(town, tmp_path):
    workspace, _ = town
    path = litter_goes_to_enforcement(tmp_path)
    workspace.import_rules(path, commit=True)
    again = workspace.import_rules(path, commit=True)
    assert (again.changes, again.committed) == ((), False)
    assert len(workspace.store.rule_uses()) == 1


def test_tables_add_up_over_imports_unless_replaced(town, tmp_path):
    workspace, _ = town
    workspace.import_rules(litter_goes_to_enforcement(tmp_path), commit=True)
    roads = write(tmp_path, "road_classes.csv", "road_class,department,half_width_m\nalley,SQ,3\n")
    workspace.import_rules(roads, commit=True)
    assert workspace.book.catalogue.item("0103").department == "CG"
    assert list(workspace.book.road_classes) == ["alley"]
    workspace.import_rules(roads, replace=True, commit=True)
    assert workspace.book.catalogue.item("0103").department == "HW"


def test_a_faulty_table_is_refused_with_its_place_and_nothing_is_stored(town, tmp_path):
    workspace, _ = town
    path = write(tmp_path, "road_classes.csv", "road_class,department,half_width_m\nlane,SQ,3\n")
    with pytest.raises(BadValue, match=r"road_classes\.csv, row 2, column 'road_class'"):
        workspace.import_rules(path, commit=True)
    assert workspace.store.rules_in_use() is None


def test_another_process_decides_by_the_new_rules(town, store_url, tmp_path, monkeypatch):
    from gridmap.workspace import base

    monkeypatch.setattr(base, "REFRESH_SECONDS", 0.0)
    workspace, _ = town
    with open_town(store_url) as (other, _):
        assert other.book.catalogue.item("0103").department == "HW"
        workspace.import_rules(litter_goes_to_enforcement(tmp_path), commit=True)
        assert other.book.catalogue.item("0103").department == "CG"


def test_the_rules_folder_stands_before_what_was_imported(town, store_url, tmp_path):
    from gridmap.settings import Settings
    from gridmap.workspace import open_workspace

    workspace, hands = town
    workspace.import_rules(litter_goes_to_enforcement(tmp_path), commit=True)
    own = tmp_path / "own"
    own.mkdir()
    with open_workspace(settings=Settings(store=store_url, rules=own), clock=hands) as other:
        assert other.book.catalogue.item("0103").department == "HW"
        assert other.import_rules(own.parent / "catalogue.csv").hidden


# -- several catalogues ---------------------------------------------------------------------------


def test_reports_are_routed_by_the_catalogue_that_they_name(town):
    workspace, _ = town
    workspace.import_rules(CATALOGUES, commit=True)
    ours = workspace.report(send(workspace, STREET, "a"))
    eighty = workspace.report(send(workspace, STREET, "b", item="B01", catalogue="eighty"))
    duties = workspace.report(send(workspace, ESTATE, "c", item="02-1", catalogue="duties"))
    assert [r["catalogue"] for r in (ours, eighty, duties)] == ["default", "eighty", "duties"]
    assert [r["department"] for r in (ours, eighty, duties)] == ["HW", "CG", "WY:F001"]
    assert eighty["handling_level"] == "G"


def test_an_item_of_another_catalogue_is_unknown(town):
    workspace, _ = town
    workspace.import_rules(CATALOGUES, commit=True)
    with pytest.raises(BadCode, match="'eighty' has no item"):
        send(workspace, STREET, "a", item="0101", catalogue="eighty")
    with pytest.raises(BadValue, match="no such catalogue"):
        send(workspace, STREET, "b", catalogue="ninety")


@pytest.mark.parametrize(("name", "count"), [("eighty", 80), ("duties", 96)])
def test_assign_routes_every_item_of_a_catalogue_as_posting_them_does(town, tmp_path, name, count):
    workspace, _ = town
    workspace.import_rules(CATALOGUES, commit=True)
    items = list(workspace.books.of(name).catalogue.codes)
    assert len(items) == count
    lon, lat = at(*STREET)
    frame = pd.DataFrame({"lon": lon, "lat": lat, "item": items})
    frame.to_csv(tmp_path / "in.csv", index=False)
    workspace.assign(
        tmp_path / "in.csv", tmp_path / "out.csv", item="item", catalogue=name, coord_sys="wgs84"
    )
    out = pd.read_csv(tmp_path / "out.csv", dtype=str, keep_default_na=False)
    assert (out["handling_level"] != "").all()
    for n in range(0, count, 9):
        number = send(workspace, STREET, f"{n:04}", item=items[n], catalogue=name)
        sent = workspace.report(number)
        assert (sent["department"] or "") == out["department"][n]
        assert sent["handling_level"] == out["handling_level"][n]


def test_an_overlay_names_the_items_of_a_further_catalogue_with_its_name(town):
    workspace, _ = town
    workspace.import_rules(CATALOGUES, commit=True)
    since = {"source": "会议纪要", "valid_from": date(2026, 1, 1)}
    one = Overlay("U1", "ruling", "裁定", owner="YL", items=("eighty:B01",), **since)
    workspace.put_records("overlays", [asdict(one) | {"geom": rectangle(0, 0, 0.5, 0.5)}])
    number = send(workspace, STREET, "a", item="B01", catalogue="eighty")
    assert workspace.report(number)["department"] == "YL"
    assert workspace.report(send(workspace, STREET, "b", item="0201"))["department"] == "CG"


# -- replay ---------------------------------------------------------------------------


def change_everything(workspace, hands, folder):
    """Rules, overlays, parties, posts and the edition are others a month later."""
    hands.set("2026-04-15 10:00")
    workspace.import_rules(litter_goes_to_enforcement(folder), commit=True)
    overlays = [
        asdict(replace(o, managed=False, owner="")) | {"geom": shape}
        for o, shape in zip(estate_map().overlays, estate_map().geometry, strict=True)
        if o.code != "E03"
    ]
    workspace.put_records("overlays", overlays, replace=True)
    firms = [
        {"code": "WY:F001", "name": "改名物业", "name_en": "Renamed", "phone": ""},
    ]
    workspace.put_records("parties", firms)
    workspace.put_records("posts", [], replace=True)
    workspace.publish("redrawn", effective_from="2026-05-01", commit=True)
    hands.set("2026-05-20 10:00")


def test_last_months_decisions_are_made_again_exactly_after_everything_changed(town, tmp_path):
    workspace, hands = town
    numbers = [
        send(workspace, spot, f"n{n}-{accuracy}", item=item, accuracy_m=accuracy)
        for n, (spot, item) in enumerate(SPOTS)
        for accuracy in (None, 25.0)
    ]
    before = [workspace.report(number) for number in numbers]
    change_everything(workspace, hands, tmp_path)
    for number, then in zip(numbers, before, strict=True):
        found = workspace.replay(number)
        assert (found["same"], found["differences"]) == (True, [])
        for name in ("department", "co_departments", "handling_level", "due_at", "explanation"):
            assert found["replayed"][name] == then[name], name
        assert found["replayed"]["department_name"] == then["department_name"]
        assert found["made_by"]["edition"] == "town"
        assert found["made_by"]["edition_today"] == "redrawn"


def test_beside_the_replay_stands_what_would_be_decided_today(town, tmp_path):
    workspace, hands = town
    estate = send(workspace, ESTATE, "estate", item="0601")
    street = send(workspace, STREET, "street", item="0103")
    change_everything(workspace, hands, tmp_path)
    found = workspace.replay(estate)
    assert found["replayed"]["department"] == "WY:F001"
    # Open now, and in the community that was given away.
    assert found["today"]["department"] == f"SQ:{EAST}003"
    assert {"department", "explanation", "first_responder"} <= set(found["changed"])
    found = workspace.replay(street)
    assert (found["replayed"]["department"], found["today"]["department"]) == ("HW", "CG")
    assert found["today"]["handling_level"] == "X"


def test_nothing_changed_is_nothing_told(town):
    workspace, _ = town
    found = workspace.replay(send(workspace, ESTATE, "a", item="0601"))
    assert (found["same"], found["changed"]) == (True, [])
    made_by = found["made_by"]
    assert made_by["rules"] == made_by["rules_today"]
    assert made_by["responsibilities"] == made_by["responsibilities_today"]


def test_a_replay_notices_that_a_stored_decision_was_tampered_with(town):
    from sqlalchemy import update

    from gridmap.store.schema_district import report_routes

    workspace, _ = town
    number = send(workspace, ESTATE, "a", item="0601")
    with workspace.store._database.write() as connection:
        connection.execute(update(report_routes).values(department="SZ"))
    found = workspace.replay(number)
    assert (found["same"], found["differences"]) == (False, ["department"])


def test_a_report_that_nobody_could_place_is_replayed_too(town):
    workspace, _ = town
    number = send(workspace, (30.0, 30.0), "far")
    assert workspace.replay(number)["same"]


def test_a_replay_is_for_staff_and_needs_a_report_whose_versions_were_kept(town):
    workspace, _ = town
    with pytest.raises(NotFound, match="no such report"):
        workspace.replay(999)
    number = send(workspace, STREET, "a")
    with pytest.raises(NotAllowed):
        workspace.replay(number, actor=Actor.resident())
    from sqlalchemy import update

    from gridmap.store.schema_district import report_routes

    with workspace.store._database.write() as connection:
        connection.execute(update(report_routes).values(rules_id=None))
    with pytest.raises(NotFound, match="not known by what"):
        workspace.replay(number)


def test_what_was_replaced_is_kept_with_its_time_and_the_same_is_kept_once(town, tmp_path):
    from sqlalchemy import func, select

    from gridmap.store.schema_rules import responsibilities, responsibility_states

    workspace, hands = town

    def count(table):
        with workspace.store._database.read() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    for n in range(3):
        send(workspace, STREET, f"same-{n}")
    records, states = count(responsibilities), count(responsibility_states)
    one = next(o for o in estate_map().overlays if o.code == "E01")
    shape = next(
        s
        for o, s in zip(estate_map().overlays, estate_map().geometry, strict=True)
        if o is one or o.code == "E01"
    )
    for n in range(30):
        hands.set(f"2026-04-{n % 28 + 1:02} 09:00")
        changed = replace(one, name=f"锦禾苑{n}")
        workspace.put_records("overlays", [asdict(changed) | {"geom": shape}])
    assert count(responsibilities) == records + 30
    assert count(responsibility_states) == states + 30
    number = send(workspace, ESTATE, "after", item="0601")
    assert workspace.replay(number)["same"]
    assert f"锦禾苑{29}" in str(workspace.replay(number)["replayed"]["explanation"])
    assert WEST


def fails_half_way(workspace, party):
    with workspace.as_one_change():
        workspace.put_records("parties", [party | {"name": "丁物业"}])
        workspace.put_records("nothing", [])


def test_imports_that_are_one_change_keep_one_state_and_a_failed_one_keeps_what_came_before(town):
    from sqlalchemy import func, select

    from gridmap.store.schema_rules import responsibility_states

    def states():
        with workspace.store._database.read() as connection:
            query = select(func.count()).select_from(responsibility_states)
            return connection.execute(query).scalar_one()

    workspace, _ = town
    before = states()
    party = workspace.store.records("parties")[0]
    with workspace.as_one_change():
        for name in ("甲物业", "乙物业", "丙物业"):
            workspace.put_records("parties", [party | {"name": name}])
        assert states() == before
    assert states() == before + 1
    with pytest.raises(BadValue):
        fails_half_way(workspace, party)
    assert states() == before + 2
    workspace.put_records("parties", [party | {"name": "戊物业"}])
    assert states() == before + 3


def test_the_person_in_charge_is_told_to_staff_alone(town):
    workspace, _ = town
    river = Overlay("R1", "river", "月牙河一段", owner="SW", contact="演示河长 0990-5550000")
    workspace.put_records("overlays", [asdict(river) | {"geom": rectangle(0, 0, 0.5, 0.5)}])
    number = send(workspace, STREET, "a", item="0406")
    staff = workspace.report(number)
    assert staff["contacts"] == [
        {"overlay": "R1", "name": "月牙河一段", "contact": "演示河长 0990-5550000"}
    ]
    assert any("河段“月牙河一段”设有河长" in said for said in staff["explanation"])
    sender = workspace.report(number, actor=Actor.resident(), own=True)
    assert "演示河长" not in str(sender)
    assert sender["catalogue"] == "default"
