"""The command goes on after a kill, on both stores, while the editions and rules are the same."""

import signal
import textwrap
from datetime import timedelta

import numpy as np
import pytest
from typer.testing import CliRunner

from gridmap.cli.app import app
from tests.edition_data import MERGED, OLD, march, moving_workspace, published
from tests.test_assign_resume import small_batches

ROWS = 2_000
OPTIONS = {"item": "item", "at": "at"}

KILLED = textwrap.dedent("""
    import importlib, os, signal, sys
    from tests.test_assign_resume import small_batches
    from gridmap.bulk.kept import KeptRun
    from gridmap.settings import Settings
    from gridmap.workspace import open_workspace
    def put(name, value):
        module, _, name = name.rpartition(".")
        setattr(importlib.import_module(module), name, value)
    small_batches(put)
    left, note = [3], KeptRun.note
    def dying(self, journal):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        note(self, journal)
    KeptRun.note = dying
    with open_workspace(settings=Settings(), create=False) as workspace:
        workspace.assign(*sys.argv[1:3], item="item", at="at", journal_s=0.0)
""")


@pytest.fixture
def district(store_url, monkeypatch):
    """A store with an edition in force, and the environment that names it."""
    monkeypatch.setenv("GRIDMAP_STORE", store_url)
    monkeypatch.setenv("GRIDMAP_FROZEN_NOW", "2026-03-05")
    small_batches(monkeypatch.setattr)
    with moving_workspace(store_url) as (workspace, clock):
        published(workspace, "e1", OLD, march(2))
        yield workspace, clock


@pytest.fixture
def source(tmp_path):
    dice = np.random.default_rng(5)
    lines = ["id,lon,lat,item,at"]
    for i in range(ROWS):
        lon, lat = 117 + dice.uniform(-0.005, 0.035), 36 + dice.uniform(-0.002, 0.012)
        lines.append(
            f"{i},{lon:.6f},{lat:.6f},{['X101', 'X102', 'none'][i % 3]},2026-03-03 0{i % 9}:10"
        )
    path = tmp_path / "in.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def assign(source, output, *options):
    words = ["assign", str(source), str(output), "--item", "item", "--at", "at", *options]
    return CliRunner().invoke(app, words)


def killed(forked, source, output):
    done = forked(KILLED, source, output)
    assert done.returncode == -signal.SIGKILL, done.stderr


def summary_lines(text):
    """What the command prints, but for the time it took and where to."""
    return [line for line in text.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_a_killed_command_goes_on_with_the_same_bytes(district, tmp_path, source, name, forked):
    (tmp_path / "whole").mkdir()
    whole = assign(source, tmp_path / "whole" / name)
    assert whole.exit_code == 0, whole.output
    killed(forked, source, tmp_path / name)
    assert not (tmp_path / name).exists()
    done = assign(source, tmp_path / name, "--resume")
    assert done.exit_code == 0, done.output
    assert "Went on after" in done.stdout
    assert (tmp_path / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert summary_lines(done.stdout) == summary_lines(whole.stdout)
    assert sorted(path.name for path in tmp_path.glob(".*out*")) == []


def test_another_edition_is_refused_by_name(district, tmp_path, source, forked):
    workspace, clock = district
    killed(forked, source, tmp_path / "out.csv")
    clock.now = march(3)
    published(workspace, "e2", MERGED, march(4))
    done = assign(source, tmp_path / "out.csv", "--resume")
    assert done.exit_code == 4, done.output
    assert "edition in force: e2 (was e1)" in done.output
    assert "without --resume" in done.output


def test_other_rules_are_refused(district, tmp_path, source, monkeypatch, forked):
    killed(forked, source, tmp_path / "out.csv")
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "calendar.csv").write_text("date,kind,name\n2026-03-09,holiday,own\n")
    monkeypatch.setenv("GRIDMAP_RULES", str(rules))
    done = assign(source, tmp_path / "out.csv", "--resume")
    assert done.exit_code == 4, done.output
    assert "rules of routing" in done.output


def test_other_overlays_and_posts_answer_otherwise(district):
    workspace, _ = district
    before = workspace.answer_identity(routed=True)
    assert before == workspace.answer_identity(routed=True)
    workspace.put_records("parties", [{"code": "WY:F1", "name": "物业"}])
    after = workspace.answer_identity(routed=True)
    assert {name for name in after if after[name] != before[name]} == {
        "overlays, parties and posts"
    }
    assert set(workspace.answer_identity(edition="e1")) == {"edition"}


def test_nothing_to_resume_is_said(district, tmp_path, source):
    done = assign(source, tmp_path / "out.csv", "--resume")
    assert done.exit_code == 0, done.output
    assert "There was nothing to resume: the run began anew." in done.stdout


def test_an_edition_that_comes_into_force_meanwhile_is_told_from_the_one_before(district):
    workspace, clock = district
    published(workspace, "e2", MERGED, march(6))
    clock.now = march(5)
    before = workspace.answer_identity()
    clock.now = march(6) + timedelta(hours=1)
    after = workspace.answer_identity()
    assert (before["edition in force"], after["edition in force"]) == ("e1", "e2")
    assert before["editions"] == after["editions"]
