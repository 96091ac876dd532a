"""The benchmarks run, and every engine gives the answers of the others; nothing is timed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from benchmarks.__main__ import MARKED, PLANS, main, run
from benchmarks.load import Answer
from benchmarks.plan import TINY, Plan
from benchmarks.results import Mark, Results
from benchmarks.rivals import RIVALS, Rival, smallest
from benchmarks.serving import ARROW, POINTS, check
from benchmarks.town import town
from tests.conftest import must_run_all

SMALLER = replace(TINY, atoms=TINY.atoms[:1], postgis=False)


def measured(name: str, tmp_path: Path, plan: Plan = TINY) -> tuple[Results, str]:
    """Run one subject at a tiny size; return its figures and what was written."""
    results, file = Results(), tmp_path / "RESULTS.md"
    run([name], plan, results, file, "a test")
    return results, file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(MARKED))
def test_each_subject_runs_and_writes_its_table(name: str, tmp_path: Path) -> None:
    results, written = measured(name, tmp_path)
    assert len(results.rows[name]) >= 3
    for row in results.rows[name]:
        assert row.what in written
    assert all(note in written for note in results.skipped)
    if name == "bulk":
        named = " ".join(row.what for row in results.rows[name]) + " ".join(results.skipped)
        assert all(rival.name in named for group in RIVALS for rival in group)
    if must_run_all():
        # These need nothing but the development extra and a PostgreSQL.
        assert not [note for note in results.skipped if "shapely" in note or "PostGIS" in note]


def test_other_winners_stop_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first: type[Rival] = RIVALS[0][0]
    wrong = np.full(TINY.points[0], 7, np.int32)
    monkeypatch.setattr(first, "winners", lambda self: wrong)
    with pytest.raises(AssertionError, match="other winners"):
        measured("bulk", tmp_path, SMALLER)


def test_a_rival_that_is_not_there_is_named_and_the_rest_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.rivals.find_spec", lambda name: None)
    results, written = measured("bulk", tmp_path, SMALLER)
    assert any("DuckDB" in note and "not installed" in note for note in results.skipped)
    assert "Not measured: DuckDB" in written
    assert any("geopandas" in row.what for row in results.rows["bulk"])


def test_the_numbers_of_points_can_be_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PLANS, "tiny", SMALLER)
    file = tmp_path / "RESULTS.md"
    arguments = ["bulk", "--size", "tiny", "--points", "900", "300", "--write", str(file)]
    assert main(arguments) == 0
    written = file.read_text(encoding="utf-8")
    assert f"`python -m benchmarks {' '.join(arguments)}`" in written
    assert written.index("300 uniform") < written.index("900 uniform")


def test_no_points_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["bulk", "--points", "0"])
    assert "at least one point" in capsys.readouterr().err


def test_the_smallest_atom_of_the_pairs_wins() -> None:
    point, atom = np.array([2, 0, 2]), np.array([9, 4, 5])
    assert smallest(point, atom, 4).tolist() == [4, -1, 5, -1]


def test_marks_say_which_bound_is_met() -> None:
    least, most = Mark(5, 10), Mark(5, 2, at_most=True)
    assert [least.met(v) for v in (12, 10, 7)] == ["goal", "goal", "floor"]
    assert "below" in least.met(4.9)
    assert [most.met(v) for v in (1, 5)] == ["goal", "floor"]
    assert "above" in most.met(6)


def test_towns_have_shared_borders_and_four_levels() -> None:
    place = town(TINY.atoms[0])
    coverage = place.coverage()
    assert len(coverage.levels) == 4
    assert (coverage.ancestors[coverage.atoms] >= 0).all()
    lon, lat = place.points("clustered", 2_000)
    assert (place.index.first(lon, lat)[0] >= 0).mean() > 0.5


def answer(kind: str, body: bytes) -> Answer:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}"
    return Answer(head.encode(), body)


def test_columnar_answers_are_checked_by_how_many_points_lie_in_an_area() -> None:
    column = [3] * 600 + [-1] * (POINTS - 600)
    body = json.dumps({"legend": [1, 2, 3, 4], "levels": {"grid": column}}).encode()
    check(answer("application/json", body), 600)
    with pytest.raises(AssertionError, match="599 points"):
        check(answer("application/json", body), 599)


def test_arrow_answers_are_checked_the_same() -> None:
    codes = pa.array(["a"] * 600 + [None] * (POINTS - 600)).dictionary_encode()
    table = pa.table({"grid": codes})
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    check(answer(ARROW, out.getvalue().to_pybytes()), 600)
    with pytest.raises(AssertionError, match="601 points"):
        check(answer(ARROW, out.getvalue().to_pybytes()), 601)
