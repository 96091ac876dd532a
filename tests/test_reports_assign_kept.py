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


def test_an_item_with_blanks_is_stored_as_it_was_routed(
    town_workspace: Workspace, hands: Hands, tmp_path: Path
) -> None:
    lon, lat = at(1.2, 1.3)
    source = tmp_path / "reports.csv"
    source.write_text(
        f"lon,lat,item,said\n{lon},{lat},0101 ,blank behind\n{lon},{lat},\u30000101,blank before\n",
        encoding="utf-8",
    )
    town_workspace.assign(
        source, tmp_path / "out.csv", coord_sys="wgs84", item="item", keep={"text": "said"}
    )
    _, found = town_workspace.reports(item="0101", limit=1_000)
    kept = {one["text"]: one for one in found}
    number = kept["blank behind"]["id"]
    assert kept["blank before"]["department"] == kept["blank behind"]["department"] == "WY:F001"
    assert town_workspace.order(number)["item"] == "0101"
    # What asks the catalogue for it finds it.
    town_workspace.pause_report(number, "weather")
    town_workspace.resume_report(number)
