"""Reports routed with explanations, beside a tree of shapes and merges of tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from benchmarks.measure import Way, rates
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.town import Town, town
from gridmap.crs import metres_per_degree
from gridmap.i18n import catalogue, translate
from gridmap.locate.locator import Locator
from gridmap.places.model import Post
from gridmap.routing import (
    Overlay,
    OverlayMap,
    RouteBook,
    Router,
    deadline,
    load_route_book,
    routing_columns,
)
from gridmap.routing.explanation import Step, render_step
from gridmap.routing.overlays import OVERLAY_KINDS, ROAD_CLASSES
from gridmap.routing.owner import LAYERS, layers_of
from gridmap.routing.parties import Party
from gridmap.routing.unrouted import opening
from gridmap.times import site_zone

__all__ = ["Case", "TreeAndMerges", "case", "run"]

_MARK = Mark(3.0, 4.0)
_START = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Case:
    """A district with red lines, parks, roads and lamps, and reports in it."""

    place: Town
    count: int

    @cached_property
    def book(self) -> RouteBook:
        return load_route_book(zone=site_zone())

    @cached_property
    def locator(self) -> Locator:
        return Locator(self.place.coverage())

    @cached_property
    def overlays(self) -> OverlayMap:
        atoms, dice = self.place.atoms, np.random.default_rng(5)
        found: list[tuple[Overlay, Any]] = []
        chosen = dice.choice(len(atoms), len(atoms) // 2, replace=False)
        for n, atom in enumerate(chosen.tolist()):
            kind = ("estate", "estate", "estate", "park", "exclusive_site")[n % 5]
            owner = {"estate": f"WY:F{n % 90:03}", "park": "YL"}.get(kind, "WY:UNIT")
            managed = kind != "estate" or n % 3 > 0
            shape = shapely.affinity.scale(atoms[atom], 0.8, 0.8)
            if shapely.is_valid(shape):
                one = Overlay(f"A{n:05}", kind, f"名称{n}", "", managed, owner if managed else "")
                found.append((one, shape))
        middle = shapely.get_coordinates(shapely.centroid(atoms))
        for n in range(len(atoms) // 8):
            some = middle[dice.integers(0, len(middle), 2)]
            near = middle[np.argsort(((middle - some[0]) ** 2).sum(1))[: 3 + n % 5]]
            road_class = ("arterial", "branch", "alley", "alley")[n % 4]
            one = Overlay(f"R{n:05}", "road", f"道路{n}", road_class=road_class)
            found.append((one, shapely.LineString(near)))
        lamps = middle[dice.integers(0, len(middle), len(atoms) * 2)]
        for n, at in enumerate(lamps + dice.normal(0, 4e-4, lamps.shape)):
            kind, owner = (("lamp", "SZ"), ("lamp", "DL"), ("cover", "GS"), ("cabinet", "TX"))[
                n % 4
            ]
            one = Overlay(f"P{n:06}", "asset", f"部件{n}", owner=owner, asset_type=kind)
            found.append((one, shapely.Point(at)))
        known, shapes = zip(*found, strict=True)
        return OverlayMap(known, list(shapes), reach=self.book.reach)

    @cached_property
    def router(self) -> Router:
        firms = [Party(f"WY:F{n:03}", f"物业{n}") for n in range(90)]
        return Router(
            self.book,
            self.locator.coverage,
            self.overlays,
            [*firms, Party("WY:UNIT", "单位")],
            self.posts,
        )

    @cached_property
    def posts(self) -> list[Post]:
        """A worker for four of five grids, a lead for each community."""
        coverage, found = self.locator.coverage, []
        for level, role in (("grid", "grid_worker"), ("community", "grid_lead")):
            rank = coverage.levels.names.index(level)
            for n, code in enumerate(coverage.code[coverage.rank == rank].tolist()):
                if level == "community" or n % 5:
                    found.append(Post(f"P{code}", f"N{code}", "", role, "basic", level, code))
        return found

    @cached_property
    def where(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lon, lat = self.place.points("uniform", 4 * self.count)
        found = self.locator.locate(lon, lat)
        inside = np.flatnonzero(found.codes["microgrid"] != None)[: self.count]  # noqa: E711
        return lon[inside], lat[inside]

    @cached_property
    def items(self) -> list[str]:
        codes = np.array(self.book.catalogue.codes)
        return codes[np.random.default_rng(6).integers(0, len(codes), self.count)].tolist()

    @cached_property
    def received(self) -> list[datetime]:
        minutes = np.random.default_rng(7).integers(0, 30 * 24 * 60, self.count).tolist()
        return [_START + timedelta(minutes=minute) for minute in minutes]

    def locate(self) -> Any:
        return self.locator.locate(*self.where)

    def route(self) -> dict[str, list[str | None]]:
        """Return what `assign --item` adds to these reports; nothing is remembered before."""
        self.router.answers.forget()
        found = self.locate()
        decided = self.router.decide(self.items, found, self.received)
        return routing_columns(decided, "zh", zone=self.book.zone)


class TreeAndMerges:
    """shapely's tree asked in bulk, and everything else joined with pandas.

    As one would write it by hand for this one purpose, with the same answer to the letter in
    every column: first responder, lead, co-departments, level, deadline, confidence, and the
    Chinese reasons. What can be known beforehand is (tables of rules, seats, who is posted
    where, names); sums of hours and of days are made in columns, the clock is asked only what
    pandas cannot count, each distinct moment once; wordings are the catalogue's, put together
    from columns, and what repeats (lists of co-departments, deadlines in words) is made once.

    It leaves out what these reports do not have, and gridmap looks at all the same: accuracy
    and borders, overlays and posts that begin or end, rulings, agreements, building sites,
    rivers, street fronts, exclusive grids, posted leaders and professionals, offices with hours
    of their own, start rules, items or places that are not known, and the English text.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        book, overlays = case.book, case.overlays
        coverage = case.locator.coverage
        self.atoms = shapely.STRtree(coverage.geometry[coverage.atoms])
        territory = case.router.answers.territory
        seats = [territory.seats[territory.seat_of[row]] for row in coverage.atoms.tolist()]
        self.seats = pd.DataFrame(
            {"office": [s.office for s in seats], "community": [s.community for s in seats]}
        )
        posts = {post.area_code: post for post in case.posts}
        held = [_posted(territory, row, posts) for row in coverage.atoms.tolist()]
        self.seats["first_responder"], self.seats["first"] = zip(*held, strict=True)
        self.tree = shapely.STRtree(overlays.geometry)
        self.layers = pd.DataFrame(
            [
                (n, o.kind, o.owner, o.managed, o.asset_type, o.road_class, o.name)
                for n, o in enumerate(overlays.overlays)
            ],
            columns=["row", "kind", "owner", "managed", "asset_type", "road_class", "site"],
        )
        self.items = pd.DataFrame(
            [
                (i.code, i.name, i.department or "", i.co_departments, i.level.value,
                 "".join(f"{s}；" for s in _sentences(opening(i)[1])),
                 "estate" in LAYERS[i.location_rule], book.terms.of(i).limit)
                for i in book.catalogue
            ],
            columns=["item", "item_name", "department", "others", "handling_level", "opening",
                     "by_site", "limit"],
        )  # fmt: skip
        self.asked = pd.DataFrame(
            list(_asked(book)), columns=["item", "kind", "layer", "role", "part"]
        )
        self.review_days = max(book.terms.of(item).review_days for item in book.catalogue)
        self.names = {code: party.name for code, party in case.router.parties.items()}

    def route(self) -> pd.DataFrame:
        case = self.case
        lon, lat = case.where
        reports = pd.DataFrame({"item": case.items, "received": case.received})
        points = shapely.points(lon, lat)
        at, atom = self.atoms.query(points, predicate="intersects")
        first = pd.DataFrame({"at": at, "atom": atom}).groupby("at")["atom"].min()
        seats = self.seats.iloc[first.to_numpy()].set_index(first.index)
        reports = reports.join(seats).merge(self.items, on="item", how="left")
        at, row = self.tree.query(points, predicate="intersects")
        hits = pd.DataFrame({"at": at, "row": row}).merge(self.layers, on="row")
        site = np.zeros(len(reports), dtype=bool)
        site[hits["at"][hits["kind"].isin(["estate", "exclusive_site"])]] = True
        reports["off_site"] = ~site & reports["by_site"]
        # Where roads meet the greater one has the place; they are in that order.
        roads = hits[hits["kind"] == "road"].sort_values("row").drop_duplicates("at")
        hits = pd.concat([hits[hits["kind"] != "road"], roads])
        hits["item"] = reports["item"].to_numpy()[hits["at"]]
        hits = hits.merge(self.asked, on=["item", "kind"])
        hits = hits[(hits["kind"] != "asset") | (hits["part"] == hits["asset_type"])]
        classes = zip(hits["road_class"], hits["part"], strict=True)
        kept = np.array([road_class in part for road_class, part in classes], dtype=bool)
        hits = hits[(hits["kind"] != "road") | kept]
        assets = (hits["kind"] == "asset").to_numpy()
        metres = np.zeros(len(hits))
        if assets.any():
            drawn = case.overlays.drawn[hits["row"].to_numpy()[assets]]
            kx, ky = metres_per_degree(lat[hits["at"].to_numpy()[assets]])
            dx = (shapely.get_x(drawn) - lon[hits["at"].to_numpy()[assets]]) * kx
            dy = (shapely.get_y(drawn) - lat[hits["at"].to_numpy()[assets]]) * ky
            metres[assets] = np.hypot(dx, dy)
        hits["metres"] = metres
        hits = hits.sort_values(["at", "layer", "metres", "row"], kind="stable")
        best = hits.drop_duplicates("at").set_index("at")
        reports = reports.join(best[["kind", "owner", "managed", "road_class", "site", "role"]])
        self._lead(reports)
        self._due(reports)
        reports["reason"] = (
            reports["opening"] + reports["why"] + reports["first"] + "；" + reports["due_text"]
        )
        return reports

    def _lead(self, reports: pd.DataFrame) -> None:
        """Add who leads, who helps, and why."""
        kind, name = reports["kind"].fillna(""), self.names
        estate, road = kind == "estate", kind == "road"
        open_estate = estate & ~reports["managed"].fillna(True).astype(bool)
        body = reports["owner"].fillna("").mask(open_estate, reports["community"])
        by_class = {"highway": "JT", "arterial": "SZ"}
        body = body.mask(road, reports["road_class"].map(by_class).fillna(reports["office"]))
        helps = reports["role"] == "co"
        leads = (kind != "") & ~helps & (body != "")
        place = reports["department"].map({"JD": 1, "SQ": 2}).fillna(0)
        own = reports["department"].mask(place == 1, reports["office"])
        own = own.mask(place == 2, reports["community"])
        nobody = reports["department"].isin(["", "WY"]) & ~leads
        own = own.mask(nobody, reports["office"])
        reports["department_code"] = reports["department"]
        reports["department"] = lead = own.mask(leads, body)
        # Who else: the site's bodies, the item's department, and those that the item names.
        with_site = kind.isin(["estate", "exclusive_site"])
        more = reports["department_code"].where(
            leads & (~with_site | (reports["role"] == "lead_with_department")), ""
        )
        second = reports["office"].where(open_estate & leads, "")
        second = second.mask(nobody, reports["community"])
        third = body.where(helps, "")
        parts = pd.DataFrame(
            {"lead": lead, "second": second, "more": more, "others": reports["others"],
             "third": third, "office": reports["office"], "community": reports["community"],
             "open": open_estate & helps}
        )  # fmt: skip
        known = parts.drop_duplicates()
        co = [_co(*row, self.names) for row in known.itertuples(index=False)]
        known = known.assign(codes=[c for c, _ in co], co_text=[text for _, text in co])
        co = parts.merge(known, on=list(parts.columns), how="left")
        reports["co_departments"] = co["codes"]
        reports["confidence"] = np.where(nobody, 0.0, 1.0)
        named, site = lead.map(name), reports["site"]
        item, both = reports["item_name"], reports["community"].map(name) + "、"
        both = both + reports["office"].map(name)
        why = pd.Series("", index=reports.index, dtype=object)
        plain = ~leads & ~nobody
        rule = np.where(place > 0, "department_of_place", "department")
        rule = np.where(reports["off_site"] & (place == 0) & ~helps, "department_off_site", rule)
        for one in ("department", "department_off_site", "department_of_place"):
            some = plain & (rule == one)
            why[some] = _said(one, item=item[some], parties=named[some])
        for missing, code in (("no_property_firm", "WY"), ("asset_owner_unknown", "")):
            some = nobody & (reports["department_code"] == code)
            tail = _said("territorial_fallback", parties=named[some])
            why[some] = _said(missing) + tail + _said("ownership_review")
        of_class = {code: zh for code, (zh, _) in ROAD_CLASSES.items()}
        layers = {
            "estate_managed": estate & ~open_estate,
            "estate_open": open_estate,
            "exclusive_site": kind == "exclusive_site",
            "overlay_owner": kind == "park",
            "road_class": road,
            "asset_owner": kind == "asset",
        }
        words = {
            "site": site, "parties": body.map(name).mask(open_estate, both),
            "kind": reports["road_class"].map(of_class).fillna(OVERLAY_KINDS["park"][0]),
        }  # fmt: skip
        for one, there in layers.items():
            for ending, part in (("", leads), ("_co", helps)):
                some = there & part
                if some.any():
                    cells = {key: column[some] for key, column in words.items()}
                    why[some] = why[some] + _said(one + ending, **cells)
        reports["why"] = why + co["co_text"].to_numpy()

    def _due(self, reports: pd.DataFrame) -> None:
        """Add when a report is due, and the words for it."""
        book, zone = self.case.book, self.case.book.zone
        unit = reports["limit"].map(lambda limit: limit.unit.value)
        amount = reports["limit"].map(lambda limit: limit.amount)
        hours = amount.where(unit == "clock_hour", amount * 24)
        due = reports["received"] + pd.to_timedelta(hours, unit="h")
        text = pd.Series("", index=reports.index, dtype=object)
        local = reports["received"].dt.tz_convert(zone)
        # Of a limit in working days only the day counts: few are distinct.
        by_day = unit.isin(["working_day", "managed"])
        start = local.where(~by_day, local.dt.normalize())
        counted = by_day | (unit == "working_hour")
        asked = pd.DataFrame({"limit": reports["limit"], "from": start})[counted]
        known = asked.drop_duplicates()
        found = [
            deadline(
                moment.to_pydatetime(), limit, book.calendar, zone=zone,
                office_hours=book.terms.office_hours, review_days=self.review_days,
            )
            for limit, moment in zip(known["limit"], known["from"], strict=True)
        ]  # fmt: skip
        known = known.assign(
            due=[d.due_at for d in found], text=["；".join(_sentences(d.steps)) for d in found]
        )
        asked = asked.merge(known, on=["limit", "from"], how="left").set_index(asked.index)
        due[counted] = asked["due"].astype(due.dtype)
        text[counted] = asked["text"]
        led = unit == "managed"
        text[led] = _said("managed_unnamed") + text[led]
        end = due.dt.tz_convert(zone)
        minute = end.dt.floor("min")
        shown = pd.Series(minute.unique(), index=minute.unique())
        in_words = minute.map(shown.dt.strftime("%Y-%m-%d %H:%M"))
        offset = end.iloc[0].isoformat()[-6:] if len(end) else ""
        reports["due_at"] = in_words.str.replace(" ", "T") + offset
        for one in ("clock_hour", "calendar_day"):
            some = unit == one
            whole = amount[some].map("{:g}".format)
            text[some] = _said(f"due_{one}", amount=whole, due=in_words[some]).str.rstrip("；")
        reports["due_text"] = text


def _co(
    lead: str,
    second: str,
    more: str,
    others: tuple[str, ...],
    third: str,
    office: str,
    community: str,
    is_open: bool,
    names: dict[str, str],
) -> tuple[str | None, str]:
    """Return codes of co-departments joined, and the sentence that names them."""
    bodies = {"JD": office, "SQ": community, "WY": ""}
    found = [second, *(bodies.get(code, code) for code in (more, *others)), third]
    if is_open:
        found.append(office)
    co = [code for code in dict.fromkeys(found) if code and code != lead]
    if not co:
        return None, ""
    named = "、".join(names[code] for code in co)
    return ";".join(co), translate("rule.co_departments", parties=named) + "[co_departments]；"


def _posted(territory: Any, row: int, posts: dict[str, Post]) -> tuple[str | None, str]:
    """Return who goes first in an area, and the sentence that says so."""
    for up in territory.chain(row):
        post = posts.get(str(territory.coverage.code[up]))
        if post is not None:
            area = territory.label(up)[0]
            rule = f"first_{post.role}"
            return post.code, translate(f"rule.{rule}", area=area) + f"[{rule}]"
    return None, translate("rule.first_nobody") + "[first_nobody]"


def _sentences(steps: tuple[Step, ...]) -> list[str]:
    return [f"{render_step(step, 'zh').replace('；', '，')}[{step.rule}]" for step in steps]


def _said(rule: str, **cells: pd.Series) -> Any:
    """Return a sentence of the catalogue with columns in its places, and its end."""
    out: Any = ""
    for words, key, _, _ in Formatter().parse(catalogue("zh")[f"rule.{rule}"]):
        out = out + words if key is None else out + words + cells[key]
    return out + f"[{rule}]；"


def _asked(book: RouteBook) -> Any:
    """Yield which layer an item asks, in which order, and the part that its owner takes."""
    order = ["asset", "exclusive_site", "estate", "park", "road"]
    types = {
        i: [t.code for t in book.asset_types.values() if i in t.items] for i in book.catalogue.codes
    }
    for item in book.catalogue:
        rule = book.site_rules.get(item.code)
        manager = item.department == "WY"
        for layer, kind in enumerate(order):
            if kind == "asset":
                for name in types[item.code]:
                    yield item.code, kind, layer, "lead", name
                continue
            if kind not in layers_of(item):
                continue
            if kind in {"park", "road"}:
                taken = " ".join(
                    c.code for c in book.road_classes.values() if item.department in c.takes
                )
                if kind == "park" or taken:
                    yield item.code, kind, layer, "lead", "" if kind == "park" else taken
                continue
            role = "lead" if manager else "none"
            if rule is not None and not manager:
                role = (rule.estate if kind == "estate" else rule.exclusive_grid).value
            if role != "none":
                yield item.code, kind, layer, role, ""


@lru_cache(maxsize=2)
def case(atoms: int, count: int) -> Case:
    """Return a district with reports; one that was made is kept."""
    return Case(town(atoms), count)


def run(plan: Plan, results: Results) -> None:
    count = min(100_000, plan.points[0])
    results.begin(
        "routing",
        f"{count:,} reports of 100 items in one month, with red lines, parks, roads and registered"
        " assets; first responder, lead, co-departments, level, deadline and reasons as columns.",
    )
    here = case(plan.atoms[0], count)
    rival = TreeAndMerges(here)
    agree(here, rival)
    own = Way(here.route, count)
    others: dict[str, Callable[[], object]] = {
        "tree and merges": rival.route,
        "locating alone": here.locate,
    }
    mine, theirs = rates(own, {k: Way(v, count) for k, v in others.items()}, plan.rounds)
    results.add("reports routed with explanations", here.place.name, mine, "/s")
    ratio = mine / theirs["tree and merges"]
    shown = f"over a tree and merges ({theirs['tree and merges']:,.0f}/s)"
    results.add(shown, here.place.name, ratio, "", _MARK)
    results.add("time over locating alone", here.place.name, theirs["locating alone"] / mine)


def agree(here: Case, rival: TreeAndMerges) -> None:
    """Raise when the rival says anything else than gridmap of a report."""
    ours, theirs = here.route(), rival.route()
    for name, column in ours.items():
        mine = pd.Series(column, dtype=object).fillna("")
        other = theirs[name].astype(object).fillna("")
        wrong = np.flatnonzero(mine.to_numpy() != other.to_numpy())
        if len(wrong):
            some = "; ".join(f"{here.items[i]}: {mine[i]} / {other[i]}" for i in wrong[:5].tolist())
            raise AssertionError(f"other {name}, {len(wrong)}: {some}")
