"""Reports of a file that are kept in the store: also those whose item is nonsense."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.workspace import Workspace
from tests.api_town import Hands, at

pytest_plugins = ["tests.api_fixtures"]


def test_an_item_that_no_store_can_hold_is_kept_for_a_person(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    lon, lat = at(1.2, 1.3)
    rows = {"lon": [lon, lon], "lat": [lat, lat], "item": ["0101", "no\0item"]}
    source = tmp_path / "reports.parquet"
    pq.write_table(pa.table(rows), source)
    town_workspace.assign(source, tmp_path / "out.parquet", coord_sys="wgs84", item="item", keep={})
    total, found = town_workspace.reports(item="noitem")
    assert total == 1
    assert (found[0]["department"], found[0]["needs_person"]) == (None, True)
    assert "noitem" in found[0]["explanation"][0]
