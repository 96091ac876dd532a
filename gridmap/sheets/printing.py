"""The sheet as PDF, with the open Chinese font in it.

WeasyPrint is not a part of every installation, for it needs libraries of the system (Pango,
HarfBuzz); without it sheets are made as HTML, which every browser prints.

Two things make it quick. The map is handed over as a picture of its own: read as a part of the
page, each of its thousand lines and names would be asked for its style. And the fonts are looked
for once a process, in a copy that holds the usual characters alone.
"""

from __future__ import annotations

import re
import threading
from functools import lru_cache
from multiprocessing.util import Finalize
from typing import Any, NoReturn
from xml.etree import ElementTree

from gridmap.errors import NotInstalled
from gridmap.sheets.papers import FONTS, SMALL_FONT
from gridmap.sheets.small_fonts import small_font

__all__ = ["require_printer", "to_pdf"]

_REPAIR = (
    "Install it: pip install 'gridmap[print]', and on Debian apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk. Or print the HTML from a browser."
)
# Pango's fonts belong to one configuration, which is no thing for two threads at once.
_LOCK = threading.Lock()
_MAP = re.compile(r'<svg class="map".*?</svg>', re.DOTALL)
_WEIGHTS = (400, 700)


def to_pdf(html: str) -> bytes:
    """Return a sheet as PDF: the same bytes for the same text and fonts.

    Raises
    ------
    NotInstalled
        When WeasyPrint, its libraries, or a font for what stands on the sheet are missing.
    """
    weasyprint = _weasyprint()
    page, pictures = _maps_apart(html)
    with _LOCK:
        config, styles = _fonts()
        read = weasyprint.HTML(string=page, url_fetcher=_handing_out(pictures))
        document = read.render(font_config=config, stylesheets=styles)
        out: bytes = document.write_pdf(pdf_identifier=b"gridmap")
        missing = "".join(
            sorted({chr(code) for font in document.fonts.values() for code in font.missing})
        )
    if missing:
        raise NotInstalled(
            "No font of this machine has all characters of the sheet.",
            got=missing[:40],
            repair="On Debian: apt-get install fonts-noto-cjk.",
        )
    return out


def require_printer() -> None:
    """Raise `NotInstalled` when no PDF can be made here at all."""
    _weasyprint()


def _maps_apart(html: str) -> tuple[str, dict[str, bytes]]:
    """Return a page with pictures where its maps were, and those by their addresses."""
    pictures: dict[str, bytes] = {}

    def apart(found: re.Match[str]) -> str:
        svg = found[0].encode()
        try:
            ElementTree.fromstring(svg)
        except ElementTree.ParseError:
            # A name with a control character: HTML reads over it, and a picture would be left out.
            return found[0]
        address = f"map:{len(pictures)}"
        pictures[address] = svg
        return f'<img class="map" src="{address}" alt="">'

    return _MAP.sub(apart, html), pictures


@lru_cache(maxsize=1)
def _fonts() -> tuple[Any, list[Any]]:
    """Return the fonts of this process, and the style sheet that brings the small ones."""
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration

    config = FontConfiguration()
    # It keeps files, which go with it; the end of a process of a pool does not clear up otherwise.
    Finalize(None, _fonts.cache_clear, exitpriority=0)
    small = {f"font:{w}": found for w in _WEIGHTS if (found := small_font(FONTS, w))}
    if len(small) < len(_WEIGHTS):
        return config, []
    faces = "".join(
        f'@font-face {{ font-family: "{SMALL_FONT}"; font-weight: {w}; src: url(font:{w}) }}\n'
        for w in _WEIGHTS
    )
    return config, [CSS(string=faces, url_fetcher=_handing_out(small), font_config=config)]


def _handing_out(content: dict[str, bytes]) -> Any:
    """Return what WeasyPrint asks for addresses: it gets what there is, and nothing from afar."""
    # What a sheet holds in itself, like its photos, needs no fetching from anywhere.
    within = _weasyprint().urls.URLFetcher(allowed_protocols=("data",), fail_on_errors=True)

    def fetch(url: str, *_: Any, **__: Any) -> Any:
        if url.startswith("data:"):
            return within.fetch(url)
        if url not in content:
            _refuse(url)
        kind = "font/otf" if url.startswith("font:") else "image/svg+xml"
        return _weasyprint().urls.URLFetcherResponse(url, content[url], {"Content-Type": kind})

    return fetch


def _weasyprint() -> Any:
    try:
        import weasyprint
    except ImportError as error:
        raise NotInstalled("PDF needs the package WeasyPrint.", repair=_REPAIR) from error
    except OSError as error:
        raise NotInstalled(
            "PDF needs libraries of the system that are not here.",
            got=str(error).partition("\n")[0][:200],
            repair=_REPAIR,
        ) from error
    return weasyprint


def _refuse(url: str) -> NoReturn:
    raise ValueError(f"A sheet loads nothing: {url}")
