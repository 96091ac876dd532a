"""The commands `draft`, `retire`, `rollback`, and what `editions` says after them."""

from __future__ import annotations

import json

import pytest

from tests.cli_district import gridmap

pytest_plugins = ["tests.cli_fixtures"]


@pytest.fixture
def run(published_url):
    """Run a command on a store with e1 in force from 2025; its words but for the store."""

    def command(*words, code=0):
        done = gridmap(*words, "--store", published_url)
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.stderr

    return command


def table(said):
    return {line.split()[0]: line for line in said.splitlines()[1:]}


def located(run, at):
    found = json.loads(run("locate", "117.012", "36.003", "--at", at, "--json"))
    return found.pop("edition"), found


def test_an_edition_goes_through_its_life(run):
    former = located(run, "2030-01-01")
    assert former[0] == "e1"
    assert "Would make" in run("draft", "plan", "--from", "e1")
    assert "dry run" in run("draft", "plan", "--from", "e1")
    assert "10 areas of e1" in run("draft", "plan", "--from", "e1", "--commit")
    run("publish", "plan", "--from", "2999-01-01", "--why", "年度调整", "--commit")
    said = run("rollback", "plan", "--to", "e1", "--from", "2999-02-01", "--why", "有误")
    assert "Would publish e1 again as e1 (2), from 2999-02-01" in said
    assert "dry run" in said
    run("rollback", "--to", "e1", "--from", "2999-02-01", "--why", "有误", "--commit")
    assert [located(run, at)[0] for at in ("2030-01-01", "2999-01-15", "2999-02-02")] == [
        "e1", "plan", "e1 (2)",
    ]  # fmt: skip
    assert located(run, "2999-02-02")[1] == former[1]
    assert "restores e1" in run("editions").splitlines()[1]
    assert "because 年度调整" in table(run("editions"))["plan"]


def test_an_edition_to_come_is_withdrawn(run):
    run("draft", "plan", "--from", "e1", "--commit")
    run("publish", "plan", "--from", "2999-01-01", "--commit")
    said = run("retire", "plan", "--why", "另行公布")
    assert "Would retire plan: from 2999-01-01 on e1 stays in force." in said
    assert located(run, "2999-01-02")[0] == "plan"
    run("retire", "plan", "--why", "另行公布", "--commit")
    assert located(run, "2999-01-02")[0] == "e1"
    line = table(run("editions"))["plan"]
    assert "retired" in line
    assert "另行公布" in line


def test_what_is_in_force_is_rolled_back_not_retired(run):
    assert "gridmap rollback" in run("retire", "e1", "--why", "x", "--commit", code=4)


def test_editions_are_listed_by_family(run):
    assert "e1" in run("editions", "--family", "base")
    assert "No code has gone out of use" in run("editions", "--retired-codes")
    run("families", "--add", "police", "--levels", "police_area")
    assert "no editions yet" in run("editions", "--family", "police")


def test_a_publication_tells_until_when_and_asks_why_it_undoes_another(run):
    for name in ("plan", "late"):
        run("draft", name, "--from", "e1", "--commit")
    run("publish", "plan", "--from", "2999-01-01", "--commit")
    said = run("publish", "late", "--from", "2998-01-01")
    assert "until     2999-01-01 (plan)" in said
    late = ("publish", "late", "--from", "2999-02-01")
    assert "--accept-replaced" in run(*late, code=4)
    said = run(*late, "--accept-replaced", "以此为准", "--commit")
    assert "plan; the draft began with e1" in said
    assert "until" not in said
    assert "because 以此为准" in table(run("editions"))["late"]
