"""The pages on commands and settings: what stands in them is what the program says now."""

import csv
import re
from importlib.resources import files

import pytest

from gridmap.places.categories import CATEGORY_TABLE
from gridmap.places.schools import SCHOOL_TABLE
from gridmap.secrets import Purpose
from gridmap.settings import Settings
from tools.docs import AT_ONCE, FOLDER, PAGES, commands


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


def test_what_is_said_to_be_done_at_once_has_no_dry_run():
    known = {
        path.removeprefix("gridmap "): {o for p in context.command.params for o in p.opts}
        for path, context in commands()
    }
    for named in AT_ONCE:
        path, _, option = named.partition(" --")
        assert "--commit" not in known[path], named
        assert not option or f"--{option}" in known[path], named


def test_every_command_that_ends_with_exit_code_1_is_named():
    page = (FOLDER / "commands.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith("| 1 |"))
    ending = {
        path.removeprefix("gridmap ")
        for path, context in commands()
        if not hasattr(context.command, "commands")
        and "exit code 1" in " ".join(context.get_help().split())
    }
    assert ending >= {"check", "route check", "route replay", "plan draft check"}
    for path in ending | {"sheets make"}:
        assert f"`{path}`" in row


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


def test_the_limits_of_an_order_stand_in_the_guide_as_the_package_has_them():
    packaged = files("gridmap.cases").joinpath("data", "case_rules.csv").read_text("utf-8")
    rules = [(r["rule"], r["amount"], r["unit"]) for r in csv.DictReader(packaged.splitlines())]
    guide = files("gridmap.routing").joinpath("data", "README.md").read_text("utf-8")
    section = guide.partition("## case_rules.csv")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \| ([\d.]+) `(\w+)` \|", section, re.MULTILINE) == rules


def test_every_key_that_a_vault_may_give_is_named_in_the_guide():
    guide = (FOLDER / "operations.md").read_text(encoding="utf-8")
    section = guide.partition("## Secrets")[2].partition("\n## ")[0]
    for one in Purpose:
        assert f"`{one}`" in section
        assert f"`{one.variable}`" in section


def test_every_setting_is_explained():
    page = (FOLDER / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"| `GRIDMAP_{name.upper()}` | " in page
