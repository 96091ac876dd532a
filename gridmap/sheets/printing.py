"""The sheet as PDF, with the open Chinese font in it.

WeasyPrint is not a part of every installation, for it needs libraries of the system (Pango,
HarfBuzz); without it sheets are made as HTML, which every browser prints.
"""

from __future__ import annotations

import threading
from typing import Any

from gridmap.errors import NotInstalled

__all__ = ["to_pdf"]

_REPAIR = (
    "Install it: pip install 'gridmap[print]', and on Debian apt-get install libpango-1.0-0 "
    "libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk. Or print the HTML from a browser."
)
# Pango's fonts belong to one configuration, which is no thing for two threads at once.
_LOCK = threading.Lock()


def to_pdf(html: str) -> bytes:
    """Return a sheet as PDF: the same bytes for the same text and fonts.

    Raises
    ------
    NotInstalled
        When WeasyPrint, its libraries, or a font for what stands on the sheet are missing.
    """
    weasyprint = _weasyprint()
    # A sheet holds all it needs, its pictures too, and loads nothing.
    within = weasyprint.urls.URLFetcher(allowed_protocols=("data",), fail_on_errors=True)
    with _LOCK:
        document = weasyprint.HTML(string=html, url_fetcher=within).render()
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
