"""The README and the operations page: what they tell a reader to type and to open is there."""

import re
import shlex
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
import typer

from gridmap.cli.app import app
from gridmap.demo.scales import scale_of
from gridmap.locate.model import LocationStatus
from gridmap.settings import Settings
from tests.cli_district import gridmap
from tests.demo_built import district

ROOT = Path(__file__).resolve().parent.parent
PAGES = ("README.md", "docs/operations.md", "docs/architecture.md", "docs/round-trip.md")
# Settings of the test run, not of the program.
_OF_TESTS = {"GRIDMAP_REQUIRE_ALL"}


def text(page):
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text(page), re.MULTILINE | re.DOTALL)


def shell_lines(page):
    """The commands of the page's shell blocks as words; both sides of `&&`."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    return [part for line in words for part in _parts(line) if part]


def _parts(words):
    parts = [[]]
    for word in words:
        parts.append([]) if word == "&&" else parts[-1].append(word)
    return parts


def spans(page):
    """What stands in backticks in the page's running text, as words."""
    prose = re.sub(r"^```.*?^```$", "", text(page), flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(span) for span in re.findall(r"`([^`\n]+)`", prose)]


def parse(words, *, whole=True):
    """Parse a command line as the program would, without running it."""
    command, context, words = typer.main.get_command(app), None, list(words)
    context = command.make_context(words.pop(0), [], resilient_parsing=True)
    while hasattr(context.command, "commands") and words:
        name = words.pop(0)
        assert name in context.command.commands, f"there is no command {name}"
        command = context.command.commands[name]
        below = [] if hasattr(command, "commands") else words
        context = command.make_context(
            name, list(below), parent=context, resilient_parsing=bool(not whole or not below)
        )
    return context


def of(name, found):
    return [words for words in found if words[:1] == [name]]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_in_a_shell_block_parses(page):
    for words in of("gridmap", shell_lines(page)):
        parse(words)


def test_the_shell_blocks_are_found_and_a_wrong_line_does_not_parse():
    assert len(of("gridmap", shell_lines("README.md"))) >= 9
    assert len(of("gridmap", shell_lines("docs/operations.md"))) >= 1
    assert len(of("make", shell_lines("README.md"))) >= 2
    with pytest.raises(Exception, match="--colour"):
        parse(["gridmap", "locate", "1", "2", "--colour", "red"])
    with pytest.raises(Exception, match="edition"):
        parse(["gridmap", "import", "a.shp", "--level", "grid"])
    with pytest.raises(AssertionError, match="no command fly"):
        parse(["gridmap", "fly"])


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_in_running_text_exists(page):
    for words in of("gridmap", spans(page)):
        names = [word for word in words if word.startswith("--")]
        context = parse([word for word in words if not word.startswith("--")], whole=False)
        known = {name for parameter in context.command.params for name in parameter.opts}
        assert set(names) <= known


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_named_is_one_that_make_help_lists(page):
    listed = dict(re.findall(r"^([a-z-]+):.*?## (.+)$", text("Makefile"), re.MULTILINE))
    for words in of("make", [*shell_lines(page), *spans(page)]):
        targets = [word for word in words[1:] if "=" not in word]
        assert all(target in listed for target in targets), words


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_named_exists(page):
    known = {f"GRIDMAP_{name.upper()}" for name in Settings.model_fields} | _OF_TESTS
    assert set(re.findall(r"GRIDMAP_[A-Z_]+", text(page))) <= known


@pytest.mark.parametrize("page", sorted({*PAGES, "docs/commands.md", "docs/settings.md"}))
def test_every_relative_link_and_picture_is_there(page):
    targets = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text(page))
    missing = [target for target in targets if not (ROOT / page).parent.joinpath(target).exists()]
    assert missing == []


def test_the_readme_leads_to_every_page_of_the_docs():
    pages = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")}
    assert pages - set(re.findall(r"\]\(([^)#\s]+)", text("README.md"))) == set()


def test_the_pictures_are_small_enough_for_a_page():
    pictures = sorted((ROOT / "docs" / "images").glob("*.png"))
    assert {path.stem for path in pictures} >= {"home", "party", "services", "services-phone"}
    shown = re.findall(r"docs/images/([\w.-]+)", text("README.md"))
    assert sorted(shown) == [path.name for path in pictures]
    assert [path.name for path in pictures if path.stat().st_size >= 400_000] == []


def test_the_number_of_reports_is_true():
    (count,) = re.findall(r"its ([\d,]+) reports", text("README.md"))
    assert int(count.replace(",", "")) == scale_of("district").reports


def test_the_point_in_the_readme_lies_in_the_demo_district():
    grids = gpd.read_file(ROOT / "data/boundaries/district.gpkg", layer="microgrid")
    found = {
        tuple(map(float, pair))
        for pair in re.findall(r"locate[( ](\d+\.\d+),? (\d+\.\d+)", text("README.md"))
    }
    assert len(found) == 1
    assert grids.intersects(shapely.Point(*found.pop())).any()


def test_the_python_example_runs_on_a_demo(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert gridmap("demo", "--scale", "exclusive", "--no-serve").exit_code == 0
    capsys.readouterr()
    (example,) = blocks("README.md", "python")
    exec(compile(example, "README.md", "exec"), {})
    (line,) = capsys.readouterr().out.splitlines()
    # The point lies in the large district, the quick demo elsewhere.
    assert line.split()[0] == LocationStatus.OUTSIDE


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    """A folder with the files that the README imports, as a city might hand them in."""
    monkeypatch.chdir(tmp_path)
    made = district("exclusive")
    streets, grids = made.layers["subdistrict"], made.layers["grid"]
    names = {"code": "编码", "name": "名称", "geometry": "geometry"}
    streets = streets.rename(columns=names)[[*names.values()]]
    grids = grids.rename(columns=names)[[*names.values()]]
    grids["所属街道"] = grids["编码"].str[:9]
    for name, frame in (("街道", streets), ("网格", grids)):
        frame.to_file(f"{name}.shp", encoding="GB18030")
    estates = made.layers["estate"].drop(columns=["firm_code", "firm_name"])
    estates.to_file("小区.gpkg")
    made.write_services(tmp_path)
    reports = made.reports.head(200).drop(columns=["coord_sys"])
    pd.DataFrame(reports).to_csv("reports.csv", index=False)
    return tmp_path


def sheet_lines():
    lines = [w for w in of("gridmap", shell_lines("docs/operations.md")) if w[1] == "sheets"]
    assert len(lines) == 3
    return lines


def test_the_readmes_way_to_an_own_district_can_be_gone_line_by_line(own_files):
    for words in of("gridmap", shell_lines("README.md")):
        if words[1] == "serve":
            continue
        done = gridmap(*words[1:])
        assert done.exit_code == 0, f"{words}: {done.output}"
    # What the operations page says of sheets needs an edition in force.
    for words in sheet_lines():
        done = gridmap(*words[1:])
        assert done.exit_code == 0, f"{words}: {done.output}"
    assert (own_files / "party.html").exists()
    assigned = pd.read_csv(own_files / "assigned.csv", dtype="string")
    assert assigned["department"].notna().any()


@pytest.mark.parametrize(
    "store_kind", [pytest.param("postgis", marks=pytest.mark.postgis)], indirect=True
)
def test_the_operations_pages_way_to_a_new_database_can_be_gone(empty_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDMAP_STORE", empty_url)
    monkeypatch.setenv("GRIDMAP_SECRETS", str(tmp_path / "site.secrets"))
    for words in of("gridmap", shell_lines("docs/operations.md")):
        if words in sheet_lines():
            continue
        done = gridmap(*words[1:])
        assert done.exit_code == 0, f"{words}: {done.output}"
