"""In which order editions are listed, and which names they may have."""

import pytest

from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.errors import BadValue
from gridmap.workspace import open_workspace
from tests.cli_district import write_district


@pytest.fixture
def workspace(store_url):
    with open_workspace(store_url) as opened:
        yield opened


def take_in(workspace, folder, edition, **options):
    return workspace.import_layer(
        str(folder / "grid.geojson"),
        edition=edition,
        level=options.pop("level", "grid"),
        columns=ColumnMap(code="code", name="name"),
        **options,
    )


def test_the_newest_validity_comes_first_and_drafts_ahead_of_all(tmp_path, workspace):
    write_district(tmp_path)
    for edition, start in (("b", "2025-01-01"), ("a", "2026-01-01"), ("c", "2024-01-01")):
        take_in(workspace, tmp_path, edition, commit=True)
        workspace.publish(edition, effective_from=start, accept_faults="test", commit=True)
    take_in(workspace, tmp_path, "d", commit=True)
    assert [one["name"] for one in workspace.editions()] == ["d", "a", "b", "c"]


@pytest.mark.parametrize("commit", [False, True], ids=["dry run", "commit"])
def test_a_name_that_no_edition_can_have_is_refused_before_a_level_is_added(
    tmp_path, workspace, commit
):
    write_district(tmp_path)
    before = workspace.levels()
    with pytest.raises(BadValue, match="name of an edition"):
        take_in(workspace, tmp_path, " e1", level="courtyard", under="grid", commit=commit)
    assert workspace.levels() == before
