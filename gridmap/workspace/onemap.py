"""The one map for staff: everything that there is, as far as each role holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from gridmap.access import Action, Actor, reach, redact
from gridmap.cases.states import CLOSED, State
from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.routing.rule_tables import SITE
from gridmap.times import to_site
from gridmap.workspace.mapping import Mapmaking, counted_level

__all__ = ["MOST_SPOTS", "OneMap"]

# More open orders than this are more than anybody looks at one by one.
MOST_SPOTS = 20_000
_TOLERANCE_M = 1.5
_SHARES_KEPT_S = 600
_MOST_PARTS = 24
_OPEN = [state.value for state in State if state not in CLOSED]


class OneMap(Mapmaking):
    """What the page of staff is drawn from, part by part: what is slow does not hold up the rest.

    Areas stand in the order of the coverage in every part, and each part that names them by it says
    of which edition: browsers may keep one part longer than another. Shapes, and points by who may
    see them, are kept until something in the store changes; orders and counts never are.
    """

    # Part of the map -> change of the store it was made at, and the part.
    _onemap: dict[str, tuple[object, Any]]

    def onemap_district(self, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return areas and ground, as ``gridmap.addAreas`` and ``gridmap.addGround`` take them."""
        self._may(actor, Action.MAP_SEE)
        coverage = self.coverage_at(self.clock())
        part: dict[str, Any] = self._kept_part(
            f"district:{coverage.edition}", lambda: self._district_part(coverage)
        )
        return part

    def onemap_figures(self, *, shares: bool = False, actor: Actor | None = None) -> dict[str, Any]:
        """Return what the areas may be coloured by: counts, or with `shares` the figures."""
        from gridmap.maps.fills import fill_data

        who = self._may(actor, Action.MAP_SEE)
        now = self.clock()
        coverage = self.coverage_at(now)
        level = counted_level(coverage.levels)
        if shares:
            # Told from every order of 90 days: seconds of work, and no other a minute later.
            reaches = sorted(map(str, reach(who, Action.NUMBERS_SEE)))
            found = self._kept_part(
                "shares:" + "; ".join(reaches),
                lambda: self.map_shares(coverage, level, now, who),
                until=int(now.timestamp() // _SHARES_KEPT_S),
            )
        else:
            found = self.map_figures(coverage, level, now, who, shares=False)
        return {"edition": coverage.edition, "fills": [fill_data(coverage, one) for one in found]}

    def onemap_points(self, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return places, bodies and estates, and who is on duty in which area."""
        from gridmap.maps.categories import GROUPS, PARTY, service_pins
        from gridmap.maps.geometry import bounds_of
        from gridmap.maps.houses import estates_data
        from gridmap.maps.party import area_places
        from gridmap.maps.photos import by_address
        from gridmap.maps.records import people_by_area, places_data

        who = self._may(actor, Action.MAP_SEE)
        now = self.clock()
        coverage = self.coverage_at(now)
        rows = area_places(coverage)
        today = to_site(now, self.zone).toordinal()

        def make() -> dict[str, Any]:
            people = people_by_area(self.rosters_stored(now), actor=who)
            known = {one.code for one in PARTY}
            further = (one for one in service_pins(self.categories) if one.code not in known)
            estates, held = self._kept_part(
                f"estates:{coverage.edition}",
                lambda: self.map_estates(coverage, now),
                until=today,
            )
            return {
                "edition": coverage.edition,
                "places": places_data(
                    self.map_points("all", now),
                    (*PARTY, *further),
                    actor=who,
                    layer="organisations",
                    areas=rows,
                    photos=by_address(self.lead_photos(who)),
                ),
                "groups": {key: list(names) for key, names in GROUPS.items()},
                "people": {str(rows[at]): found for at, found in people.items() if at in rows},
                "estates": estates_data(estates, held, bounds_of(coverage)),
            }

        # What may be seen of them hangs on the roles alone; who is on duty, and which red lines
        # hold, on the day.
        roles = " ".join(sorted(who.roles))
        found = self._kept_part(f"points:{coverage.edition}:{roles}", make, until=today)
        scope = sorted({area for one in reach(who, Action.MAP_SEE) for area in one.areas})
        return {**found, "scope": scope}

    def onemap_orders(self, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return the open orders within the actor's reach, as columns; nobody is named."""
        who = self._may(actor, Action.MAP_SEE)
        scopes = reach(who, Action.ORDER_LIST)
        found = self.store.open_spots(scopes, limit=MOST_SPOTS)
        items = sorted({one["item"] for one in found})
        names = {code: self._item_names(code) for code in items}
        return {
            "total": self.store.count_orders({"open": True}, scopes),
            "late": self.store.count_orders({"open": True, "overdue": True}, scopes),
            "cut": len(found) == MOST_SPOTS,
            "items": [names[code] for code in items],
            "states": _OPEN,
            "number": [one["number"] for one in found],
            "x": [round(one["lon"] * 1e6) for one in found],
            "y": [round(one["lat"] * 1e6) for one in found],
            "item": np.searchsorted(items, [one["item"] for one in found]).tolist(),
            "state": [_OPEN.index(one["state"]) for one in found],
            "overdue": [int(one["overdue"]) for one in found],
        }

    def onemap_buildings(self, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return the buildings, as ``gridmap.addBuildings`` takes them."""
        self._may(actor, Action.MAP_SEE)
        coverage = self.coverage_at(self.clock())
        part: dict[str, Any] = self._kept_part(
            f"buildings:{coverage.edition}", lambda: self._buildings_part(coverage)
        )
        return part

    def onemap_area(self, level: str, code: str, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return what the panel of an area says beside what the page has: counts, within reach.

        Raises
        ------
        NotFound, UnknownLevel
            When there is no such area in force.
        """
        who = self._may(actor, Action.MAP_SEE)
        record = self.area(level, code, actor=who)
        coverage = self.coverage_at(self.clock())
        row = coverage.row(level, code)
        scopes = reach(who, Action.ORDER_LIST)
        area = f"{level}:{code}"
        within = self.areas_within(coverage, who, Action.MAP_SEE)
        inside = within is None or bool(within[row])
        places = self._kept_part("place_codes", self._place_codes)
        found = Counter(kind for kind, codes in places if codes.get(level) == code)
        counted: dict[str, Any] = {"orders": None, "late": None, "reports": None}
        if inside:
            counted = {
                "orders": self.store.count_orders({"open": True, "area": area}, scopes),
                "late": self.store.count_orders(
                    {"open": True, "overdue": True, "area": area}, scopes
                ),
                "reports": self.store.report_counts(level).get(code, 0),
            }
        return {
            "level": level,
            "code": code,
            "name": record["name"],
            "name_en": record["name_en"],
            "inside": inside,
            **counted,
            "households": self._households(coverage, level).get(code) if inside else None,
            "places": [
                {"category": key, "zh": one.label, "en": one.label_en, "count": found[key]}
                for key, one in self.categories.categories.items()
                if found[key]
            ],
        }

    def onemap_building(self, code: str, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return what the panel of a building says beside what the page has.

        Raises
        ------
        NotFound
            When there is no such building.
        """
        who = self._may(actor, Action.MAP_SEE)
        coverage = self.coverage_at(self.clock())
        buildings = self._kept_part(
            f"buildings_by_code:{coverage.edition}", lambda: self._buildings_by_code(coverage)
        )
        if code not in buildings:
            raise NotFound("There is no such building.", got=code, repair="See the map.")
        record, row = buildings[code]
        within = self.areas_within(coverage, who, Action.MAP_SEE)
        inside = within is None or (row >= 0 and bool(within[row]))
        shown = redact(who, "buildings", record)
        households = shown.get("households") if inside else None
        return {
            "code": code,
            "name": shown["name"],
            "name_en": shown["name_en"],
            "inside": inside,
            "households": households,
        }

    # -- inside ---------------------------------------------------------------------

    def _kept_part(self, name: str, make: Callable[[], Any], *, until: int = 0) -> Any:
        """Return a part of the map that is the same for all whom its name stands for.

        It is made anew when something in the store has changed, and with another `until`.
        """
        token = (self.map_state(), until)
        with self._lock:
            kept = self.__dict__.setdefault("_onemap", {})
            found = kept.get(name)
        if found is not None and found[0] == token:
            return found[1]
        made = make()
        with self._lock:
            kept.pop(name, None)
            kept[name] = (token, made)
            # What was made longest ago goes first.
            while len(kept) > _MOST_PARTS:
                kept.pop(next(iter(kept)))
        return made

    def _households(self, coverage: Coverage, level: str) -> dict[str, int]:
        name = f"households:{coverage.edition}:{level}"
        households: dict[str, int] = self._kept_part(
            name, lambda: super(OneMap, self)._households(coverage, level)
        )
        return households

    def _district_part(self, coverage: Coverage) -> dict[str, Any]:
        from gridmap.maps.geometry import bounds_of, simplified
        from gridmap.maps.layers import areas_data, ground_data

        bounds = bounds_of(coverage)
        areas = areas_data(simplified(coverage, _TOLERANCE_M))
        areas["mainRank"] = coverage.levels.rank(counted_level(coverage.levels))
        west, south, east, north = bounds
        return {
            "edition": coverage.edition,
            "bounds": [[south, west], [north, east]],
            "areas": areas,
            "ground": ground_data(self.ground(), bounds, tolerance_m=_TOLERANCE_M),
        }

    def _buildings_part(self, coverage: Coverage) -> dict[str, Any]:
        from gridmap.maps.geometry import bounds_of
        from gridmap.maps.houses import buildings_data

        houses = self.map_houses(coverage)
        data = buildings_data(
            [record for record, _ in houses],
            [row for _, row in houses],
            bounds_of(coverage),
            english=True,
        )
        return {"edition": coverage.edition, **data}

    def _buildings_by_code(self, coverage: Coverage) -> dict[str, tuple[dict[str, Any], int]]:
        return {record["code"]: (record, row) for record, row in self.map_houses(coverage)}

    def _place_codes(self) -> list[tuple[str, dict[str, str]]]:
        """Return the category of every place, and the areas that it lies in."""
        places = self.place_records()
        spots = np.array([(p["lon"], p["lat"]) for p in places]).reshape(-1, 2)
        edition = self.coverage_at(self.clock()).edition
        codes = self.codes_at(spots, edition, actor=Actor.resident())
        return [
            (place["category"], {level: column[n] for level, column in codes.items()})
            for n, place in enumerate(places)
        ]

    def _item_names(self, named: str) -> dict[str, str]:
        """Return what an item is called in its own catalogue."""
        catalogue, _, code = named.rpartition(":")
        book = self.books.by_name.get(catalogue or SITE)
        if book is None or code not in book.catalogue:
            return {"code": named, "zh": code, "en": ""}
        item = book.catalogue.item(code)
        return {"code": named, "zh": item.name, "en": item.name_en}
