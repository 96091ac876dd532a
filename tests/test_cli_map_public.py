"""`gridmap map --public` writes what everybody may see; without it the file says it is internal."""

from __future__ import annotations

import pytest

from gridmap.workspace import open_workspace
from tests.cli_district import gridmap

pytest_plugins = ["tests.cli_fixtures"]
SECRET = "王演示甲"


@pytest.fixture
def staffed(published_url):
    with open_workspace(published_url) as workspace:
        _, areas = workspace.areas("grid", limit=1)
        area = areas[0]
        workspace.put_records(
            "posts",
            [
                {"code": "R1", "person": "P1", "name": SECRET, "role": "grid_worker",
                 "kind": "basic", "level": "grid", "area_code": area["code"],
                 "work_phone": "0990-5550001", "department": ""}
            ],
        )  # fmt: skip
    return published_url


@pytest.mark.parametrize("kind", ["levels", "party", "services"])
def test_a_public_map_holds_no_name_of_staff(staffed, tmp_path, kind):
    out = tmp_path / "map.html"
    done = gridmap("map", kind, "-o", out, "--public", "--store", staffed)
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert SECRET not in page


def test_a_staff_map_holds_it_and_says_that_it_is_internal(staffed, tmp_path):
    out = tmp_path / "map.html"
    assert gridmap("map", "party", "-o", out, "--store", staffed).exit_code == 0
    page = out.read_text(encoding="utf-8")
    assert SECRET in page
    assert 'class="gm-chip gm-chip-internal"' in page
