"""Places, organisations and rosters of the demo."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest
import shapely

from gridmap.calendar import ChineseCalendar
from gridmap.demo import AREA_LAYERS
from gridmap.demo.offers import load_offers
from gridmap.demo.rosters import MARK
from gridmap.places.hours import read_hours
from gridmap.places.hours.days import plan_of
from gridmap.places.model import CATEGORIES, ORGANISATION_KINDS, POST_KINDS, POST_ROLES
from gridmap.places.read import read_organisations, read_places, read_posts, read_service_items
from gridmap.tables import package_data
from tests.demo_built import district, shapes

SCALES = ("exclusive", "district")
OF_A_SITE = {"case_leader", "centre_staff", "key_keeper"}


def areas(scale):
    return {
        (level, code) for level in AREA_LAYERS for code in district(scale).layers[level]["code"]
    }


@pytest.fixture(params=SCALES)
def files(request, tmp_path):
    """(scale, paths) of the three tables as files."""
    written = district(request.param).write_services(tmp_path)
    return request.param, {path.stem: path for path in written}


def test_the_readers_take_all_three_tables_as_they_are(files):
    scale, paths = files
    built = district(scale)
    assert len(read_places(paths["places"])) == len(built.places)
    organisations = read_organisations(paths["organisations"], areas=areas(scale))
    assert len(organisations) == len(built.organisations)
    assert len(read_posts(paths["rosters"], areas=areas(scale))) == len(built.rosters)


def test_every_category_kind_and_role_occurs_and_no_other():
    built = district()
    assert {offer.category for offer in load_offers()} <= set(CATEGORIES)
    assert set(built.places["category"]) == {offer.category for offer in load_offers()}
    assert len(set(built.places["category"])) > 15
    assert set(built.organisations["kind"]) == set(ORGANISATION_KINDS)
    assert set(built.rosters["kind"]) == set(POST_KINDS)
    # Roles that a site names for a case, an estate or a centre of its own, never a district.
    assert set(built.rosters["role"]) == set(POST_ROLES) - OF_A_SITE


def test_the_hours_of_the_demo_can_be_read_and_mean_what_is_said_of_them():
    for offer in load_offers():
        for hours, _ in offer.hours:
            assert read_hours(hours).rules
    (centre,) = (o for o in load_offers() if o.category == "service_centre")
    plan = plan_of(read_hours(centre.hours[2][0]), date(2026, 11, 23), ChineseCalendar())
    assert [(one.start, one.end) for one in plan.stretches] == [(510, 1080), (1110, 1290)]


def test_the_services_of_the_demo_are_read_as_they_are():
    items = read_service_items(str(package_data("gridmap.demo", "service_items.csv")))
    assert len(items) == len({item.code for item in items}) == 12
    assert all(item.needs and item.steps and item.phone and item.name_en for item in items)


def test_there_are_enough_places_for_a_map():
    counts = district().places["category"].value_counts()
    assert 5 <= counts["service_centre"] <= 12
    for category in ("canteen", "elder_care", "repair"):
        assert 20 <= counts[category] <= 60
    assert len(district().places) > 200


@pytest.mark.parametrize("scale", SCALES)
def test_places_lie_in_the_district_and_no_two_at_one_door(scale):
    places = district(scale).places
    points = shapely.points(places[["lon", "lat"]].to_numpy())
    inside, _ = shapely.STRtree(shapes("subdistrict", scale)).query(points, "within")
    assert sorted(inside.tolist()) == list(range(len(places)))
    assert not places.duplicated(["lon", "lat"]).any()
    assert places["name"].is_unique


def test_places_say_when_they_are_open_in_syntax_and_in_words():
    places = district().places
    assert places["hours"].str.fullmatch(r"[A-Za-z0-9:;,\-/ ]+").all()
    assert places["hours_text"].str.contains(r"[一-龥]").all()
    # Evenings, holidays and past midnight: what a map of opening hours must cope with.
    for part in ("24/7", "PH off", "PH 09:00", "17:00-01:00", "18:30-21"):
        assert places["hours"].str.contains(part, regex=False).any(), part


@pytest.mark.parametrize("table", ["places", "organisations", "rosters"])
def test_phones_are_invented_work_numbers_and_nobody_shares_one(table):
    frame = getattr(district(), table)
    column = "work_phone" if table == "rosters" else "phone"
    phones = frame[column][frame[column] != ""]
    assert phones.str.fullmatch(r"0990-55[56]\d{4}").all()
    owner = frame["person"] if table == "rosters" else frame["code"]
    assert owner.groupby(frame[column]).nunique().drop("", errors="ignore").eq(1).all()


def test_phones_of_places_organisations_and_people_are_apart():
    built = district()
    series = [built.places["phone"], built.organisations["phone"], built.rosters["work_phone"]]
    found = [set(s) - {""} for s in series]
    assert not found[0] & found[1]
    assert not (found[0] | found[1]) & found[2]


def test_the_chain_of_organisations_leads_to_the_work_committee_of_the_same_subdistrict():
    table = district().organisations.set_index("code")
    chain = ["party_group", "party_branch", ("party_committee", "general_branch")]
    groups = table[table["kind"] == "party_group"]
    assert len(groups) > 50
    for code, area in groups["area_code"].items():
        kinds, at = [], code
        while isinstance(table.at[at, "parent_code"], str):
            kinds.append(table.at[at, "kind"])
            at = table.at[at, "parent_code"]
        assert kinds[:2] == chain[:2]
        assert kinds[2] in chain[2]
        assert table.at[at, "kind"] == "party_work_committee"
        assert table.at[at, "area_code"] == area[:9]


def test_organisations_sit_inside_the_area_they_serve():
    built = district()
    table = built.organisations
    for level in ("community", "grid"):
        rows = table[(table["level"] == level) & table["estate_code"].isna()]
        area = built.layers[level].set_index("code").geometry.loc[rows["area_code"]]
        points = shapely.points(rows[["lon", "lat"]].to_numpy())
        assert shapely.intersects(area.to_numpy(), points).mean() > 0.99


def test_every_grid_has_one_worker_at_any_time_and_every_basic_grid_a_lead():
    built = district()
    rosters, grids = built.rosters, built.layers["grid"]
    workers = rosters[rosters["role"] == "grid_worker"]
    for day in ("2025-07-01", "2026-02-28", "2026-03-01", "2026-11-23"):
        on_duty = workers[
            (workers["valid_from"] <= day)
            & (workers["valid_to"].isna() | (workers["valid_to"] > day))
        ]
        assert sorted(on_duty["area_code"]) == sorted(grids["code"])
        assert on_duty["person"].is_unique
    leads = rosters[rosters["role"] == "grid_lead"]["area_code"]
    assert sorted(leads) == sorted(grids.loc[grids["kind"] == "basic", "code"])


def test_one_professional_serves_many_grids_and_one_grid_has_many_members():
    rosters = district().rosters
    professionals = rosters[rosters["role"] == "professional_worker"]
    assert (professionals.groupby("person")["area_code"].nunique() >= 8).all()
    assert set(professionals["department"]) == {"CG", "HW", "XF", "DL"}
    members = rosters[rosters["role"] == "linked_force"].groupby("area_code")["person"].nunique()
    assert members.max() >= 4


def test_names_of_people_say_that_they_are_invented():
    assert district().rosters["name"].str.endswith(MARK).all()


def test_volunteers_have_no_phone_and_what_is_public_is_a_work_phone():
    rosters = district().rosters
    volunteers = rosters[rosters["role"].isin(["linked_force", "building_lead"])]
    assert (volunteers["work_phone"] == "").all()
    assert not volunteers["phone_public"].any()
    assert rosters.loc[rosters["phone_public"], "work_phone"].ne("").all()


def test_posts_about_an_estate_or_a_building_name_it():
    built = district()
    rosters = built.rosters
    leads = rosters[rosters["role"] == "building_lead"]
    assert set(leads["building_code"]) <= set(built.layers["building"]["code"])
    managers = rosters[rosters["role"] == "property_manager"]
    managed = built.layers["estate"].query("kind == 'managed'")["code"]
    assert sorted(managers["estate_code"]) == sorted(managed)
    assert pd.isna(rosters.loc[rosters["role"] == "grid_worker", "estate_code"]).all()
