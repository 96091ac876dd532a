"""The pages on commands and settings: what stands in them is what the program says now."""

import pytest

from gridmap.places.categories import CATEGORY_TABLE
from gridmap.places.schools import SCHOOL_TABLE
from gridmap.settings import Settings
from tools.docs import FOLDER, PAGES, commands


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_program_is_the_one_in_the_folder(name, monkeypatch):
    # The terminal that the tests run in must not show.
    monkeypatch.setenv("COLUMNS", "40")
    made = PAGES[name]()
    kept = (FOLDER / name).read_text(encoding="utf-8")
    assert kept == made, "run: python tools/docs.py"


def test_every_command_and_every_group_has_its_help_on_the_page():
    page = (FOLDER / "commands.md").read_text(encoding="utf-8")
    paths = [path for path, _ in commands()]
    assert {"gridmap", "gridmap demo", "gridmap places import", "gridmap reports due"} <= {*paths}
    for path in paths:
        assert f"\n## {path}\n\n```text\nUsage: {path} " in page


def test_every_option_is_explained():
    silent = [
        f"{path} {parameter.opts[0]}"
        for path, context in commands()
        for parameter in context.command.params
        if not parameter.help
    ]
    assert silent == []


def test_every_table_that_a_site_may_have_is_named():
    page = (FOLDER / "settings.md").read_text(encoding="utf-8")
    line = next(one for one in page.splitlines() if one.startswith("The folder `GRIDMAP_RULES`"))
    for name in (CATEGORY_TABLE, SCHOOL_TABLE, "calendar.csv", "catalogues.csv", "catalogue.csv"):
        assert f"`{name}`" in line


def test_every_setting_is_explained():
    page = (FOLDER / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"| `GRIDMAP_{name.upper()}` | " in page
