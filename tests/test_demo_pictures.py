"""The demo's pictures: drawn, marked as no photos, small, and read like anybody's photos."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gridmap.access import Actor
from gridmap.demo.dice import Dice
from gridmap.demo.pictures import Picture, draw_pictures, pictured
from gridmap.workspace import open_workspace

PLACES = pd.DataFrame(
    {
        "code": [f"L{n}" for n in range(10)],
        "category": ["canteen"] * 8 + ["repair", "health"],
        "name": [f"第{n}处" for n in range(10)],
        "name_en": [f"No. {n}" for n in range(10)],
        "lon": [117 + n / 1000 for n in range(10)],
        "lat": 36.6,
        "coord_sys": "wgs84",
        "wheelchair": np.array([True, False, None] * 3 + [True], dtype=object),
    }
)


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    return draw_pictures(PLACES, Dice(1, "pictures"))


def test_some_places_have_one_and_the_first_a_second_for_staff(pictures: list[Picture]) -> None:
    assert [one.place for one in pictures] == [*(f"L{n}" for n in range(6)), "L8", "L9", "L0"]
    assert [one.shown_to for one in pictures] == ["public"] * 8 + ["staff"]
    assert all("示意图" in one.alt and "Illustration" in one.alt_en for one in pictures)
    assert "坡道" in pictures[0].alt
    assert "台阶" in pictures[1].alt
    assert not pictures[2].alt.endswith(("坡道", "台阶"))


def test_each_bears_its_mark_where_lists_that_cut_the_sides_off_still_show_it(
    pictures: list[Picture],
) -> None:
    for one in pictures:
        with Image.open(io.BytesIO(one.data)) as opened:
            grey = np.asarray(opened.convert("L"))
        assert grey.shape == (480, 720)
        # A square out of the middle, as lists have it; the plate is at its foot.
        plate = grey[400:476, 120 + 160 : 600 - 160]
        assert (plate > 235).mean() > 0.4
        assert (plate < 110).mean() > 0.05
        assert len(one.data) < 40_000


def test_the_same_dice_draw_the_same_and_others_draw_others(pictures: list[Picture]) -> None:
    assert draw_pictures(PLACES, Dice(1, "pictures")) == pictures
    assert draw_pictures(PLACES, Dice(2, "pictures")) != pictures


def test_an_import_of_the_table_takes_them(pictures: list[Picture], tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    for one in pictures:
        (tmp_path / "photos" / one.name).write_bytes(one.data)
    pictured(PLACES, pictures, "photos").to_csv(tmp_path / "places.csv", index=False)
    with open_workspace(tmp_path / "store.gpkg") as workspace:
        done = workspace.import_records("places", tmp_path / "places.csv", commit=True)
        assert (done.rows, done.photos) == (10, 9)
        assert len(workspace.photos_seen(Actor.resident())["L0"]) == 1
        first, second = workspace.photos_seen(Actor.operator())["L0"]
    assert first["caption"] == "第0处正门（程序绘制，非实景）"
    assert (second["shown_to"], second["licence"]) == ("staff", "CC0-1.0")


def test_a_district_without_places_has_none() -> None:
    assert draw_pictures(PLACES.iloc[:0], Dice(1, "pictures")) == []
