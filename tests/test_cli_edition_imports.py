"""`gridmap editions NAME` tells what an edition came from; the live store is never overwritten."""

from __future__ import annotations

import pytest

from tests.cli_district import gridmap

pytest_plugins = ["tests.cli_fixtures"]


def test_each_import_is_told_with_its_file_and_its_remarks(drafted):
    done = gridmap("editions", "e1", "--store", drafted)
    assert done.exit_code == 0, done.output
    assert "grid:" in done.stdout
    assert "areas from" in done.stdout


def test_an_unknown_edition_is_named(drafted):
    done = gridmap("editions", "moon", "--store", drafted)
    assert done.exit_code == 3
    assert "moon" in done.stderr


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_faults_are_not_written_over_the_store_itself(drafted):
    done = gridmap("check", "e1", "--json", drafted, "--store", drafted)
    assert done.exit_code == 2
    assert "live store itself" in done.stderr
    assert gridmap("editions", "--store", drafted).exit_code == 0
