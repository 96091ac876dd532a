"""Sheets for walls and pockets, from what the public may see of what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.access import Actor, redact
from gridmap.areas import tie_key
from gridmap.errors import BadValue
from gridmap.i18n import LANGUAGES
from gridmap.places.estates import spots_of_estates
from gridmap.routing.overlays import Overlay
from gridmap.times import to_site
from gridmap.workspace.base import Progress
from gridmap.workspace.facts import Facts
from gridmap.workspace.locating import Locating

if TYPE_CHECKING:
    from gridmap.sheets.district import District, Estate, PlacePhoto
    from gridmap.sheets.folder import Made, Stale
    from gridmap.sheets.model import Request

__all__ = ["Sheets"]

Objects = NDArray[np.object_]


class Sheets(Locating, Facts):
    """Service maps, duty boards and contact cards, each of one estate or area.

    A sheet hangs where everybody passes: whoever asks, it holds what the public may see.
    """

    def sheet_district(self, *, at: str | datetime | None = None) -> District:
        """Return all that sheets are taken from, as it is at a moment (now by default).

        Raises
        ------
        NotFound
            When no edition is in force then.
        """
        from gridmap.maps.categories import service_pins
        from gridmap.sheets.district import District, GroundLayer

        moment = self._moment(at) or self.clock()
        coverage = self.coverage_at(moment)
        day = to_site(moment, self.zone).date()
        public = Actor.resident()
        ground = {
            layer: GroundLayer.of(frame) for layer, frame in self.ground(buildings=True).items()
        }
        estates = self._sheet_estates(day, public)
        spots, owner = _estate_points(estates, ground.get("buildings"))
        places = self.records("places", actor=public)
        at_places = np.array([(p["lon"], p["lat"]) for p in places]).reshape(-1, 2)
        return District(
            coverage=coverage,
            estates=estates,
            estate_of=owner,
            estate_codes=self.codes_at(spots, coverage.edition, actor=public),
            posts=self.rosters(day, actor=public),
            places=places,
            place_codes=self.codes_at(at_places, coverage.edition, actor=public),
            ground=ground,
            items=self.records("service_items", actor=public),
            categories=service_pins(self.categories.seen_by(public)),
            photos=self._sheet_photos(public),
            site={
                "as_of": day.isoformat(),
                "edition": coverage.edition,
                "review_no": self.settings.map_review_no,
                "public_url": self.settings.public_url,
                "demo": self.store.is_demo(),
            },
        )

    def sheet(
        self, kind: str, level: str, code: str, *, paper: str = "a4", lang: str | None = None
    ) -> str:
        """Return one sheet as HTML; see :meth:`sheet_requests` for what is refused."""
        from gridmap.sheets.page import sheet_html

        district = self.sheet_district()
        (request,) = self.sheet_requests(
            district, kind, level, codes=[code], paper=paper, lang=lang
        )
        return sheet_html(district, request)

    def sheet_requests(
        self,
        district: District,
        kind: str,
        level: str,
        *,
        codes: Sequence[str] = (),
        paper: str = "a4",
        lang: str | None = None,
    ) -> list[Request]:
        """Return which sheets are asked for: those of `codes`, or all of a level.

        Raises
        ------
        BadValue
            For an unknown kind, level, paper or language.
        NotFound
            When there is no such estate or area.
        """
        from gridmap.sheets.model import Request, check_kind
        from gridmap.sheets.papers import paper_of

        check_kind(kind)
        paper_of(paper)
        lang = lang or self.settings.language
        if lang not in LANGUAGES:
            raise BadValue("There is no such language.", got=lang, allowed=LANGUAGES)
        known = district.codes(level)
        for code in codes:
            if code not in known:
                if district.is_estate(level):
                    district.estate(code)
                district.coverage.row(level, code)
        wanted = list(dict.fromkeys(codes)) or known
        return [Request(kind, level, code, paper.lower(), lang) for code in wanted]

    def make_sheets(
        self,
        kind: str,
        level: str,
        folder: Path,
        *,
        codes: Sequence[str] = (),
        paper: str = "a4",
        lang: str | None = None,
        pdf: bool = False,
        processes: int | None = None,
        progress: Progress | None = None,
    ) -> Made:
        """Write sheets into a folder; see :func:`gridmap.sheets.folder.make_sheets`."""
        from gridmap.sheets.folder import make_sheets

        district = self.sheet_district()
        wanted = self.sheet_requests(district, kind, level, codes=codes, paper=paper, lang=lang)
        return make_sheets(
            district, wanted, folder, pdf=pdf, processes=processes, progress=progress
        )

    def renew_sheets(
        self,
        folder: Path,
        *,
        kind: str | None = None,
        level: str | None = None,
        processes: int | None = None,
        progress: Progress | None = None,
    ) -> Made:
        """Make the sheets of a folder anew that changed.

        See :func:`gridmap.sheets.folder.renew_sheets`.
        """
        from gridmap.sheets.folder import renew_sheets
        from gridmap.sheets.model import check_kind

        if kind is not None:
            check_kind(kind)
        district = self.sheet_district()
        if level is not None:
            district.codes(level)
        return renew_sheets(
            district, folder, kind=kind, level=level, processes=processes, progress=progress
        )

    def stale_sheets(self, folder: Path, *, progress: Progress | None = None) -> list[Stale]:
        """Return the sheets of a folder to print again."""
        from gridmap.sheets.folder import stale_sheets

        return stale_sheets(self.sheet_district(), folder, progress=progress)

    # -- inside ---------------------------------------------------------------------

    def _sheet_photos(self, public: Actor) -> dict[str, PlacePhoto]:
        from gridmap.sheets.district import PlacePhoto

        leads = self.lead_photos(public)
        return {
            code: PlacePhoto(
                leads[code]["sha256"],
                thumb,
                " · ".join(p for p in (leads[code]["credit"], leads[code]["licence"]) if p),
            )
            for code, thumb in self.lead_thumbs(leads).items()
        }

    def _sheet_estates(self, day: Any, public: Actor) -> dict[str, Estate]:
        """Return the estates in force by code, with the fields that the public may see."""
        from gridmap.sheets.district import Estate
        from gridmap.sheets.model import Named

        firms = {
            row["code"]: (row["name"], row["name_en"]) for row in self.store.records("parties")
        }
        found = {}
        for row in self.store.records("overlays"):
            if row["kind"] != "estate":
                continue
            overlay = Overlay(**{k: v for k, v in row.items() if k != "geom"})
            if not overlay.in_force(day):
                continue
            firm, firm_en = firms.get(overlay.owner, ("", "")) if overlay.managed else ("", "")
            seen = redact(
                public,
                "estates",
                {
                    "code": overlay.code,
                    "name": overlay.name,
                    "name_en": overlay.name_en,
                    "managed": overlay.managed,
                    "firm": firm,
                    "firm_en": firm_en,
                    "geometry": row["geom"],
                },
            )
            found[overlay.code] = Estate(
                seen["code"],
                Named(seen["name"] or seen["code"], seen["name_en"]),
                seen["managed"],
                Named(seen["firm"], seen["firm_en"]),
                seen["geometry"],
            )
        return dict(sorted(found.items(), key=lambda item: tie_key(item[0])))


def _estate_points(
    estates: dict[str, Estate], buildings: Any
) -> tuple[NDArray[np.float64], Objects]:
    """Return points that stand for the estates, and whose each is."""
    shapes = np.array([one.shape for one in estates.values()], dtype=object)
    codes = np.array(list(estates), dtype=object)
    if not len(shapes):
        return np.zeros((0, 2)), codes
    houses = np.zeros(0, dtype=object)
    if buildings is not None and len(buildings.shapes):
        houses = shapely.point_on_surface(buildings.shapes)
    spots, owner = spots_of_estates(shapes, houses)
    return spots, codes[owner]
