"""Explanations: every rule has a text in both languages, and no text is for nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from gridmap import i18n
from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.locate.atlas import Atlas
from gridmap.locate.locator import Locator
from gridmap.locate.model import Points
from gridmap.places.model import Post
from gridmap.routing import (
    AmbiguityPolicy,
    Overlay,
    OverlayMap,
    Pause,
    PauseReason,
    Router,
    StartRule,
    Step,
    decide_by_edition,
    load_route_book,
    reason_text,
    render,
    render_step,
    routing_columns,
)
from gridmap.routing.terms import Scope
from gridmap.times import site_zone
from tests.route_town import ESTATES, FIRMS, POSTS, at, coverage, estate_map, rectangle

ZONE = site_zone()
BOOK = load_route_book(zone=ZONE)
FESTIVAL = datetime(2026, 2, 13, 9, tzinfo=UTC)
YEARS_END = datetime(2026, 12, 31, 2, tzinfo=UTC)
# Those of the proof of coverage are said of rules, not of a report.
KEYS = {
    key.removeprefix("rule.")
    for key in i18n.catalogue("zh")
    if key.startswith("rule.") and not key.startswith("rule.proof.")
}


def decisions(router, coverage_, moment, accuracy=None, spots=None):
    locator = Locator(coverage_)
    places = spots or [
        (0.2, 0.2), (0.4, 1.3), (1.2, 1.3), (5.2, 1.3), (6.1, 6.3), (4, 5.1), (13.2, 6.6), (-1, 2),
        (np.nan, 0),
    ]  # fmt: skip
    found = []
    for x, y in places:
        lon, lat = at(x, y)
        given = None if accuracy is None else np.full(len(BOOK.catalogue), float(accuracy))
        n = len(BOOK.catalogue)
        located = locator.locate([lon] * n, [lat] * n, given)
        found += router.decide(list(BOOK.catalogue.codes), located, [moment] * n, given)
    return found


def everything():
    """Decisions of every kind that there is."""
    town = coverage()
    found = []
    for rule in StartRule:
        book = load_route_book(zone=ZONE, start_rule=rule, ambiguity=AmbiguityPolicy.SHARED_PARENT)
        found += decisions(Router(book, town, estate_map(), FIRMS, POSTS), town, FESTIVAL)
    router = Router(BOOK, town, estate_map(), FIRMS, POSTS)
    found += decisions(router, town, YEARS_END, 25)
    shared = load_route_book(zone=ZONE, ambiguity=AmbiguityPolicy.SHARED_PARENT)
    found += decisions(Router(shared, town, estate_map(), FIRMS, POSTS), town, FESTIVAL, 25)
    lead = Post("L", "p", "演示", "grid_lead", "linked", "grid", "990101001001001")
    school = Overlay("S", "exclusive_site", "学校", owner="WY:F001")
    pond = Overlay("R", "river", "河", owner="WY:F002")
    lines = OverlayMap([school, pond], [rectangle(0, 0, 1, 1)] * 2)
    found += decisions(Router(BOOK, town, lines, FIRMS, [lead]), town, FESTIVAL)
    found += decisions(Router(BOOK, town, every_layer(), FIRMS), town, FESTIVAL)
    found += people(town)
    lone = Coverage.build(
        "lone", Levels(["grid"]), [Area(-1, "grid", "g", "")], [rectangle(0, 0, 1, 1)]
    )
    found += decisions(Router(BOOK, lone, OverlayMap()), lone, FESTIVAL, spots=[(0.5, 0.5)])
    located = Locator(town).locate([117.0012] * 2, [36.6013] * 2)
    found += router.decide([None, "9999"], located, [FESTIVAL] * 2)
    nothing = Coverage.build("none", Levels(["grid"]), [], [])
    found += decisions(Router(BOOK, nothing, OverlayMap()), nothing, FESTIVAL, spots=[(1, 1)])
    points = Points(x=np.array([117.0]), y=np.array([36.6]))
    never = Atlas([], town.levels).locate(points, now=FESTIVAL)
    found += decide_by_edition(BOOK, lambda _: router, ["0101"], never, [FESTIVAL])
    return found


def people(town):
    """Decisions that name people's part: professionals, leaders, pauses, and a fault."""
    rows = {(Scope.ITEM, "0901"): {"limit_table": "four_grades", "grade": "major", "leader": "L1"}}
    managed = replace(BOOK, terms=replace(BOOK.terms, rows={**BOOK.terms.rows, **rows}))
    leader = Post("L1", "p", "演示", "case_leader", "basic", "subdistrict", "990101002")
    router = Router(managed, town, OverlayMap(), FIRMS, [*POSTS, leader])
    found = decisions(router, town, FESTIVAL, spots=[(8.2, 4.2)])
    some, end = found[0], FESTIVAL + timedelta(hours=1)
    item = BOOK.catalogue.item(some.item)
    for reason in PauseReason:
        for until in (end, None):
            due = BOOK.due(item, "HW", FESTIVAL, [Pause(FESTIVAL, until, reason)])
            found.append(replace(some, steps=due.steps))
    torn = replace(BOOK, calendar=None)
    return found + decisions(Router(torn, town, OverlayMap()), town, FESTIVAL, spots=[(1, 1)])


def every_layer():
    """Overlays of the kinds that the town lacks, one place each."""
    since = {"source": "Minutes 2026/3", "valid_from": date(2026, 1, 1)}
    layers = [
        (Overlay("U", "ruling", "西沟", "West ditch", owner="JD", **since), (0, 0, 0.3, 0.3)),
        (Overlay("A", "agreement", "西墙外", "West wall", owner="SZ", **since), (0.3, 1, 0.6, 2)),
        (Overlay("C", "construction_site", "工地", "Site", owner="WY:F003"), (1, 1, 2, 2)),
        (Overlay("F", "street_front", "沿街", "Front"), (5, 1, 6, 2)),
        (Overlay("R", "road", "巷", "Alley", road_class="alley"), (13, 6, 14, 7)),
        (Overlay("M", "asset", "井盖", "Cover", owner="SW"), (6, 6, 7, 7)),
        (Overlay("W", "river", "河", "River", contact="演示河长"), (6, 6, 7, 7)),
    ]
    return OverlayMap([one for one, _ in layers], [rectangle(*box) for _, box in layers])


@pytest.fixture(scope="module")
def all_decisions():
    return everything()


def test_every_rule_that_a_decision_gives_has_a_text_and_every_text_a_rule(all_decisions):
    given = {step.rule for decision in all_decisions for step in decision.steps}
    assert given == KEYS


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_every_step_reads_as_a_sentence_without_holes(all_decisions, lang):
    steps = {
        (step.rule, *step.params.items()): step for d in all_decisions for step in d.steps
    }.values()
    assert len(steps) > 100
    for step in steps:
        text = render_step(step, lang)
        assert text.strip()
        assert not re.search(r"[{}]", text)
        assert not re.search(r"“”|None|\bnan\b", text)
        # Sentences are listed or joined: none brings its own full stop.
        assert not text.endswith(("。", ".", "；", "，"))


def test_an_english_explanation_holds_no_chinese_where_names_are_known(all_decisions):
    for decision in all_decisions:
        for sentence in render(decision.steps, "en"):
            rest = re.sub(r"学校|河", "", sentence)
            assert not re.search(r"[\u4e00-\u9fff]", rest), sentence


def test_an_explanation_is_stored_as_data_and_reads_the_same_afterwards(all_decisions):
    for decision in all_decisions[::50]:
        stored = [step.as_dict() for step in decision.steps]
        again = [Step.from_dict(step) for step in stored]
        assert again == list(decision.steps)
        assert render(again, "zh") == render(decision.steps, "zh")


def test_no_explanation_names_a_person(all_decisions):
    people = {post.name for post in POSTS} | {post.person for post in POSTS}
    for decision in all_decisions[::10]:
        said = "".join(render(decision.steps, "zh"))
        assert not any(person in said for person in people)


def test_an_unknown_rule_is_refused_by_name():
    with pytest.raises(NotFound, match=r"rule\.no_such_rule"):
        render_step(Step("no_such_rule"), "zh")


def test_the_english_name_stands_in_english_and_the_chinese_one_where_there_is_none():
    both = Step("first_grid_worker", {"area": "雀坞", "area_en": "Quewu"})
    one = Step("first_grid_worker", {"area": "雀坞", "area_en": ""})
    assert render_step(both, "zh") == "先由雀坞的网格员到现场"
    assert render_step(both, "en") == "First on the spot: the grid worker of Quewu"
    assert render_step(one, "en") == "First on the spot: the grid worker of 雀坞"


def test_braces_and_marks_in_names_do_no_harm():
    step = Step("first_grid_worker", {"area": "{甲}；乙"})
    assert render_step(step, "zh") == "先由{甲}；乙的网格员到现场"
    assert reason_text([step, step], "zh").count("；") == 1


def test_a_whole_explanation_reads_in_order(all_decisions):
    router = Router(BOOK, coverage(), estate_map(), FIRMS, POSTS)
    lon, lat = at(1.2, 1.3)
    located = Locator(coverage()).locate([lon], [lat])
    found = router.decide(["0605"], located, [datetime(2026, 2, 17, 2, tzinfo=UTC)])[0]
    assert render(found.steps, "zh") == [
        "请先拨打电梯应急救援电话（见电梯轿厢内告示；也可拨打119）",
        "位于小区“锦禾苑”红线内，由其物业企业安禾物业主办",
        "协办：市场监督管理局",
        "先由禾东社区第一网格的网格员到现场",
        "时限0.5小时，昼夜连续计算，应在2026-02-17 10:30前办结",
    ]
    assert render(found.steps, "en") == [
        "First call: Lift rescue line (see the notice in the lift; 119 also answers)",
        "Inside the red line of the estate “Jinhe Court”: its property firm, Anhe Property, leads",
        "Acting with it: Market supervision",
        "First on the spot: the grid worker of Hedong Community Grid 1",
        "Limit 0.5 hours, day and night: due 2026-02-17 10:30",
    ]


# -- columns ------------------------------------------------------------------------------


def test_columns_are_text_or_nothing_one_for_each_decision(all_decisions):
    columns = routing_columns(all_decisions, "zh", zone=ZONE)
    assert list(columns) == [
        "first_responder", "department", "co_departments", "handling_level", "due_at",
        "confidence", "reason",
    ]  # fmt: skip
    sure = columns.pop("confidence")
    assert len(sure) == len(all_decisions)
    assert all(share is None or 0 <= share <= 1 for share in sure)
    for values in columns.values():
        assert len(values) == len(all_decisions)
        assert all(value is None or (isinstance(value, str) and value) for value in values)
    assert None not in columns["reason"]


def test_no_decisions_give_empty_columns():
    assert set(map(len, routing_columns([], "en", zone=ZONE).values())) == {0}


def test_due_times_are_shown_in_the_sites_zone_with_offset(all_decisions):
    columns = routing_columns(all_decisions, "zh", zone=ZONE)
    for decision, shown in zip(all_decisions, columns["due_at"], strict=True):
        if decision.due_at is None:
            assert shown is None
        else:
            moment = datetime.fromisoformat(shown)
            assert moment.utcoffset() == timedelta(hours=8)
            assert abs(moment - decision.due_at) < timedelta(minutes=1)


def test_reasons_carry_the_rule_ids_in_either_language(all_decisions):
    some = all_decisions[::20]
    for lang in i18n.LANGUAGES:
        for decision, reason in zip(
            some, routing_columns(some, lang, zone=ZONE)["reason"], strict=True
        ):
            ids = re.findall(r"\[([a-z_]+)\](?=；|\Z)", reason)
            assert ids == [step.rule for step in decision.steps]


def test_a_missing_calendar_is_said_loudly(all_decisions):
    columns = routing_columns(all_decisions, "zh", zone=ZONE)
    for decision, due, reason in zip(
        all_decisions, columns["due_at"], columns["reason"], strict=True
    ):
        if decision.due_reason == "calendar_missing":
            assert due is None
        assert ("calendar_missing" in reason) == (decision.due_reason == "calendar_missing")
    assert date(2026, 12, 31).isoformat() in "".join(columns["reason"])


def test_the_town_has_every_sort_of_estate():
    assert {(e.managed, bool(e.owner)) for e in ESTATES} == {
        (True, True), (True, False), (False, False),
    }  # fmt: skip
