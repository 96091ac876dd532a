"""Both stores, and PostGIS as an oracle, give the same answers on the demo's reports."""

from __future__ import annotations

from contextlib import closing
from io import StringIO
from types import SimpleNamespace

import numpy as np
import psycopg2
import pytest

from gridmap.locate.model import Points
from gridmap.workspace import open_workspace
from tests.demo_doors import EDITION, read_text, run

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.postgis

LEVELS = ("subdistrict", "community", "grid", "microgrid")

# The view is copied so that its shapes can be indexed.
_PREPARE = """
CREATE TEMP TABLE asked (n int PRIMARY KEY, lon float8, lat float8);
CREATE TEMP TABLE held AS
    SELECT level, code, geom FROM gridmap_views.published_areas WHERE edition = %s;
CREATE INDEX ON held USING gist (geom);
"""
_ASK = """
ANALYZE asked; ANALYZE held;
SELECT a.n, h.level, array_agg(h.code ORDER BY h.code COLLATE "C"),
       bool_and(ST_Covers(h.geom, a.point))
FROM (SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS point FROM asked) a
JOIN held h ON ST_Intersects(h.geom, a.point)
GROUP BY a.n, h.level
"""


def oracle(dsn, lon, lat):
    """Areas that PostGIS says meet each point: (row, level) to codes in byte order."""
    points = enumerate(zip(lon, lat, strict=True))
    lines = StringIO("".join(f"{n}\t{x!r}\t{y!r}\n" for n, (x, y) in points))
    with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
        cursor.execute(_PREPARE, [EDITION])
        cursor.copy_expert("COPY asked FROM STDIN", lines)
        cursor.execute(_ASK)
        rows = cursor.fetchall()
    assert all(covered for _, _, _, covered in rows), "ST_Covers agrees with ST_Intersects"
    return {(n, level): codes for n, level, codes, _ in rows}


def located(url, reports):
    """Answers for all reports by the public engine over a store."""
    numbers = {name: reports[name].replace("", "nan").astype(float) for name in ("lon", "lat")}
    points = Points(
        x=numbers["lon"].to_numpy(),
        y=numbers["lat"].to_numpy(),
        coord_sys=reports["coord_sys"].to_numpy(dtype=object),
    )
    with open_workspace(url, create=False) as workspace:
        return workspace.locate_many(points, edition=EDITION)


def agree(dsn, found):
    """Compare every answer with PostGIS; return how many points are inside and on a border."""
    valid = np.flatnonzero(np.isfinite(found.lon))
    truth = oracle(dsn, found.lon[valid].tolist(), found.lat[valid].tolist())
    border = 0
    for level in LEVELS:
        codes = found.codes[level][valid].tolist()
        for n, code in enumerate(codes):
            expected = truth.get((n, level), [None])
            if level == "microgrid":
                assert code == expected[0], (n, expected)
                border += len(expected) > 1
            else:
                # On a border the parent of the micro-grid wins, whatever its own code.
                assert code in expected, (n, level)
    return SimpleNamespace(inside=sum(level == "microgrid" for _, level in truth), border=border)


@pytest.fixture(scope="module")
def both(made_demo):
    return [made_demo(kind, "exclusive") for kind in ("geopackage", "postgis")]


@pytest.fixture(scope="module")
def big(made_demo, new_url, tmp_path_factory):
    """The district's areas in both stores, and its 60,000 reports assigned from each."""
    demo = made_demo("geopackage", "district")
    url, dsn = new_url("postgis")
    folder = tmp_path_factory.mktemp("big")
    run("levels", "--set", ",".join(LEVELS), "--store", url)
    for level in LEVELS:
        parent = [] if level == LEVELS[0] else ["--parent", "parent_code"]
        run(
            "import", f"{demo.folder / 'layers.gpkg'}:{level}", "--edition", EDITION, "--level",
            level, "--code", "code", "--name", "name", "--name-en", "name_en", "--kind", "kind",
            *parent, "--commit", "--store", url,
        )  # fmt: skip
    run("publish", EDITION, "--from", "2025-01-01", "--commit", "--store", url)
    for name, where in (("geopackage", demo.url), ("postgis", url)):
        run(
            "assign", demo.folder / "reports.csv", folder / f"{name}.csv", "--coord-sys",
            "coord_sys", "--accuracy", "accuracy_m", "--at", "received_at", "--store", where,
        )  # fmt: skip
    return SimpleNamespace(demo=demo, url=url, dsn=dsn, folder=folder)


@pytest.mark.xdist_group("demo-exclusive")
def test_six_thousand_routed_reports_are_the_same_bytes_from_both_stores(both):
    one, other = ((demo.folder / "assigned.csv").read_bytes() for demo in both)
    assert one.count(b"\n") == 6_001
    assert one == other


@pytest.mark.xdist_group("demo-exclusive")
def test_postgis_agrees_on_six_thousand_reports_of_both_stores(both):
    for demo in both:
        found = located(demo.url, demo.assigned)
        written = [code or None for code in demo.assigned["microgrid"]]
        assert found.codes["microgrid"].tolist() == written
        counted = agree(both[1].dsn, found)
        assert counted.inside == (demo.assigned["microgrid"] != "").sum() == 5_723
        assert counted.border >= 36


@pytest.mark.xdist_group("demo-district")
def test_sixty_thousand_reports_are_the_same_bytes_from_both_stores(big):
    one, other = (
        (big.folder / f"{name}.csv").read_bytes() for name in ("geopackage", "postgis")
    )  # fmt: skip
    assert one.count(b"\n") == 60_001
    assert one == other
    # The demo's own run routed and stored the reports on the way; the places are the same.
    table = read_text(big.folder / "postgis.csv")
    assert table.equals(big.demo.assigned[list(table.columns)])


@pytest.mark.xdist_group("demo-district")
def test_postgis_agrees_on_sixty_thousand_reports(big):
    found = located(big.url, big.demo.assigned)
    counted = agree(big.dsn, found)
    assert counted.inside == (big.demo.truth["located"] != "").sum()
    assert counted.border >= 360
