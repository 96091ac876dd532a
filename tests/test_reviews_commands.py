"""The board at the command line: list, show, open, rule, and clocks that stand still."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from gridmap.cli.app import app
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.review_town import morning, report
from tests.test_reviews_board import geojson

pytest_plugins = ["tests.review_fixtures"]

RULE = ["reviews", "rule", "1", "--owner", "SW", "--document", "纪要3号"]


@pytest.fixture
def ask(review_url, monkeypatch):
    """Runs a command on a town where two reports about covers wait."""
    monkeypatch.setenv("GRIDMAP_STORE", review_url)
    monkeypatch.setenv("GRIDMAP_FROZEN_NOW", "2026-03-04T09:00:00+08:00")
    with open_workspace(settings=Settings(store=review_url), clock=morning()) as workspace:
        report(workspace, 0.2, 0.2, "a")
        report(workspace, 0.3, 0.2, "b")
        report(workspace, 0.2, 0.2, "c", item="0303")

    def run(*words, code=0):
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done.output

    return run


def test_a_review_is_listed_shown_settled_and_listed_as_settled(ask, tmp_path):
    listed = ask("reviews", "list")
    assert "井盖丢失破损" in listed
    assert "1 reviews." in listed
    assert "禾东社区第一网格01" in ask("reviews", "show", 1)
    tried = ask(*RULE, "--radius", 60)
    assert "2 open reports would be routed anew, 2 of them" in tried
    assert "dry run" in tried
    ground = tmp_path / "ground.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": geojson(0, 0, 1, 1)}
    ground.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert "2 open reports routed anew" in ask(*RULE, "--polygon", ground, "--commit")
    assert "0 reviews." in ask("reviews", "list")
    told = json.loads(ask("reviews", "list", "--state", "ruled", "--json", "-"))
    assert told["reviews"][0]["ruling"]["owner_name"] == "水务局"
    assert "纪要3号" in ask("reviews", "show", 1)


def test_what_cannot_be_settled_is_told_with_its_place(ask, tmp_path):
    out = tmp_path / "out.geojson"
    out.write_text(json.dumps(geojson(-3, 0, 1, 1)))
    assert "out of the district" in ask(*RULE, "--polygon", out, code=2)
    out.write_text("{")
    assert "no GeoJSON" in ask(*RULE, "--polygon", out, code=2)
    assert "no such area" in ask(*RULE, "--area", "grid:none", code=3)


def test_a_report_is_put_before_the_board_paused_resumed_and_rerouted(ask):
    assert "review 2" in ask("reviews", "open", 3, "--why", "不归市政")
    assert "stands still" in ask("reports", "pause", 3, "--reason", "weather")
    assert "2026-03-11 17:30" in ask("reports", "resume", 3)
    assert "SZ" in ask("reports", "reroute", 3, "--why", "规则已改")
