"""The maps, as folium documents."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from gridmap.access import Actor
from gridmap.areas import Levels
from gridmap.errors import BadValue
from gridmap.times import to_site
from gridmap.workspace.walking import Walks

if TYPE_CHECKING:
    from gridmap.maps.document import GridMap, MapInfo

__all__ = ["MAPS", "Mapmaking"]

# Kind -> title in Chinese and in English.
TITLES = {
    "levels": ("网格范围图", "Grid map"),
    "party": ("党建地图", "Party-building map"),
    "services": ("小区服务资源地图", "Service-resource map"),
}
MAPS = tuple(TITLES)


class Mapmaking(Walks):
    """Maps of what is stored, cut down to what the actor may see."""

    def map_document(
        self,
        kind: str,
        *,
        at: str | datetime | None = None,
        mode: Literal["inline", "served"] = "inline",
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
        """
        from gridmap.maps.categories import service_pins
        from gridmap.maps.levels import levels_map, report_choropleth
        from gridmap.maps.party import party_map
        from gridmap.maps.services import services_map

        who = actor or self.actor
        if kind not in TITLES:
            raise BadValue("There is no such map.", got=kind, allowed=MAPS)
        moment = self._moment(at) or self.clock()
        coverage = self.coverage_at(moment)
        info = self._info(kind, coverage.edition, moment, who)
        ground = self.ground()
        level = _counted_level(coverage.levels)
        counts = self.store.report_counts(level)
        load = report_choropleth(level, counts, actor=who) if counts else None
        if kind == "levels":
            return levels_map(
                coverage, info=info, actor=who, choropleth=load, ground=ground, mode=mode
            )
        posts = self.store.records("posts")
        if kind == "party":
            return party_map(
                coverage,
                self._party_points(),
                info=info,
                actor=who,
                rosters=posts,
                choropleth=load,
                ground=ground,
                reach=self.centre_reach(),
                mode=mode,
            )
        return services_map(
            coverage,
            [
                {**place, "hours": place["hours_text"] or place["hours"]}
                for place in self.place_records()
            ],
            info=info,
            actor=who,
            rosters=posts,
            categories=service_pins(self.categories),
            ground=ground,
            mode=mode,
        )

    def _party_points(self) -> list[dict[str, Any]]:
        """Return organisations, and the places that are the Party's, as pins."""
        from gridmap.maps.categories import PARTY_PLACES

        bodies = [
            {**row, "category": row["kind"], "member_count": row["members"], "members": None}
            for row in self.store.records("organisations")
        ]
        centres = [p for p in self.place_records() if p["category"] in PARTY_PLACES]
        return [*bodies, *({**p, "hours": p["hours_text"] or p["hours"]} for p in centres)]

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


def _counted_level(levels: Levels) -> str:
    """Return the level whose areas are coloured by load: the grids, else the finest."""
    return "grid" if "grid" in levels.names else levels.finest.name
