"""Photos on sheets: small, with whom they are from, held by the sheet; a change is told."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from gridmap.pictures import clean
from gridmap.sheets.district import District, PlacePhoto
from gridmap.sheets.fingerprint import fingerprint
from gridmap.sheets.model import Request
from gridmap.sheets.page import sheet_html
from gridmap.sheets.printing import to_pdf
from tests.mapdata import HOSTILE
from tests.place_pictures import picture
from tests.sheet_town import town

AREA = Request("services", "grid", "G00")


def photo(colour: str, by: str = "") -> PlacePhoto:
    made = clean(picture(colour), most_bytes=10**6, most_pixels=10**7)
    return PlacePhoto(made.sha256, made.thumb, by)


@pytest.fixture(scope="module")
def pictured() -> District:
    """A town whose first and third place have a photo."""
    shots = {"P00": photo("teal", "社区 · CC0"), "P02": photo("red", HOSTILE)}
    return replace(town(), photos=shots)


def rows(html: str) -> list[bool]:
    """Whether each row of the table has a picture."""
    return ['class="pic"' in row for row in re.findall(r"<tr><td>.*?</tr>", html, re.DOTALL)]


def test_a_place_with_a_photo_has_it_beside_its_name_and_says_whose_it_is(
    pictured: District,
) -> None:
    html = sheet_html(pictured, AREA)
    assert len(rows(html)) == 12
    assert sum(rows(html)) == 2
    assert len(re.findall(r'<img class="pic" src="data:image/jpeg;base64,', html)) == 2
    assert re.search(r"照片：\d+ 社区 · CC0; \d+ &lt;/script&gt;", html)
    assert HOSTILE not in html
    assert re.findall(r"(?:src|href)=\"(?!data:|tel:|https://grid\.example\.org)", html) == []
    english = sheet_html(pictured, replace(AREA, lang="en"))
    assert re.search(r"Photos: \d+ 社区", english)


@pytest.mark.parametrize("kind", ["board", "card"])
def test_other_sheets_have_none(pictured: District, kind: str) -> None:
    assert "data:image/jpeg" not in sheet_html(pictured, replace(AREA, kind=kind))


def test_a_sheet_of_an_estate_still_fits_its_page(pictured: District) -> None:
    shots = {f"P{n:02d}": photo("teal") for n in range(12)}
    full = replace(pictured, photos=shots)
    pdf = PdfReader(io.BytesIO(to_pdf(sheet_html(full, Request("services", "estate", "E1")))))
    assert len(pdf.pages) == 1
    assert len(pdf.pages[0].images) > 0


def test_a_changed_photo_is_a_reason_to_print_and_no_photo_is_none(pictured: District) -> None:
    bare = fingerprint(town(), AREA)
    assert fingerprint(replace(town(), photos={}), AREA) == bare
    # A place that is on no such sheet.
    assert fingerprint(replace(town(), photos={"P99": photo("teal")}), AREA) == bare
    seen = fingerprint(pictured, AREA)
    assert {part for part in bare if bare[part] != seen[part]} == {"services"}
    other = {**pictured.photos, "P00": photo("blue", "社区 · CC0")}
    again = fingerprint(replace(pictured, photos=other), AREA)
    assert {part for part in seen if seen[part] != again[part]} == {"services"}
