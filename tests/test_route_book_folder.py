"""The folder of a site's own tables: missing is an error, empty means the package's tables."""

from zoneinfo import ZoneInfo

import pytest

from gridmap.errors import UnreadableFile
from gridmap.routing import load_route_book

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="GRIDMAP_RULES"):
        load_route_book(tmp_path / "none", zone=ZONE)


def test_an_empty_folder_leaves_the_tables_of_the_package(tmp_path):
    own, packaged = load_route_book(tmp_path, zone=ZONE), load_route_book(zone=ZONE)
    assert own.catalogue.codes == packaged.catalogue.codes
    assert len(own.catalogue) == 100
