"""The demo's reports: how many, when, where, what is wrong with them, and that the truth holds."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import shapely

from gridmap.crs import geodesic_m, to_wgs84
from gridmap.demo.report_faults import SHARES
from gridmap.demo.report_texts import load_subjects
from gridmap.routing.catalogue_csv import load_catalogue
from tests.demo_built import district, shapes


def reports():
    return district().reports


def truth():
    return district().truth


def stated():
    """Positions as stated, converted from the stated system; NaN where there are none."""
    table = reports()
    lon, lat = np.full((2, len(table)), np.nan)
    for system, rows in table.groupby("coord_sys").indices.items():
        x, y = table["lon"].to_numpy()[rows], table["lat"].to_numpy()[rows]
        lon[rows], lat[rows] = to_wgs84(x, y, system)
    return lon, lat


def faulty(kind):
    return (truth()["error"] == kind).to_numpy()


def test_columns_are_those_that_are_promised():
    assert list(reports().columns) == [
        "report_id", "received_at", "observed_at", "source", "item", "text",
        "lon", "lat", "coord_sys", "accuracy_m",
    ]  # fmt: skip
    assert list(truth().columns) == [
        "report_id",
        "lon",
        "lat",
        "microgrid",
        "located",
        "error",
        "layer",
        "owner",
    ]


def test_the_input_does_not_tell_what_is_wrong_with_it():
    assert not {"error", "microgrid", "located"} & set(reports().columns)


def test_numbers_of_reports_are_unique_and_in_the_order_of_receipt():
    table = reports()
    assert table["report_id"].is_unique
    assert table["report_id"].is_monotonic_increasing
    assert pd.to_datetime(table["received_at"]).is_monotonic_increasing
    assert (table["report_id"].str[1:9] == table["received_at"].str[:10].str.replace("-", "")).all()


def test_reports_span_twelve_months_of_local_time():
    received = reports()["received_at"]
    assert received.str.endswith("+08:00").all()
    assert received.iloc[0].startswith("2025-07-01")
    assert received.iloc[-1].startswith("2026-06-30")
    assert received.str[:7].nunique() == 12


def test_nothing_is_received_before_it_is_seen():
    table = reports().dropna(subset=["observed_at"])
    seen, got = (pd.to_datetime(table[c]) for c in ("observed_at", "received_at"))
    assert (seen <= got).all()
    assert 0.15 < reports()["observed_at"].isna().mean() < 0.25


def test_the_month_of_spring_festival_is_the_quietest():
    months = reports()["received_at"].str[:7].value_counts()
    assert months.idxmin() == "2026-02"
    assert months.min() < 0.7 * months.median()


def test_seasons_show_snow_in_winter_floods_in_summer_and_noise_at_night():
    table = reports()
    month, hour = table["received_at"].str[5:7], table["observed_at"].str[11:13]
    assert month[table["item"] == "1207"].isin(["11", "12", "01", "02"]).all()
    assert month[table["item"] == "1201"].isin(["05", "06", "07", "08"]).mean() > 0.8
    night = hour[table["item"] == "0502"].dropna().isin(["21", "22", "23", "00", "01", "02"])
    assert night.mean() > 0.4  # a quarter of the day


def test_storms_bring_bursts():
    table = reports()
    days = table[table["item"].isin(["1201", "0401", "0302"])]["received_at"].str[:10]
    assert days.value_counts().iloc[0] > 10 * days.value_counts().reindex(
        pd.date_range("2025-07-01", "2026-06-30").strftime("%Y-%m-%d"), fill_value=0
    ).median().clip(1)


def test_every_item_of_the_catalogue_can_be_reported_and_no_other():
    known = {subject.item for subject in load_subjects()}
    assert known == {item.code for item in load_catalogue()}
    assert len(known) == 100
    assert set(reports()["item"]) <= known
    assert reports()["item"].nunique() == 100


def test_noise_homes_and_parking_lead_as_they_do_in_real_years():
    share = reports()["item"].value_counts(normalize=True)
    assert 0.15 < share[["0502", "0802", "0806"]].sum() < 0.30
    assert 0.10 < share[["0204", "0607", "0209", "0205"]].sum() < 0.25
    assert share.max() < 0.15


def test_some_grids_are_far_hotter_than_others():
    counts = truth()["microgrid"].dropna().str[:15].value_counts()
    assert counts.quantile(0.95) > 3 * counts.median()
    assert counts.max() > 5 * counts.median()


def test_texts_are_short_varied_and_hold_no_personal_data():
    text = reports()["text"]
    assert text.str.len().between(8, 70).all()
    assert text.nunique() > 0.8 * len(text)
    joined = "\n".join(text)
    assert not re.search(r"1[3-9]\d{9}|\d{6,}|先生|女士|身份证", joined)


def test_sources_and_systems_are_mixed_as_their_sources_would_have_them():
    table = reports()
    assert set(table["source"]) == {
        "hotline_12345",
        "app_photo",
        "grid_worker",
        "mailbox",
        "sensor",
    }
    assert set(table["coord_sys"]) == {"wgs84", "cgcs2000", "gcj02", "bd09"}
    assert (table["coord_sys"].value_counts(normalize=True) > 0.05).all()
    app = table[table["source"] == "app_photo"]["accuracy_m"]
    assert app.notna().mean() > 0.85
    assert app.dropna().between(1, 40).all()


# -- what is wrong ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", SHARES)
def test_each_fault_has_exactly_its_share(kind):
    assert faulty(kind).sum() == round(SHARES[kind] * 60_000)


def test_positions_of_reports_without_fault_lead_back_to_where_they_were():
    lon, lat = stated()
    table, sound = truth(), truth()["error"].isna().to_numpy()
    away = geodesic_m(lon, lat, table["lon"].to_numpy(), table["lat"].to_numpy())[sound]
    accuracy = reports()["accuracy_m"].to_numpy()[sound]
    precise = np.isnan(accuracy) & (reports()["source"] != "app_photo").to_numpy()[sound]
    # Seven decimals and the inverse of GCJ-02: centimetres. Grid workers' phones lie a little.
    assert np.nanmax(away[precise & (reports()["source"] == "mailbox").to_numpy()[sound]]) < 0.05
    assert (away <= 3.5 * np.fmax(accuracy, 45.0)).all()


def test_the_truth_names_the_microgrid_of_the_true_place():
    table = truth()
    areas = district().layers["microgrid"].set_index("code").geometry
    rows = table[table["microgrid"].notna()]
    points = shapely.points(rows[["lon", "lat"]].to_numpy())
    assert shapely.intersects(areas.loc[rows["microgrid"]].to_numpy(), points).all()


def test_every_report_but_those_from_outside_happened_in_the_district():
    missing = truth()["microgrid"].isna().to_numpy()
    assert (missing == faulty("outside")).all()


def test_the_stated_position_lies_in_the_area_that_the_truth_expects():
    lon, lat = stated()
    table = truth()
    usable = np.isfinite(lon) & ~((lon == 0) & (lat == 0))
    tree = shapely.STRtree(shapes("microgrid"))
    point, area = tree.query(shapely.points(lon[usable], lat[usable]), "intersects")
    codes = district().layers["microgrid"]["code"].to_numpy()
    first = pd.Series(codes[area]).groupby(np.flatnonzero(usable)[point]).min()
    expected = table["located"].dropna()
    assert first.to_dict() == expected.to_dict()


def test_null_island_is_exactly_zero_and_missing_is_empty():
    table = reports()
    assert (table.loc[faulty("null_island"), ["lon", "lat"]] == 0.0).all(axis=None)
    assert table.loc[faulty("missing"), ["lon", "lat"]].isna().all(axis=None)
    assert table["lon"].isna().sum() == faulty("missing").sum()


def test_a_wrong_datum_is_gcj02_that_calls_itself_wgs84():
    rows = faulty("wrong_datum")
    table = reports()[rows]
    assert set(table["coord_sys"]) == {"wgs84"}
    lon, lat = to_wgs84(table["lon"], table["lat"], "gcj02")
    true = truth()[rows]
    away = geodesic_m(lon, lat, true["lon"].to_numpy(), true["lat"].to_numpy())
    x, y = table["lon"].to_numpy(), table["lat"].to_numpy()
    claimed = geodesic_m(x, y, true["lon"].to_numpy(), true["lat"].to_numpy())
    assert np.median(away) < 20
    assert 400 < np.median(claimed) < 700


def test_region_geocodes_stack_on_few_points():
    table = reports()[faulty("region_geocode")]
    stacks = table.groupby(["lon", "lat"]).size().sort_values(ascending=False)
    assert len(stacks) < 100
    assert stacks.iloc[0] > 200
    assert table["accuracy_m"].isna().all()


def test_reports_from_outside_lie_in_no_area_some_of_them_near():
    rows = faulty("outside")
    assert truth().loc[rows, "located"].isna().all()
    points = shapely.points(truth().loc[rows, ["lon", "lat"]].to_numpy())
    away = shapely.distance(points, shapely.union_all(shapes("subdistrict"))) * 100_000
    assert (away < 50).any()
    assert (away > 10_000).any()


def test_points_on_a_border_touch_two_areas_or_more_and_the_smallest_code_wins():
    rows = np.flatnonzero(faulty("on_border"))
    lon, lat = stated()
    tree = shapely.STRtree(shapes("microgrid"))
    point, area = tree.query(shapely.points(lon[rows], lat[rows]), "intersects")
    codes = pd.Series(district().layers["microgrid"]["code"].to_numpy()[area])
    assert (codes.groupby(point).size() >= 2).all()
    assert codes.groupby(point).min().tolist() == truth()["located"].iloc[rows].tolist()


def test_border_roads_lie_within_a_lane_of_two_communities_and_say_how_sure_they_are():
    rows = faulty("border_road")
    points = shapely.points(truth().loc[rows, ["lon", "lat"]].to_numpy())
    tree = shapely.STRtree(shapes("community"))
    point, _ = tree.query(points, "dwithin", distance=1.2e-4)
    assert (np.bincount(point, minlength=len(points)) >= 2).all()
    assert reports().loc[rows, "accuracy_m"].between(8, 30).all()


# -- whose it is ------------------------------------------------------------------------


def test_reports_about_things_lie_beside_such_a_thing_most_of_the_time():
    found = district().duties.layers["asset"]
    table = reports()[truth()["microgrid"].notna().to_numpy()]
    true = truth()[truth()["microgrid"].notna()]
    for kind, item in (("lamp", "0306"), ("cover", "0301"), ("bus_shelter", "0312")):
        things = found[found["asset_type"] == kind]
        at = shapely.points(things[["true_lon", "true_lat"]].to_numpy(dtype=float))
        rows = (table["item"] == item).to_numpy()
        points = shapely.points(true.loc[rows, ["lon", "lat"]].to_numpy())
        near = shapely.STRtree(at).query(points, "dwithin", distance=1e-4)[0]
        assert len(set(near.tolist())) > 0.75 * rows.sum(), kind


def test_debris_floats_on_water_and_dust_rises_at_sites():
    true = truth()
    home = true["microgrid"].notna() & ~true["error"].isin(["on_border", "border_road"])
    points = shapely.points(true[["lon", "lat"]].to_numpy())
    for item, layer, least in (("0406", "water", 0.85), ("0501", "construction_site", 0.9)):
        rows = (home & (reports()["item"] == item)).to_numpy()
        hit = shapely.STRtree(shapes(layer)).query(points[rows], "dwithin", distance=4e-4)[0]
        assert len(set(hit.tolist())) > least * rows.sum(), item


def test_the_truth_names_an_owner_where_a_layer_leaves_no_doubt():
    table = truth()
    assert (table["layer"].isna() == table["owner"].isna()).all()
    counts = table["layer"].value_counts()
    assert set(counts.index) == {"construction_site", "asset", "estate", "park", "river"}
    assert counts.min() > 200
    things = set(district().duties.parties["code"]) | {
        "SW", "SZ", "YL", "DL", "TX", "GS", "RQ", "RL", "HW", "JT", "JJ", "SQ",
    }  # fmt: skip
    assert set(table["owner"].dropna()) <= things
