"""`gridmap repair`: the dry run, the outputs, the commit, the refusals; on both stores."""

import json

import geopandas as gpd
import pyogrio
import pytest

from tests.cli_district import gridmap, square, write_layer

pytest_plugins = ["tests.cli_fixtures"]


def write_cracked(folder):
    """Four squares in a row; the second reaches a third of a metre into the third."""
    rows = []
    for i in range(4):
        shape = square(round(117 + 0.01 * i, 4), 36.0, 0.01)
        if i == 1:
            shape["coordinates"][0][1][0] += 4e-6
            shape["coordinates"][0][2][0] += 4e-6
        rows.append(({"code": f"G{i}", "name": f"{i}号网格"}, shape))
    return write_layer(folder / "cracked.geojson", rows)


@pytest.fixture
def cracked(tmp_path, store_url):
    """A store whose draft ``e1`` has one overlap of some 370 m²."""
    words = [
        "import", write_cracked(tmp_path), "--edition", "e1", "--level", "grid",
        "--code", "code", "--name", "name", "--commit", "--store", store_url,
    ]  # fmt: skip
    assert gridmap(*words).exit_code == 0
    return store_url


def test_the_dry_run_shows_who_gives_what_and_writes_nothing(cracked):
    done = gridmap("repair", "e1", "--store", cracked)
    assert done.exit_code == 0
    assert "Would change 2 of 4 areas of e1." in done.stdout
    assert "mended" in done.stdout
    assert "overlap 1" in done.stdout
    assert "dry run" in done.stdout
    assert "afterwards  no faults" in done.stdout
    assert gridmap("check", "e1", "--store", cracked).exit_code == 1


@pytest.mark.parametrize("command", ["check", "repair"])
def test_what_is_said_of_a_file_is_refused_for_an_edition(tmp_path, cracked, command):
    given = ["--code", "no such", "--name", "名称", "--encoding", "GBK", "--coord-sys", "gcj02"]
    for n in range(0, len(given), 2):
        done = gridmap(command, "e1", *given[n : n + 2], "--store", cracked)
        assert done.exit_code == 2
        assert "'e1' is an edition of the store; these options are of a file." in done.stderr
        assert given[n] in done.stderr
        assert not any(other in done.stderr for other in given[:n:2])
    assert "./e1" in done.stderr


def test_what_is_said_of_the_file_to_compare_with_needs_one(tmp_path, cracked):
    layer = write_cracked(tmp_path)
    for option, value in (("--against-encoding", "GBK"), ("--against-coord-sys", "gcj02")):
        done = gridmap("check", layer, "--against", "e1", option, value, "--store", cracked)
        assert done.exit_code == 2
        assert "these options are of a file." in done.stderr
        assert option in done.stderr
        done = gridmap("check", layer, option, value, "--store", cracked)
        assert done.exit_code == 2
        assert "There is no file to compare with." in done.stderr


def test_a_commit_mends_the_draft_and_the_import_tells(cracked):
    done = gridmap("repair", "e1", "--commit", "--store", cracked)
    assert done.exit_code == 0, done.output
    assert "Changed 2 of 4 areas of e1." in done.stdout
    assert gridmap("check", "e1", "--store", cracked).exit_code == 0
    assert "Repaired" in gridmap("editions", "e1", "--store", cracked).stdout
    again = gridmap("repair", "e1", "--commit", "--store", cracked)
    assert (again.exit_code, again.stdout.strip()) == (0, "e1: nothing to mend.")


def test_only_the_proposal_that_was_looked_at_is_committed(cracked):
    shown = json.loads(gridmap("repair", "e1", "--json", "-", "--store", cracked).stdout)
    words = ["repair", "e1", "--commit", "--store", cracked]
    other = gridmap(*words, "--proposal", "0123456789ab")
    assert other.exit_code == 4
    assert "not the proposal that was looked at" in other.stderr
    assert gridmap("check", "e1", "--store", cracked).exit_code == 1
    assert gridmap(*words, "--proposal", shown["proposal"]).exit_code == 0


def test_json_lists_rows_transfers_and_what_is_left(cracked, tmp_path):
    done = gridmap("repair", "e1", "--json", tmp_path / "p.json", "--store", cracked)
    assert done.exit_code == 0
    found = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    (move,) = found["transfers"]
    assert {move["from"]["code"], move["to"]["code"]} == {"G1", "G2"}
    assert move["area_m2"] == pytest.approx(found["totals"]["moved_m2"], abs=1e-3)
    assert {row["code"] for row in found["rows"]} == {"G1", "G2"}
    assert found["left"] == []


def test_the_changed_areas_are_written_before_and_after(cracked, tmp_path):
    package, text = tmp_path / "p.gpkg", tmp_path / "p.geojson"
    for path in (package, text):
        assert gridmap("repair", "e1", "-o", path, "--store", cracked).exit_code == 0
    assert set(pyogrio.list_layers(package)[:, 0]) == {"before", "after", "moved", "left"}
    moved = gpd.read_file(package, layer="moved")
    assert {moved["from_code"][0], moved["to_code"][0]} == {"G1", "G2"}
    both = gpd.read_file(text)
    assert sorted(both["stage"]) == ["after", "after", "before", "before"]
    after = gpd.read_file(package, layer="after").set_index("code").geometry
    assert after["G1"].intersection(after["G2"]).area == 0


@pytest.mark.parametrize("name", ["p.shp", "p"])
def test_an_output_of_another_kind_is_refused(cracked, tmp_path, name):
    done = gridmap("repair", "e1", "-o", tmp_path / name, "--store", cracked)
    assert done.exit_code == 2
    assert ".gpkg, .geojson" in done.stderr


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_the_store_itself_is_no_output(cracked):
    done = gridmap("repair", "e1", "-o", cracked, "--store", cracked)
    assert done.exit_code == 2
    assert gridmap("check", "e1", "--store", cracked).exit_code == 1


def test_beyond_the_limits_the_rows_are_named_and_nothing_is_written(cracked):
    words = ["repair", "e1", "--max-row-m2", "10", "--store", cracked]
    for more in ([], ["--commit"]):
        done = gridmap(*words, *more)
        assert done.exit_code == 4
        assert "would give and take" in done.stderr
        assert "--max-row-m2" in done.stderr
    assert gridmap("check", "e1", "--store", cracked).exit_code == 1


def test_a_published_edition_is_shown_but_not_changed(cracked):
    publish = ["publish", "e1", "--from", "2025-01-01", "--accept-faults", "later", "--commit"]
    assert gridmap(*publish, "--store", cracked).exit_code == 0
    shown = gridmap("repair", "e1", "--store", cracked)
    assert shown.exit_code == 0
    assert "A published edition is never changed. Start a draft from it" in shown.stdout
    assert "Add --commit" not in shown.stdout
    done = gridmap("repair", "e1", "--commit", "--store", cracked)
    assert done.exit_code == 4
    assert "Start a draft from it" in done.stderr


def test_a_file_is_proposed_for_without_a_store_and_never_changed(tmp_path):
    source = write_cracked(tmp_path)
    content = source.read_bytes()
    store = tmp_path / "none.gpkg"
    words = ["repair", source, "--level", "grid", "--store", store]
    done = gridmap(*words, "-o", tmp_path / "p.gpkg")
    assert done.exit_code == 0
    assert "Would change 2 of 4 areas" in done.stdout
    assert source.read_bytes() == content
    assert len(gpd.read_file(tmp_path / "p.gpkg", layer="after")) == 2
    assert not store.exists()


HOW_TO_MEND_A_FILE = "Import it, then `gridmap repair EDITION --commit`."


def test_a_file_cannot_be_committed(cracked, tmp_path):
    done = gridmap("repair", write_cracked(tmp_path), "--commit", "--store", cracked)
    assert done.exit_code == 2
    assert HOW_TO_MEND_A_FILE in done.stderr


def test_a_file_cannot_be_committed_where_there_is_no_store(tmp_path):
    store = tmp_path / "none.gpkg"
    done = gridmap("repair", write_cracked(tmp_path), "--commit", "--store", store)
    assert done.exit_code == 2
    assert HOW_TO_MEND_A_FILE in done.stderr
    assert not store.exists()


def test_the_repair_of_a_file_says_what_was_written_and_how_to_go_on(tmp_path):
    output = tmp_path / "p.gpkg"
    words = ["repair", write_cracked(tmp_path), "--store", tmp_path / "none.gpkg"]
    done = gridmap(*words, "-o", output)
    assert f"Wrote {output} (" in done.stdout
    assert HOW_TO_MEND_A_FILE in done.stdout
    assert "Nothing was written" not in done.stdout
    alone = gridmap(*words).stdout
    assert HOW_TO_MEND_A_FILE in alone
    assert "Add --commit" not in alone
    assert "Wrote" not in alone


def test_a_dry_run_that_wrote_the_changed_areas_says_so(cracked, tmp_path):
    done = gridmap("repair", "e1", "-o", tmp_path / "p.gpkg", "--store", cracked)
    assert f"Wrote {tmp_path / 'p.gpkg'} (" in done.stdout
    assert "Nothing was written" not in done.stdout
    assert "dry run. Add --commit" in done.stdout


@pytest.mark.parametrize(("lang", "word"), [("zh", "重叠"), ("en", "overlap")])
def test_what_is_left_is_told_in_the_language_of_the_site(cracked, lang, word):
    words = ["repair", "e1", "--overlap-area", "1", "--gap-area", "1", "--store", cracked]
    done = gridmap(*words, env={"GRIDMAP_LANGUAGE": lang})
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("left: ")]
    assert word in line.partition("overlap: ")[2]


@pytest.mark.parametrize(("lang", "word"), [("zh", "重叠"), ("en", "overlap")])
def test_a_refused_publication_names_its_first_fault_in_the_language_of_the_site(
    cracked, lang, word
):
    words = ["publish", "e1", "--from", "2025-01-01", "--store", cracked]
    done = gridmap(*words, env={"GRIDMAP_LANGUAGE": lang})
    assert done.exit_code == 4
    assert word in done.stderr.partition("the first: ")[2].splitlines()[0]


def test_neither_edition_nor_file_is_not_found(drafted):
    done = gridmap("repair", "e7", "--store", drafted)
    assert done.exit_code == 3
    assert "e1" in done.stderr


def test_a_sound_draft_has_nothing_to_mend(drafted):
    done = gridmap("repair", "e1", "--rebuild-parents", "--store", drafted)
    assert done.exit_code == 0
    assert "nothing to mend" in done.stdout
