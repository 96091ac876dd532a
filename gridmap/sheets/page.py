"""The sheet as one HTML document that holds all it needs; every value is escaped."""

from __future__ import annotations

import io
from functools import lru_cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

import segno
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from gridmap.i18n import translate
from gridmap.maps.photos import picture_data
from gridmap.pictures import shrunk
from gridmap.places.model import POST_ROLES
from gridmap.sheets.card import MOST_ON_CARD
from gridmap.sheets.content import compose
from gridmap.sheets.district import District
from gridmap.sheets.drawing import draw
from gridmap.sheets.model import HOTLINES, Contact, Errand, Request, Sheet
from gridmap.sheets.papers import FAMILIES, paper_of

__all__ = ["live_address", "qr_code", "render", "sheet_html"]

# 12 mm on paper, at 300 dots an inch.
_PICTURE_SIDE = 150


def sheet_html(district: District, request: Request) -> str:
    """Return a sheet as HTML; raises as :func:`gridmap.sheets.content.compose`."""
    sheet, frame = compose(district, request)
    paper = paper_of(request.paper)
    drawn = "" if request.kind == "card" else draw(district, sheet, frame, paper)
    return render(sheet, drawn)


def render(sheet: Sheet, drawn: str) -> str:
    """Return a sheet as HTML, given its map as SVG."""
    request = sheet.request
    paper = paper_of(request.paper)
    lang = request.lang
    address = live_address(sheet)

    def t(key: str, **values: object) -> str:
        return translate(key, lang, **values)

    page: str = _template(request.kind).render(
        sheet=sheet,
        paper=paper,
        lang=lang,
        t=t,
        z=paper.zoom,
        fonts=FAMILIES,
        title=t(f"sheet.title.{request.kind}"),
        where=" · ".join(one.say(lang) for one in sheet.chain),
        drawn=Markup(drawn),
        qr=Markup(qr_code(address)) if address else "",
        people=[_person(one, lang) for one in sheet.contacts],
        most=MOST_ON_CARD,
        below=_by_area(sheet, lang),
        services=[_service(sheet, n, lang) for n in range(len(sheet.services))],
        photos_by=_photos_by(sheet),
        errands=[_errand(one, lang) for one in sheet.errands],
        hotlines=[(one.number, t(f"sheet.hotline.{one.key}")) for one in HOTLINES],
        site=sheet.site,
    )
    return page


def live_address(sheet: Sheet) -> str:
    """Return where one finds what is near the sheet's ground as it is now: the residents' page.

    From the estate, or from the middle of an area. Empty when the site has no address.
    """
    base, request = str(sheet.site["public_url"]).rstrip("/"), sheet.request
    if not base:
        return ""
    if sheet.of_estate:
        query = {"estate": request.code}
    else:
        middle = sheet.focus.representative_point()
        query = {"near": f"{middle.x:.5f},{middle.y:.5f}"}
    if request.lang != "zh":
        query["lang"] = request.lang
    return f"{base}/services?{urlencode(query)}"


def qr_code(text: str) -> str:
    """Return a text as a QR code: ``<svg>`` with its four modules of white around."""
    out = io.BytesIO()
    segno.make_qr(text, error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4, light="#ffffff",
        svgclass="qr", lineclass=None,
    )  # fmt: skip
    return out.getvalue().decode("utf-8").strip()


def _person(contact: Contact, lang: str) -> dict[str, str]:
    role = POST_ROLES[contact.role][1 if lang == "en" else 0]
    return {"role": role, "phone": contact.phone, "area": contact.area.say(lang)}


def _errand(errand: Errand, lang: str) -> dict[str, str]:
    return {
        "name": errand.name.say(lang),
        "how": errand.how(lang),
        "phone": errand.phone,
        "price": errand.price,
    }


def _by_area(sheet: Sheet, lang: str) -> list[dict[str, str]]:
    """Return a row an area below: its name, and the phones of its lead and its worker."""
    rows: dict[str, dict[str, list[str]]] = {}
    for contact in sheet.posts_below:
        phones = rows.setdefault(contact.area.say(lang), {"grid_lead": [], "grid_worker": []})
        if contact.phone:
            phones[contact.role].append(contact.phone)
    return [
        {
            "area": area,
            "lead": " ".join(found["grid_lead"]),
            "worker": " ".join(found["grid_worker"]),
        }
        for area, found in rows.items()
    ]


def _service(sheet: Sheet, at: int, lang: str) -> dict[str, Any]:
    one = sheet.services[at]
    return {
        "number": one.number,
        "colour": one.colour,
        "category": one.kind.say(lang),
        "name": one.name.say(lang),
        "address": one.address.say(lang),
        "floor": one.floor,
        "hours": one.hours.say(lang),
        "phone": one.phone,
        "special": one.special.say(lang),
        "metres": one.metres,
        "picture": picture_data(shrunk(sheet.pictures[one.photo], _PICTURE_SIDE))
        if one.photo in sheet.pictures
        else "",
    }


def _photos_by(sheet: Sheet) -> str:
    """Return whom the photos are from, each with the numbers of its services."""
    found: dict[str, list[str]] = {}
    for one in sheet.services:
        if one.photo in sheet.pictures and one.photo_by:
            found.setdefault(one.photo_by, []).append(str(one.number))
    return "; ".join(f"{', '.join(numbers)} {by}" for by, numbers in found.items())


@lru_cache(maxsize=8)
def _template(kind: str) -> Any:
    """Return the template of a kind; every value printed by it is escaped unless it is markup."""
    folder = files("gridmap.sheets") / "templates"
    environment = Environment(
        loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(f"{kind}.html.j2")
