"""The maps, as folium documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import shapely

from gridmap.access import Actor, may_see
from gridmap.areas import Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.locate.model import Points
from gridmap.places.hours import read_closure
from gridmap.places.model import Post
from gridmap.times import to_site
from gridmap.workspace.map_figures import MapFigures
from gridmap.workspace.sheeting import Sheets
from gridmap.workspace.walking import Walks

if TYPE_CHECKING:
    from gridmap.maps.document import GridMap, MapInfo
    from gridmap.maps.photos import PlacePhotos
    from gridmap.sheets.district import Estate

__all__ = ["MAPS", "PARTY_MAP", "Mapmaking", "counted_level"]

# Kind -> title in Chinese and in English.
TITLES = {
    "levels": ("网格范围图", "Grid map"),
    "party": ("党建地图", "Party-building map"),
    "services": ("小区服务资源地图", "Service-resource map"),
}
MAPS = tuple(TITLES)
PARTY_MAP = "party"

Mode = Literal["inline", "served"]


class Mapmaking(Sheets, Walks, MapFigures):
    """Maps of what is stored, cut down to what the actor may see."""

    def map_document(
        self,
        kind: str,
        *,
        at: str | datetime | None = None,
        mode: Mode = "inline",
        base: bool = True,
        actor: Actor | None = None,
    ) -> GridMap:
        """Return one of the maps as a folium document.

        Parameters
        ----------
        kind : str
            One of :data:`MAPS`.
        at : str or datetime, optional
            Moment whose edition is drawn; now by default.
        mode : {"inline", "served"}
            One self-contained file, or a page that takes its assets from the server.
        base : bool
            Upon the site's own tiles, where it has set some.

        Raises
        ------
        NotAllowed
            When a file would show tiles that are not for its readers.
        """
        from gridmap.maps.basemap import base_map
        from gridmap.maps.categories import service_pins
        from gridmap.maps.services import services_map

        who = actor or self.actor
        if kind not in TITLES:
            raise BadValue("There is no such map.", got=kind, allowed=MAPS)
        moment = self._moment(at) or self.clock()
        coverage = self.coverage_at(moment)
        info = self._info(kind, coverage.edition, moment, who)
        if base:
            # A file is asked for on purpose: tiles that are not for its readers are refused there.
            inline = mode == "inline"
            under = base_map(self.settings, beyond=inline, for_actor=None if inline else who)
            info = replace(info, base=under)
        if kind == "levels":
            return self._levels_map(coverage, info, moment, who, mode)
        if kind == "party":
            return self._party_map(coverage, info, moment, who, mode)
        return services_map(
            coverage,
            self._places_mapped(moment),
            info=info,
            actor=who,
            rosters=self.rosters_stored(moment),
            categories=service_pins(self.categories),
            ground=self.ground(),
            photos=self._map_photos(who),
            mode=mode,
        )

    def map_state(self) -> object:
        """Return what tells a map from one drawn before a change; counts of reports apart."""
        edition = self.coverage_at(self.clock()).edition
        with self._lock:
            # Categories come from files: they change without the store.
            return edition, self._token, self.categories

    # -- inside ---------------------------------------------------------------------

    def _map_photos(self, who: Actor) -> PlacePhotos:
        from gridmap.maps.photos import PlacePhotos

        return PlacePhotos(self.lead_photos(who), self.lead_thumbs)

    def _levels_map(
        self, coverage: Coverage, info: MapInfo, moment: datetime, who: Actor, mode: Mode
    ) -> GridMap:
        from gridmap.maps.levels import levels_map

        level = counted_level(coverage.levels)
        found = self.map_figures(coverage, level, moment, who, shares=False)
        loads = [one for one in found if one.key == "reports"]
        return levels_map(
            coverage,
            info=info,
            actor=who,
            choropleth=loads[0] if loads else None,
            ground=self.ground(),
            mode=mode,
        )

    def _party_map(
        self, coverage: Coverage, info: MapInfo, moment: datetime, who: Actor, mode: Mode
    ) -> GridMap:
        from gridmap.maps.party import party_map

        fills = self.map_figures(coverage, counted_level(coverage.levels), moment, who)
        estates, held = self.map_estates(coverage, moment)
        houses = self.map_houses(coverage)
        reach = self.reach_of_centres(who)
        return party_map(
            coverage,
            self.map_points(PARTY_MAP, moment),
            info=info,
            actor=who,
            rosters=self.rosters_stored(moment),
            choropleth=fills[0] if fills else None,
            further=fills[1:],
            ground=self.ground(),
            reach=[shape for _, shape in reach],
            reach_of=[code for code, _ in reach],
            estates=estates,
            estates_held=held,
            buildings=[record for record, _ in houses],
            building_rows=[row for _, row in houses],
            photos=self._map_photos(who),
            mode=mode,
        )

    def map_estates(
        self, coverage: Coverage, moment: datetime
    ) -> tuple[list[dict[str, Any]], dict[str, list[int]]]:
        """Return the estates, and by code the rows of the areas that hold their houses."""
        from gridmap.maps.party import area_places

        district = self.sheet_district(at=moment)
        place = area_places(coverage)
        held = {
            code: [
                place[level, area]
                for level, areas in district.areas_of_estate(code).items()
                for area in areas
            ]
            for code in district.estates
        }
        return [_estate(one) for one in district.estates.values()], held

    def reach_of_centres(self, who: Actor) -> list[tuple[str, Any]]:
        """Return code and area within 15 minutes on foot of every centre and station.

        Of those alone that are of a category which `who` may see.
        """
        found = []
        for category in ("service_centre", "party_station"):
            if not may_see(who, self.categories.visibility(category)):
                continue
            codes = [p["code"] for p in self.place_records() if p["category"] == category]
            found += list(zip(codes, self.centre_reach(category=category), strict=True))
        return found

    def map_points(self, which: str, moment: datetime) -> list[dict[str, Any]]:
        """Return organisations and places at a moment as pins: all, or those of the party map."""
        from gridmap.maps.categories import PARTY_PLACES

        bodies = [
            {**row, "category": row["kind"], "member_count": row["members"], "members": None}
            for row in self.store.records("organisations")
        ]
        places = [
            place
            for place in self._places_mapped(moment)
            if which != PARTY_MAP or place["category"] in PARTY_PLACES
        ]
        return [*bodies, *places]

    def _places_mapped(self, moment: datetime) -> list[dict[str, Any]]:
        """Return all places with the hours that people read, and the closures not yet over."""
        today = to_site(moment, self.zone).date()
        return [
            {
                **place,
                "hours": place["hours_text"] or place["hours"],
                "closures": [
                    text for text in place["closures"] if read_closure(text).last >= today
                ],
            }
            for place in self.place_records()
        ]

    def map_houses(self, coverage: Coverage) -> list[tuple[dict[str, Any], int]]:
        """Return the buildings, each with the row of the finest area that holds it, or -1."""
        from gridmap.maps.party import area_places

        rows = [row for row in self.store.records("ground") if row["layer"] == "buildings"]
        if not rows:
            return []
        points = shapely.get_coordinates(shapely.point_on_surface([row["geom"] for row in rows]))
        found = self.locate_many(
            Points(points[:, 0].copy(), points[:, 1].copy()),
            edition=coverage.edition,
            areas_only=True,
            actor=Actor.resident(),
        )
        place = area_places(coverage)
        held = [-1] * len(rows)
        for level in coverage.levels.names:
            codes = found.codes[level].tolist()
            held = [
                place.get((level, code), at) if code else at
                for at, code in zip(held, codes, strict=True)
            ]
        return list(zip(rows, held, strict=True))

    def rosters_stored(self, moment: datetime) -> list[dict[str, Any]]:
        """Return the posts held at a moment, whole: to be cut down by who draws them.

        Each with the name of the estate that it is about.
        """
        day = to_site(moment, self.zone).date()
        held = [post for post in self.store.records("posts") if Post(**post).on_duty(day)]
        if any(post["estate_code"] for post in held):
            estates = self._sheet_estates(day, Actor.resident())
            for post in held:
                estate = estates.get(post["estate_code"])
                # An estate that is not in force has no name to be told apart by but its code.
                post["estate"] = post["estate_code"] if estate is None else estate.name.zh
                post["estate_en"] = "" if estate is None else estate.name.en
        return held

    def _info(self, kind: str, edition: str, moment: datetime, who: Actor) -> MapInfo:
        from gridmap.maps.document import MapInfo

        title, title_en = TITLES[kind]
        return MapInfo(
            title=title,
            title_en=title_en,
            lang=self.settings.language,
            edition=edition,
            as_of=to_site(moment, self.zone).date().isoformat(),
            review_no=self.settings.map_review_no,
            demo=self.store.is_demo(),
            internal=who.is_staff,
        )


def counted_level(levels: Levels) -> str:
    """Return the level whose areas are coloured by load: the grids, else the finest."""
    return "grid" if "grid" in levels.names else levels.finest.name


def _estate(one: Estate) -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name.zh,
        "name_en": one.name.en,
        "managed": one.managed,
        "firm": one.firm.zh,
        "firm_en": one.firm.en,
        "geometry": one.shape,
    }
