"""Pictures of some service points: plain fronts of houses that the program draws.

They stand where a site has photos, and each says that it is none: 示意图 is drawn into it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from PIL import Image, ImageDraw

from gridmap.demo.dice import Dice

__all__ = ["Picture", "draw_pictures", "pictured"]

# Drawn at twice the size, so that edges are smooth when it is made smaller.
_W, _H = 1440, 960
_QUALITY = 80
_MORE_OF = {"canteen": 6}

_SKIES = ("#dfeaf2", "#e8eef0", "#efe9e0", "#e2ecec")
_WALLS = ("#d9c9b0", "#c9d3cf", "#e0d5c8", "#cfc4bb", "#d6d9dd", "#cbb9a8")
_TRIMS = ("#6d7f86", "#8a6d55", "#557a72", "#7a5c63", "#54677f")
_GROUND, _PATH, _GLASS, _FRAME = "#b9bfb4", "#cfcfc8", "#aac3cf", "#f4f3ef"
_LEAVES, _TRUNK = ("#7f9c73", "#8aa57c", "#6f9070"), "#7d6b58"

# The strokes of 示, 意 and 图 on a square of a hundred: no font with them is sure to be there.
_SIGNS: tuple[tuple[tuple[tuple[int, int], ...], ...], ...] = (
    (
        ((28, 18), (72, 18)), ((10, 42), (90, 42)), ((50, 42), (50, 90), (38, 84)),
        ((31, 56), (16, 78)), ((68, 56), (86, 78)),
    ),
    (
        ((50, 2), (50, 11)), ((20, 13), (80, 13)), ((37, 17), (40, 25)), ((63, 17), (60, 25)),
        ((8, 30), (92, 30)), ((28, 38), (72, 38), (72, 64), (28, 64), (28, 38)),
        ((28, 51), (72, 51)), ((22, 75), (13, 90)),
        ((36, 72), (38, 88), (46, 94), (68, 94), (72, 83)), ((50, 70), (58, 78)),
        ((76, 72), (88, 84)),
    ),
    (
        ((10, 6), (90, 6), (90, 94), (10, 94), (10, 6)), ((45, 15), (26, 40)),
        ((38, 25), (66, 25), (24, 62)), ((36, 36), (78, 62)), ((44, 61), (60, 67)),
        ((36, 75), (66, 84)),
    ),
)  # fmt: skip


# What leads to the door, by whether a wheelchair can pass it.
_WAYS: Mapping[bool | None, tuple[str, str]] = {
    True: ("，门口有坡道", ", a ramp at the door"),
    False: ("，门口有台阶", ", steps at the door"),
    None: ("", ""),
}


@dataclass(frozen=True)
class Picture:
    """A drawn picture: of which place, its file's name, its octets, and what is told of it."""

    place: str
    name: str
    data: bytes
    caption: str
    caption_en: str
    alt: str
    alt_en: str
    shown_to: str = "public"


def draw_pictures(places: pd.DataFrame, dice: Dice) -> list[Picture]:
    """Return pictures of the first places of each category, and of a room for staff alone."""
    if not len(places):
        return []
    order = places.groupby("category").cumcount()
    most = places["category"].map(_MORE_OF).fillna(1)
    chosen = places[order < most]
    rows = [{str(k): v for k, v in row.items()} for row in chosen.to_dict("records")]
    found = [_front(row, dice) for row in rows]
    return [*found, _back_room(rows[0], dice)]


def pictured(places: pd.DataFrame, pictures: Sequence[Picture], folder: str) -> pd.DataFrame:
    """Return the table of places with the columns that name their pictures, in a folder of it."""
    told = {
        "photo": [f"{folder}/{one.name}" for one in pictures],
        "photo_caption": [one.caption for one in pictures],
        "photo_caption_en": [one.caption_en for one in pictures],
        "photo_alt": [one.alt for one in pictures],
        "photo_alt_en": [one.alt_en for one in pictures],
        "photo_credit": ["gridmap" for _ in pictures],
        "photo_licence": ["CC0-1.0" for _ in pictures],
        "photo_shown_to": [one.shown_to for one in pictures],
    }
    rows = pd.DataFrame({"code": [one.place for one in pictures], **told})
    joined = rows.groupby("code").agg("|".join)
    more = joined.reindex(places["code"]).fillna("").reset_index(drop=True)
    return pd.concat([places.reset_index(drop=True), more], axis=1)


def _front(row: Mapping[str, Any], dice: Dice) -> Picture:
    floors = 1 + dice.index(3)
    way = _WAYS[row["wheelchair"]]
    image, draw = _sheet(dice.one(_SKIES))
    _house(draw, floors, row["wheelchair"], dice)
    for x in (90, 1310)[: 1 + dice.index(2)]:
        _tree(draw, x, dice)
    words = f"一栋{'一两三'[floors - 1]}层楼房的正面{way[0]}"
    words_en = f"the front of a house of {floors} floor{'s' * (floors > 1)}{way[1]}"
    return Picture(
        row["code"],
        f"{row['code']}-1.jpg",
        _marked(image, draw),
        f"{row['name']}正门（程序绘制，非实景）",
        f"{row['name_en']}, front door (drawn by the program, no photo)",
        f"示意图：{words}",
        f"Illustration: {words_en}",
    )


def _back_room(row: Mapping[str, Any], dice: Dice) -> Picture:
    image, draw = _sheet("#ece7de")
    draw.rectangle((0, 640, _W, _H), fill="#c9bda9")
    draw.rectangle((160, 180, 700, 520), fill=_FRAME, outline=dice.one(_TRIMS), width=14)
    for y in (260, 340, 420):
        draw.line((200, y, 660, y), fill="#9aa5a8", width=10)
    draw.rectangle((860, 420, 1260, 680), fill=dice.one(_TRIMS))
    draw.rectangle((830, 390, 1290, 430), fill=_FRAME)
    return Picture(
        row["code"],
        f"{row['code']}-2.jpg",
        _marked(image, draw),
        f"{row['name']}后厨布局（程序绘制，仅供工作人员）",
        f"{row['name_en']}, the kitchen (drawn by the program, for staff)",
        "示意图：一面墙上的告示板和一张台子",
        "Illustration: a board on a wall and a counter",
        "staff",
    )


def _sheet(colour: str) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    image = Image.new("RGB", (_W, _H), colour)
    return image, ImageDraw.Draw(image)


def _house(draw: ImageDraw.ImageDraw, floors: int, ramp: bool | None, dice: Dice) -> None:
    wall, trim = dice.one(_WALLS), dice.one(_TRIMS)
    left, right, foot = 200, 1240, 780
    storey = 190
    top = foot - 110 - floors * storey
    draw.rectangle((0, foot, _W, _H), fill=_GROUND)
    draw.polygon(((560, foot), (880, foot), (1010, _H), (430, _H)), fill=_PATH)
    draw.rectangle((left, top, right, foot), fill=wall)
    draw.rectangle((left - 20, top - 26, right + 20, top), fill=trim)
    for floor in range(floors - 1):
        _windows(draw, top + 40 + floor * storey, range(left + 70, right - 150, 190), trim)
    _windows(draw, foot - 250, (left + 70, left + 220, right - 340, right - 190), trim)
    # A plate over the door, without a word on it.
    draw.rectangle((540, foot - 330, 900, foot - 280), fill=_FRAME, outline=trim, width=6)
    draw.rectangle((590, foot - 240, 850, foot), fill=trim)
    draw.rectangle((604, foot - 226, 716, foot), fill=_GLASS)
    draw.rectangle((724, foot - 226, 836, foot), fill=_GLASS)
    draw.polygon(
        ((560, foot - 240), (880, foot - 240), (920, foot - 196), (520, foot - 196)), fill=trim
    )
    if ramp:
        draw.polygon(((850, foot), (1160, foot + 46), (850, foot + 46)), fill="#e9e7e0")
        draw.line((870, foot - 70, 1150, foot - 24), fill=trim, width=8)
        for x in (870, 1010, 1150):
            y = foot - 70 + round((x - 870) * 46 / 280)
            draw.line((x, y, x, y + 84), fill=trim, width=8)
    elif ramp is False:
        for step in range(3):
            box = (570 - 20 * step, foot + 15 * step, 870 + 20 * step, foot + 15 * step + 15)
            draw.rectangle(box, fill=("#e9e7e0", "#dcdad2", "#cfcdc5")[step])


def _windows(draw: ImageDraw.ImageDraw, y: int, xs: Any, trim: str) -> None:
    for x in xs:
        draw.rectangle((x, y, x + 110, y + 120), fill=_GLASS, outline=_FRAME, width=10)
        draw.line((x + 55, y, x + 55, y + 120), fill=_FRAME, width=8)
        draw.rectangle((x - 10, y + 120, x + 120, y + 132), fill=trim)


def _tree(draw: ImageDraw.ImageDraw, x: int, dice: Dice) -> None:
    draw.rectangle((x - 14, 600, x + 14, 800), fill=_TRUNK)
    for dx, dy, r in ((0, 0, 120), (-70, 60, 84), (66, 54, 90)):
        box = (x + dx - r, 520 + dy - r, x + dx + r, 520 + dy + r)
        draw.ellipse(box, fill=dice.one(_LEAVES))


def _marked(image: Image.Image, draw: ImageDraw.ImageDraw) -> bytes:
    """Return the picture as JPEG, with 示意图 on a plate."""
    size, gap, edge = 84, 22, 30
    width = 3 * size + 2 * gap + 2 * edge
    # In the middle, where no list or card that cuts the sides off loses it.
    x0, y0 = (_W - width) // 2, _H - size - 2 * edge - 8
    draw.rectangle((x0, y0, x0 + width, y0 + size + 2 * edge), fill="#fffdf6")
    for at, strokes in enumerate(_SIGNS):
        x, y = x0 + edge + at * (size + gap), y0 + edge
        for stroke in strokes:
            line = [(x + px * size / 100, y + py * size / 100) for px, py in stroke]
            draw.line(line, fill="#3a3a38", width=8, joint="curve")
    out = io.BytesIO()
    image.resize((_W // 2, _H // 2), Image.Resampling.LANCZOS).save(
        out, "JPEG", quality=_QUALITY, optimize=True
    )
    return out.getvalue()
