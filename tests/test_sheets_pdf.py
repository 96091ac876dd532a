"""Sheets as PDF: size, fonts within, nothing cut off, a clear word where none can be made."""

from __future__ import annotations

import io
import sys

import pytest
from pypdf import PdfReader

from gridmap.errors import NotInstalled
from gridmap.sheets.content import compose
from gridmap.sheets.model import Request
from gridmap.sheets.page import sheet_html
from gridmap.sheets.printing import to_pdf
from gridmap.sheets.small_fonts import small_font
from tests.sheet_town import COMMUNITY, changed, town

MM = 72 / 25.4


def printed(district, request):
    return PdfReader(io.BytesIO(to_pdf(sheet_html(district, request))))


def said_and_where(page):
    """The text of a page, and where its pieces begin, millimetres from the lower left corner."""
    found = []

    def take(text, cm, tm, _font, _size):
        if text.strip():
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            found.append((x / MM, y / MM, text.strip()))

    return page.extract_text(visitor_text=take), found


@pytest.mark.parametrize(
    ("kind", "paper", "size"),
    [
        ("services", "a4", (210, 297)),
        ("services", "a3", (297, 420)),
        ("board", "a4", (297, 210)),
        ("card", "a4", (297, 210)),
        ("card", "a3", (297, 420)),
    ],
)
def test_a_sheet_of_an_estate_is_one_page_with_its_fonts_in_it(kind, paper, size):
    district = town(posts=5, places=40)
    request = Request(kind, "estate", "E1", paper)
    found = printed(district, request)
    (page,) = found.pages
    box = page.mediabox
    assert (float(box.width) / MM, float(box.height) / MM) == pytest.approx(size, abs=0.2)
    fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        (below,) = font["/DescendantFonts"]
        descriptor = below.get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor)
        assert "CJK" in str(descriptor["/FontName"])
    margin = 10 if paper == "a4" else 13
    text, spots = said_and_where(page)
    for x, y, piece in spots:
        assert margin - 1 <= x <= size[0] - margin
        # The reader tells where the numbers of markers stand in the map's own plane.
        assert piece.isdigit() or y >= 3
        assert y <= size[1] - margin
    (foot,) = [y for _, y, piece in spots if piece == "1 / 1"]
    assert 4 <= foot < margin
    sheet, _ = compose(district, request)
    said = {"services": sheet.services, "board": sheet.contacts}.get(
        kind, (*sheet.services, *sheet.contacts)
    )
    assert said
    for one in said:
        assert one.phone in text


def test_a_sheet_in_english_is_one_page_though_its_words_are_longer():
    district = town(places=40)
    hours = "Mo-Fr 09:00-12:00,14:00-20:00; Sa,Su 09:00-17:00"
    places = [{**one, "hours": hours, "name_en": "Culture Road Repair Shop"}
              for one in district.places]  # fmt: skip
    request = Request("services", "estate", "E1", "a4", lang="en")
    (page,) = printed(changed(district, places=places), request).pages
    text = page.extract_text()
    assert "If something is wrong" in text
    # No time of day is broken in two.
    assert text.count("20:00") == text.count("09:00-12:00") > 5


def test_what_a_page_has_no_room_for_goes_on_to_the_next():
    board = printed(town(grids=40, posts=2), Request("board", "community", COMMUNITY, "a4"))
    assert len(board.pages) == 2
    read = [said_and_where(page) for page in board.pages]
    text = "".join(text for text, _ in read)
    for grid in range(40):
        assert f"0990-5{grid:02d}1000" in text
    assert all(y > 3 for _, spots in read for _, y, _ in spots)
    services = printed(town(places=40), Request("services", "community", COMMUNITY, "a4"))
    assert len(services.pages) > 1
    text = "".join(page.extract_text() for page in services.pages)
    assert all(f"0990-55511{n:02d}" in text for n in range(40))


def test_a_name_that_is_no_xml_is_refused_and_no_sheet_is_printed_without_its_map():
    page = sheet_html(town(), Request("services", "estate", "E1"))
    text = "".join(one.extract_text() for one in PdfReader(io.BytesIO(to_pdf(page))).pages)
    assert "1号楼" in text
    with pytest.raises(NotInstalled, match="characters"):
        to_pdf(page.replace("文化东路", "文化\x0b东路"))


def test_characters_that_the_small_font_has_not_come_from_the_whole_one():
    both = to_pdf("<p style=\"font-family:'gridmap CJK','Noto Sans CJK SC'\">东苑龘</p>")
    (page,) = PdfReader(io.BytesIO(both)).pages
    assert "东苑龘" in page.extract_text()
    fonts = [font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()]
    assert any("gridmap-CJK" in name for name in fonts)
    assert any("Noto-Sans-CJK-SC" in name for name in fonts)
    # Where it cannot be made, a sheet is printed all the same.
    assert small_font(("No Such Family",), 400) is None


def test_without_weasyprint_the_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(NotInstalled, match=r"gridmap\[print\]"):
        to_pdf("<p>东苑</p>")


def test_a_character_that_no_font_has_is_named_and_not_printed_as_a_box():
    with pytest.raises(NotInstalled, match="\U0010fffd"):
        to_pdf("<p>东苑\U0010fffd</p>")


def test_the_same_sheet_is_the_same_bytes():
    assert to_pdf("<p>东苑</p>") == to_pdf("<p>东苑</p>")
