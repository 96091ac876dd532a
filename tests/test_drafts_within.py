"""Layers of a draft inside one area, the limits of its measures, refusals in a language."""

from __future__ import annotations

import pytest

from tests.draft_doors import begin, edit

pytest_plugins = ["tests.draft_fixtures"]


@pytest.fixture(scope="module")
def number(town):
    """A draft in which an atom was cut and one moved."""
    made = begin(town.li, "范围内")["id"]
    for version, what in enumerate((
        {"op": "split_atom", "atom": "C000101",
         "lines": [[[113.999, 34.0033], [114.002, 34.0036]]]},
        {"op": "reassign", "to": "C0002", "atoms": ["C000102"]},
    )):  # fmt: skip
        assert edit(town.li, made, version, what).status_code == 200
    return made


def layer(town, number, layer, within=None):
    params = {"layer": layer} | ({"within": within} if within else {})
    answer = town.li.get(f"/api/drafts/{number}/geojson", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["features"]


def told(features):
    return sorted(
        (str(sorted(one["properties"].items(), key=str)), str(one["geometry"])) for one in features
    )


@pytest.mark.parametrize("name", ["grid", "microgrid"])
def test_an_area_gets_its_part_of_the_layer_exactly_as_the_whole_has_it(town, number, name):
    every = layer(town, number, name)
    parts = [layer(town, number, name, f"community:{code}") for code in ("C0", "C1")]
    assert all(one["properties"]["code"].startswith("C0") for one in parts[0])
    assert told([*parts[0], *parts[1]]) == told(every)


def test_a_grid_gets_its_own_atoms(town, number):
    codes = {one["properties"]["code"] for one in layer(town, number, "microgrid", "grid:C0002")}
    assert codes == {"C000102", "C000201", "C000202"}


def test_borders_of_an_area_are_those_of_the_whole_with_both_sides(town, number):
    def sides(features):
        return {
            frozenset((one["properties"]["left"], one["properties"]["right"])) for one in features
        }

    every = layer(town, number, "borders")
    west = layer(town, number, "borders", "community:C0")
    meant = {pair for pair in sides(every) if any(code and code.startswith("C0") for code in pair)}
    assert sides(west) == meant
    points = {tuple(p) for one in every for p in one["geometry"]["coordinates"]}
    assert {tuple(p) for one in west for p in one["geometry"]["coordinates"]} <= points
    across = [one for one in west if (one["properties"]["right"] or "").startswith("C1")]
    assert across


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("layer=grid&within=community:none", 404),
        ("layer=grid&within=grid:none", 404),
        ("layer=grid&within=microgrid:C000101", 404),
        ("layer=grid&within=nowhere:1", 404),
        ("layer=grid&within=community", 422),
    ],
)
def test_an_area_that_cannot_be_meant_is_told(town, number, query, status):
    answer = town.li.get(f"/api/drafts/{number}/geojson?{query}")
    assert answer.status_code == status, answer.text
    assert answer.json()["detail"]


def test_a_level_above_comes_as_a_whole(town, number):
    codes = {f["properties"]["code"] for f in layer(town, number, "community", "community:C0")}
    assert codes == {"C0", "C1"}


def test_measures_tell_the_limits_and_what_grids_are_made_of(town, number):
    found = town.li.get(f"/api/drafts/{number}/measures").json()
    assert found["finest"] == "microgrid"
    assert found["limits"] == {"measure": "households", "floor": 300.0, "ceiling": 500.0}


def test_a_refusal_is_told_in_the_language_of_the_editor(town, number):
    path, body = f"/api/drafts/{number}/redo", {"version": 2}
    assert "told" not in town.li.post(path, json=body).json()
    chinese, english = (
        town.li.post(path, json=body, headers={"X-Page-Language": lang}).json()
        for lang in ("zh", "en")
    )
    assert chinese["detail"] == "There is nothing to redo."
    assert chinese["told"]["message"] == "没有可以重做的改动。"
    assert english["told"]["message"] == "There is nothing to redo."
    late = edit(town.li, number, 0, {"op": "renumber"}).json()
    assert late["version"] == 2
