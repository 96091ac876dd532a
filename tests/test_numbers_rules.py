"""The tables of deductions and volume classes; scores, places, periods, appeals, drawings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.cases.fold import evolve
from gridmap.cases.machine import prepare
from gridmap.cases.model import Event
from gridmap.cases.states import State
from gridmap.errors import BadValue, Conflict, GridmapError, MissingColumn, NotAllowed
from gridmap.i18n import LANGUAGES, translate
from gridmap.numbers import appeals
from gridmap.numbers.charts import Bar, day_chart, share_chart
from gridmap.numbers.counting import Count, counted
from gridmap.numbers.deductions import Deduction
from gridmap.numbers.kpis import KPIS, LEFT_OUT, marks_of
from gridmap.numbers.period import Period, former_month, month_of
from gridmap.numbers.ranking import placed, score_of
from gridmap.numbers.rules import FAULTS, load_number_rules
from gridmap.numbers.tale import Entry, Told, tell
from tests.case_orders import START, events, new_order, rules, submit

ZONE = ZoneInfo("Asia/Shanghai")
MARCH = Period.of(*month_of("2026-03", ZONE), datetime(2026, 5, 1, tzinfo=UTC))


def write(folder: Path, table: str, text: str) -> Path:
    (folder / table).write_text(text, encoding="utf-8")
    return folder


SCORES = "rule,charged,points,most,name\n"
CLASSES = "ranking,class,from_orders,name\n"


def test_the_packages_own_tables_price_every_fault_and_have_names() -> None:
    found = load_number_rules(None)
    assert set(found.scores) == set(FAULTS)
    assert all(one.name and one.name_en for one in found.scores.values())
    assert all(c.name and c.name_en for classes in found.classes.values() for c in classes)
    assert found.levels == ("subdistrict", "community")


@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("score_rules.csv", SCORES + "lateness,department,1,,x\n", "row 2, column 'rule'"),
        ("score_rules.csv", SCORES + "overdue,both,1,,x\noverdue,both,1,,x\n", "row 3"),
        ("score_rules.csv", SCORES + "overdue,everybody,1,,x\n", "column 'charged'"),
        ("score_rules.csv", SCORES + "overdue,both,-1,,x\n", "column 'points'"),
        ("score_rules.csv", SCORES + "overdue,both,nan,,x\n", "column 'points'"),
        ("score_rules.csv", SCORES + "overdue,both,one,,x\n", "is no number"),
        ("score_rules.csv", SCORES + "overdue,both,2,1,x\n", "column 'most'"),
        ("score_rules.csv", SCORES + "overdue,both,2,5,\n", "column 'name'"),
        ("volume_classes.csv", CLASSES + "planet,A,1,x\n", "column 'ranking'"),
        ("volume_classes.csv", CLASSES + "area:,A,1,x\n", "column 'ranking'"),
        ("volume_classes.csv", CLASSES + "department,A,0,x\n", "column 'from_orders'"),
        ("volume_classes.csv", CLASSES + "department,A,9,x\ndepartment,A,1,x\n", "twice"),
        ("volume_classes.csv", CLASSES + "department,A,1,x\ndepartment,B,9,x\n", "row 3"),
    ],
)
def test_a_faulty_cell_is_named_by_file_row_and_column(
    tmp_path: Path, table: str, text: str, said: str
) -> None:
    with pytest.raises(BadValue) as caught:
        load_number_rules(write(tmp_path, table, text))
    assert table in str(caught.value)
    assert said in str(caught.value)


YAML = "- {rule: overdue, charged: both, points: 3, name: 超期}\n- {rule: named, charged: %s, points: 1, name: 通报}\n"  # noqa: E501


def test_a_table_may_be_yaml_and_its_faults_have_a_line_and_a_key(tmp_path: Path) -> None:
    found = load_number_rules(write(tmp_path, "score_rules.yaml", YAML % "area"))
    assert [(one.rule, one.points) for one in found.scores.values()] == [
        ("overdue", 3.0), ("named", 1.0),
    ]  # fmt: skip
    with pytest.raises(BadValue, match=r"line 2.*charged"):
        load_number_rules(write(tmp_path, "score_rules.yaml", YAML % "nobody"))
    with pytest.raises(BadValue, match="there twice"):
        load_number_rules(write(tmp_path, "score_rules.csv", SCORES))


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingColumn, match="score_rules"):
        load_number_rules(write(tmp_path, "score_rules.csv", "rule,points\noverdue,1\n"))


def test_a_rule_that_a_site_leaves_out_costs_nothing(tmp_path: Path) -> None:
    found = load_number_rules(write(tmp_path, "score_rules.csv", SCORES))
    assert found.scores == {}
    assert found.classes == load_number_rules(None).classes


def deduction(unit: str, rule: str = "overdue", points: float = 1.0, n: int = 1) -> Deduction:
    key = f"{rule}/department/{unit}/{n}"
    return Deduction(key, rule, "department", unit, points, START, n)


def test_no_rule_takes_more_than_its_most_and_what_is_lifted_takes_nothing() -> None:
    known = load_number_rules(None).scores
    many = [deduction("HW", n=n) for n in range(40)]
    assert score_of(many, known) == 70.0
    assert score_of([*many, deduction("HW", "supervised", 5.0)], known) == 65.0
    assert score_of([replace(one, lifted="why") for one in many], known) == 100.0
    unbounded = {"overdue": replace(known["overdue"], most=None)}
    assert score_of([deduction("HW", points=60.0, n=n) for n in range(2)], unbounded) == 0.0


def figures(due: int, closed: int, on_time: int) -> dict[str, Count]:
    return {"closing": Count(closed, due), "on_time": Count(on_time, due)}


def test_units_are_ranked_among_those_with_as_much_to_do_and_ties_share_a_place() -> None:
    groups = {
        "BIG": figures(600, 600, 500),
        "A": figures(10, 10, 9),
        "B": figures(10, 10, 9),
        "C": figures(20, 20, 20),
        "D": figures(10, 9, 9),
    }
    taken = [deduction("C", n=1), deduction("BIG", n=2), deduction("E", n=3)]
    classes, rest = placed("department", groups, taken, load_number_rules(None))
    shown = {c.volume.code: [(place, u.code) for place, u in c.units] for c in classes}
    assert shown == {"A": [(1, "BIG")], "B": [], "C": [(1, "A"), (1, "B"), (3, "D"), (4, "C")]}
    # It lost points and has nothing due: told, not ranked.
    assert [(u.code, u.score) for u in rest] == [("E", 99.0)]


def test_a_month_is_the_sites_and_its_end_is_the_next_ones_beginning() -> None:
    since, until = month_of("2026-12", ZONE)
    assert since == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert until == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert (former_month("2026-01"), former_month("2026-12")) == ("2025-12", "2026-11")
    for wrong in ("2026-13", "2026-00", "2026-1", "2026", "", "0026-01", "2026-03-01"):
        with pytest.raises(BadValue, match="not a month"):
            month_of(wrong, ZONE)
    half = Period.of(since, until, since + timedelta(days=3))
    assert (half.is_over, half.holds(since), half.holds(half.as_of)) == (False, True, False)
    assert half.meant_for(half.as_of)


AT = datetime(2026, 4, 2, tzinfo=UTC)


def test_an_appeal_has_a_reason_is_decided_once_and_by_somebody_else() -> None:
    with pytest.raises(BadValue, match="identity card number"):
        appeals.filed(None, by="hao", at=AT, why="11010519491231002X is not ours")
    said = appeals.filed(None, by="hao", at=AT, why=" not ours ")
    assert said.why == "not ours"
    one = appeals.appeal_of("2026-03", "k", 1, [said])
    assert one is not None
    with pytest.raises(Conflict):
        appeals.filed(one, by="hao", at=AT, why="again")
    with pytest.raises(NotAllowed):
        appeals.decided(one, upheld=True, by="hao", at=AT, why="x")
    for why in ("", "  ", "x" * 2_001):
        with pytest.raises(BadValue):
            appeals.decided(one, upheld=True, by="jian", at=AT, why=why)
    done = appeals.decided(one, upheld=False, by="jian", at=AT, why="it was")
    closed = replace(one, history=(*one.history, done))
    assert closed.state is appeals.AppealState.REFUSED
    for former in (closed, None):
        with pytest.raises(Conflict):
            appeals.decided(former, upheld=True, by="ling", at=AT, why="x")


def test_every_figure_and_every_reason_has_its_texts() -> None:
    for lang in LANGUAGES:
        for name in KPIS:
            assert translate(f"kpi.{name}", lang) != translate(f"kpi.how.{name}", lang)
        assert len({translate(f"left_out.{why}", lang) for why in LEFT_OUT}) == len(LEFT_OUT)


def test_drawings_bear_their_numbers_and_say_nothing_of_their_own() -> None:
    bars = [Bar("<b>", 0.5, None), Bar("none", None, 1.0), Bar("all", 1.0, 0.25)]
    drawn = share_chart(bars, title="t", now="now", former="before")
    assert "50.0%" in drawn
    assert "—" in drawn
    assert "<b>" not in drawn
    days = day_chart([("01", 0, 0), ("02", 3, 1)], title="t", received="in", closed="out")
    assert "02: in 3, out 1" in days
    assert "nan" not in drawn + days + day_chart([], title="t", received="in", closed="out")


@st.composite
def stories(draw: st.DrawFn) -> Told:
    """An order with whatever may happen to it, over two months."""
    now = datetime(2026, 2, 10, 1, tzinfo=UTC)
    first = submit(now)
    order = evolve(new_order(at=now), first)
    entries = [Entry(now, first.action, first.by, order.lead, first.fields)]
    for _ in range(draw(st.integers(0, 14))):
        now += timedelta(hours=draw(st.integers(1, 120)))
        event = draw(events(order.state, now))
        try:
            ready: Event = prepare(order, event, rules())
        except GridmapError:
            continue
        order = evolve(order, ready)
        entries.append(Entry(now, ready.action, ready.by, order.lead, ready.fields))
    return Told(7, START - timedelta(days=30), START, "", None, None, "", tuple(entries))


# A story takes the longer to make the busier the machine is.
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(stories())
def test_whatever_happens_figures_add_up_and_a_month_does_not_change_afterwards(
    told: Told,
) -> None:
    told = replace(told, received_at=told.entries[0].at)
    tale = tell(told, MARCH)
    assert tale is not None
    marks = list(marks_of(tale, MARCH))
    assert {m.left_out for m in marks} <= {"", *LEFT_OUT}
    found = counted([tale], MARCH)[""][""]
    assert tuple(found) == KPIS
    for one in found.values():
        assert 0 <= one.numerator <= one.denominator
    assert found["on_time"].numerator <= found["closing"].numerator
    # An order is counted at most once for each, but for sendings, calls and ratings.
    assert sum(c.denominator for n, c in found.items() if n in {"filing", "closing"}) <= 2
    assert found["returned"].denominator == sum(MARCH.holds(s.at) for s in tale.sendings)
    # What happens in April changes nothing of March.
    later = [e for e in told.entries if e.at < MARCH.until]
    cut = tell(replace(told, entries=tuple(later)), MARCH)
    assert cut is not None
    assert (cut.before, cut.after) == (tale.before, tale.after)
    assert list(marks_of(cut, MARCH)) == marks
    if tale.after.state is State.MERGED:
        assert found["closing"].denominator == 0
