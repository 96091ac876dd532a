"""Monthly reports: drafted, issued, corrected; appeals against what they take off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from gridmap.access import ANYTHING, Action, Actor, Subject
from gridmap.cases.notices import Notice, NoticeKind, department, role
from gridmap.cases.outcome import Message
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.numbers import appeals
from gridmap.numbers.annual import figures_of_year, months_of_year
from gridmap.numbers.appeals import Appeal, Said
from gridmap.numbers.monthly import Former, figures_of_month
from gridmap.numbers.period import Period, former_month, month_of
from gridmap.numbers.rules import AREA, NumberRules, load_number_rules
from gridmap.numbers.tale import Tale
from gridmap.routing.parties import COMMUNITY, SUBDISTRICT
from gridmap.store.columns import storable
from gridmap.times import to_site
from gridmap.workspace.counting import Counting

__all__ = ["Monthlies"]

_MOST_ADDRESSEES = 100
_MONTHS_BACK = 12


class Monthlies(Counting):
    """What a month came to, told to those it is about."""

    def draft_monthly(self, month: str, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return what the report of a month would say now; nothing is stored.

        Raises
        ------
        BadValue
            For what is no month.
        NotFound
            For a month that has not begun.
        """
        self._may(actor, Action.NUMBERS_ISSUE, ANYTHING)
        return self._monthly_figures(month, self.store.lifted(month)) | {"issue": None}

    def issue_monthly(
        self,
        month: str,
        *,
        addressees: Sequence[str] = (),
        correct: str | None = None,
        actor: Actor | None = None,
    ) -> tuple[dict[str, Any], bool]:
        """Issue the report of a month that is over; return it, and False when it was issued before.

        Parameters
        ----------
        addressees : sequence of str
            Departments it is sent to.
        correct : str, optional
            Why what was issued is not right: another issue, under a number of its own, takes
            up what appeals have lifted since. The former issues stay.

        Raises
        ------
        BadValue
            For what is no month, or a correction without a reason.
        NotFound
            A month in the future, an addressee that is not known.
        Conflict
            When the month is not over; a correction of what was never issued.
        """
        who = self._may(actor, Action.NUMBERS_ISSUE, ANYTHING)
        since, until = month_of(month, self.zone)
        period = Period.of(since, until, self.clock())
        if not period.is_over:
            raise Conflict(
                "The month is not over: its figures would change.",
                got=month,
                allowed=f"from {to_site(until, self.zone):%Y-%m-%d} on",
                repair="Look at a draft until then.",
            )
        known = self.store.issues(month)
        if correct is None and known:
            return self._issue_shown(self.store.issue(month)), False
        if correct is not None and not known:
            raise Conflict(
                "There is nothing to correct: the month's report was not issued.",
                got=month,
                repair="Issue it without a reason.",
            )
        why = "" if correct is None else appeals.checked_text(storable(correct))
        named = list(dict.fromkeys(storable(code).strip() for code in addressees))
        if len(named) > _MOST_ADDRESSEES:
            raise BadValue(
                "A report has at most so many addressees.", got=len(named), allowed=_MOST_ADDRESSEES
            )
        self._known_bodies(named)
        lifted = self.store.lifted(month)
        stored, made = self.store.add_issue(
            month,
            to_site(self.clock(), self.zone).year,
            by=who.name,
            addressees=named or (known[0]["addressees"] if known else ()),
            why=why,
            data=self._monthly_figures(month, lifted),
            lifted=lifted,
            correct=correct is not None,
            follow=self._issue_told,
        )
        return self._issue_shown(stored), made

    def monthly(
        self, month: str, *, issue: int | None = None, actor: Actor | None = None
    ) -> dict[str, Any]:
        """Return a report as it was issued, the month's last issue by default; or `NotFound`."""
        self._may(actor, Action.NUMBERS_SEE)
        month_of(month, self.zone)
        return self._issue_shown(self.store.issue(month, issue))

    def monthlies(self, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return which reports were issued, the newest first."""
        self._may(actor, Action.NUMBERS_SEE)
        return [self._issue_header(one) for one in self.store.issues()]

    def annual(self, year: str, *, actor: Actor | None = None) -> dict[str, Any]:
        """Return the score of a year: what the reports of its months, as issued last, come to.

        Months that are over and were not issued are named; of a year without any there is no
        ranking. `BadValue` for what is no year.
        """
        self._may(actor, Action.NUMBERS_SEE)
        wanted = months_of_year(year)
        issued = {one["month"] for one in self.store.issues()}
        months = {month: self.store.issue(month)["data"] for month in wanted if month in issued}
        current = f"{to_site(self.clock(), self.zone):%Y-%m}"
        missing = [month for month in wanted if month < current and month not in months]
        return figures_of_year(year, months, missing)

    def months_unissued(self) -> list[str]:
        """Return the last twelve months that have begun and were not issued, the newest first."""
        issued = {one["month"] for one in self.store.issues()}
        month = f"{to_site(self.clock(), self.zone):%Y-%m}"
        found = [month]
        while len(found) < _MONTHS_BACK:
            month = former_month(month)
            found.append(month)
        return [one for one in found if one not in issued]

    def appeals(self, month: str, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return the appeals against deductions of a month, the first filed first."""
        self._may(actor, Action.NUMBERS_SEE)
        month_of(month, self.zone)
        return [self._appeal_shown(one) for one in self.store.appeals(month)]

    def appeal(
        self, month: str, deduction: str, why: str, *, actor: Actor | None = None
    ) -> dict[str, Any]:
        """Appeal against a deduction of the month's last issue, for the unit that loses by it.

        Raises
        ------
        NotFound
            When nothing was issued, or it has no such deduction.
        NotAllowed
            When the unit is not the actor's.
        Conflict
            When there is an appeal already.
        """
        who = self._may(actor, Action.NUMBERS_APPEAL)
        issued, found = self._deduction_of(month, deduction)
        self._may(who, Action.NUMBERS_APPEAL, self._unit_subject(issued, found))
        return self._say_of(
            month,
            issued,
            deduction,
            lambda former, now: appeals.filed(former, by=who.name, at=now, why=storable(why)),
        )

    def judge_appeal(
        self,
        month: str,
        deduction: str,
        *,
        upheld: bool,
        why: str,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """Uphold or refuse an open appeal; what is upheld is lifted by the next correction.

        Raises
        ------
        NotFound, Conflict, NotAllowed
        """
        who = self._may(actor, Action.NUMBERS_JUDGE_APPEAL, ANYTHING)
        issued, _ = self._deduction_of(month, deduction)

        def decide(former: Appeal | None, now: datetime) -> Said:
            return appeals.decided(former, upheld=upheld, by=who.name, at=now, why=storable(why))

        return self._say_of(month, issued, deduction, decide)

    def monthly_html(self, report: Mapping[str, Any], *, lang: str) -> str:
        """Return a report, as another method here gave it, as a page that prints on A4."""
        from gridmap.maps.load import load_drawing
        from gridmap.numbers.document import Frame, monthly_page

        drawing, load = None, report["load"]
        if load is not None:
            coverage = self.atlas.named(report["edition"]).coverage
            counts = {one["code"]: one["orders"] for one in load["areas"]}
            drawing = load_drawing(coverage, load["level"], counts)
        return monthly_page(
            report,
            Frame(lang, self.settings.map_review_no, self.store.is_demo(), self.zone.key),
            drawing=None if drawing is None else asdict(drawing),
            appeals=[self._appeal_shown(one) for one in self.store.appeals(report["month"])],
        )

    def monthly_workbook(self, report: Mapping[str, Any], *, lang: str) -> bytes:
        """Return a report, as another method here gave it, as the bytes of an .xlsx file."""
        from gridmap.numbers.workbook import monthly_workbook

        said = [self._appeal_shown(one) for one in self.store.appeals(report["month"])]
        return monthly_workbook(report, lang, appeals=said)

    # -- inside ---------------------------------------------------------------------

    @property
    def number_rules(self) -> NumberRules:
        """The site's tables of deductions and volume classes."""
        return load_number_rules(self.settings.rules)

    def _monthly_figures(self, month: str, lifted: Mapping[str, str]) -> dict[str, Any]:
        now = self.clock()
        period = Period.of(*month_of(month, self.zone), now)
        coverage = self._coverage_then(period)
        rules = self._monthly_rules(self.number_rules, coverage)
        load = "" if coverage is None else _load_level(coverage)
        tales: Iterable[Tale] = self.store.tales(period, routes=True)
        if coverage is not None:
            tales = self._counted_on(tales, coverage)
        wanted = {*rules.levels, load} - {""}
        earlier = former_month(month)
        before = Period.of(*month_of(earlier, self.zone), now)
        return figures_of_month(
            month,
            period,
            tales,
            sorted(self.store.supervisions(limit=100_000), key=lambda s: (s.year, s.seq)),
            rules=rules,
            names=lambda catalogues: self._counted_names(catalogues, coverage, wanted),
            zone=self.zone,
            edition="" if coverage is None else coverage.edition,
            load_level=load,
            former=Former(earlier, self.store.tales(before), before),
            lifted=lifted,
        )

    def _monthly_rules(self, rules: NumberRules, coverage: Coverage | None) -> NumberRules:
        """Return the rules without rankings of levels that the edition does not have."""
        levels = () if coverage is None else coverage.levels.names
        kept = {
            name: classes
            for name, classes in rules.classes.items()
            if not name.startswith(f"{AREA}:") or name.partition(":")[2] in levels
        }
        return NumberRules(rules.scores, kept)

    def _deduction_of(self, month: str, key: str) -> tuple[dict[str, Any], Mapping[str, Any]]:
        month_of(month, self.zone)
        issued = self.store.issue(month)
        for one in issued["data"]["deductions"]:
            if one["key"] == key:
                return issued, one
        raise NotFound(
            "The month's report has no such deduction.",
            got=key,
            repair="See 'deductions' of `GET /api/monthly/{month}`.",
        )

    def _unit_subject(self, issued: Mapping[str, Any], found: Mapping[str, Any]) -> Subject:
        """Return whose a deduction is: a department, or an area with all that lie above it."""
        kind, _, level = found["ranking"].partition(":")
        if kind != AREA:
            # Who stands in a place acts for its office.
            office, _, area = found["unit"].partition(":")
            levels = self.levels().names if office in {SUBDISTRICT, COMMUNITY} else ()
            return Subject(dict.fromkeys(levels, area), (found["unit"],))
        coverage = self.atlas.named(issued["data"]["edition"]).coverage
        row, areas = coverage.row(level, found["unit"]), {}
        while row >= 0:
            areas[coverage.levels[int(coverage.rank[row])].name] = str(coverage.code[row])
            row = int(coverage.parent[row])
        return Subject(areas, ())

    def _say_of(
        self, month: str, issued: Mapping[str, Any], key: str, decide: Any
    ) -> dict[str, Any]:
        return self._appeal_shown(self.store.say(month, issued["id"], key, decide))

    def _issue_shown(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        return {**stored["data"], "issue": self._issue_header(stored)}

    def _issue_told(self, stored: Mapping[str, Any]) -> tuple[Message, list[Notice]]:
        """Return what programs are told of an issue, and its addressees and leaders."""
        header = self._issue_header(stored)
        told = {name: header[name] for name in ("month", "issue", "year", "seq", "serial", "why")}
        message = Message(
            f"monthly-{stored['month']}-{stored['issue']}",
            "monthly_report.correct" if header["why"] else "monthly_report.issue",
            stored["issued_at"],
            told | {"addressees": list(stored["addressees"]), "by": stored["issued_by"]},
        )
        kind = NoticeKind.MONTHLY_CORRECTED if header["why"] else NoticeKind.MONTHLY
        params = {name: header[name] for name in ("serial", "month", "issue")}
        params |= {"why": header["why"]} if header["why"] else {}
        to = (*(department(code) for code in stored["addressees"]), role("leader"))
        return message, [Notice(kind, audience, None, params) for audience in to]

    def _issue_header(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        known = self._bodies_known()
        named = [
            {
                "code": code,
                "name": known[code].name if code in known else code,
                "name_en": known[code].name_en if code in known else "",
            }
            for code in stored["addressees"]
        ]
        return {
            "month": stored["month"],
            "issue": stored["issue"],
            "year": stored["year"],
            "seq": stored["seq"],
            "serial": f"月报〔{stored['year']}〕{stored['seq']}号",
            "issued_at": to_site(stored["issued_at"], self.zone).isoformat(),
            "issued_by": stored["issued_by"],
            "addressees": named,
            "why": stored["why"] or None,
        }

    def _appeal_shown(self, one: Appeal) -> dict[str, Any]:
        return {
            "deduction": one.key,
            "month": one.month,
            "issue": one.issue,
            "state": one.state.value,
            "history": [
                {
                    "state": said.state.value,
                    "by": said.by,
                    "at": to_site(said.at, self.zone).isoformat(),
                    "why": said.why,
                }
                for said in one.history
            ],
        }


def _load_level(coverage: Coverage) -> str:
    """Return the level whose areas are coloured by load: the grids, else the finest."""
    names = coverage.levels.names
    return "grid" if "grid" in names else names[-1]
