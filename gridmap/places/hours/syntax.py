"""Reading OpenStreetMap's ``opening_hours`` syntax, with the place of every fault.

What is read: the specification as of 2026 less what no office writes: times by the sun, moving
feasts, single moments, steps, and days counted from a holiday. Those are refused like any other
fault, for a time that is guessed is worse than none.
https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NoReturn

from gridmap.errors import BadValue
from gridmap.places.hours.model import (
    DAY_MINUTES,
    DateRange,
    Hours,
    HoursState,
    Joined,
    MonthDay,
    Rule,
    Span,
    Weekdays,
)

__all__ = ["BadHours", "read_hours"]

_DAYS = {name: i for i, name in enumerate(("mo", "tu", "we", "th", "fr", "sa", "su"))}
_MONTHS = {
    name: i
    for i, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_STATES = {
    "open": HoursState.OPEN,
    "off": HoursState.CLOSED,
    "closed": HoursState.CLOSED,
    "unknown": HoursState.UNKNOWN,
}
_HOLIDAYS = {"ph", "sh"}
_LATER = {"sunrise", "sunset", "dawn", "dusk", "easter"}

_TOKEN = re.compile(
    r"""\s*(?:(?P<comment>"[^"]*")|(?P<time>\d{1,2}:\d{2})|(?P<number>\d+)
    |(?P<word>[A-Za-z]+)|(?P<mark>\|\||[;,:+/\-\[\]()]))""",
    re.VERBOSE,
)
_ALIKE = str.maketrans({"–": "-", "—": "-", "−": "-", "－": "-", "：": ":", "，": ",",
                        "；": ";", "～": "-", "“": '"', "”": '"', " ": " "})  # fmt: skip

_LONGEST = 1_000
_LAST_WEEK = 53


class BadHours(BadValue):
    """A text that is not in the syntax; `at` is the character that could not be read, from 1."""

    def __init__(self, text: str, at: int, what: str) -> None:
        super().__init__(
            f"Opening hours cannot be read: {what} at character {at}.",
            got=text[:80],
            allowed="such as Mo-Fr 08:30-12:00,13:30-17:30; PH off",
            repair="Mend them, or give them as text for people only.",
        )
        self.at = at
        self.what = what


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=4096)
def read_hours(text: str) -> Hours:
    """Return the rules of a text.

    Full-width punctuation and dashes of any length are taken for what they stand for.

    Raises
    ------
    BadHours
        When it is empty, too long, or not in the syntax.
    """
    if not text.strip():
        raise BadHours(text, 1, "nothing is written")
    if len(text) > _LONGEST:
        raise BadHours(text, _LONGEST, "more than 1,000 characters")
    return Hours(text, tuple(_Reader(text).rules()))


def _tokens(text: str) -> list[_Token]:
    plain = text.translate(_ALIKE)
    found, at, end = [], 0, len(plain.rstrip())
    while at < end:
        match = _TOKEN.match(plain, at)
        if match is None:
            at += len(plain[at:]) - len(plain[at:].lstrip())
            raise BadHours(text, at + 1, f"'{text[at]}'")
        kind = str(match.lastgroup)
        found.append(_Token(kind, match.group(kind), match.start(kind) + 1))
        at = match.end()
    return found


@dataclass
class _Days:
    """What a rule says of days, as it is read."""

    dates: list[DateRange] = field(default_factory=list)
    weeks: set[int] = field(default_factory=set)
    weekdays: list[Weekdays] = field(default_factory=list)
    holidays: set[str] = field(default_factory=set)
    both: bool = False

    def fields(self) -> dict[str, Any]:
        return {
            "dates": tuple(self.dates),
            "weeks": frozenset(self.weeks),
            "weekdays": tuple(self.weekdays),
            "public_holiday": "ph" in self.holidays,
            "school_holiday": "sh" in self.holidays,
            "both": self.both,
        }


class _Reader:
    """Goes over the tokens once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.place = 0

    # -- tokens -------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> _Token:
        at = self.place + ahead
        if at < len(self.tokens):
            return self.tokens[at]
        return _Token("end", "", len(self.text.rstrip()) + 1)

    def take(self) -> _Token:
        token = self.peek()
        self.place += 1
        return token

    def mark(self, text: str) -> bool:
        """Take a mark when it is next."""
        if self.peek().kind == "mark" and self.peek().text == text:
            self.place += 1
            return True
        return False

    def word(self, known: Iterable[str], ahead: int = 0) -> str:
        """Return the next word when it is one of those known, without taking it."""
        token = self.peek(ahead)
        text = token.text.lower()
        return text if token.kind == "word" and text in known else ""

    def refuse(self, wanted: str = "") -> NoReturn:
        token = self.peek()
        if token.text.lower() in _LATER:
            what = f"'{token.text}' is not a clock time; give one"
        elif token.kind == "end":
            what = f"{wanted or 'more'} is missing"
        else:
            what = f"'{token.text}' is not expected" + (f", {wanted} is" if wanted else "")
        raise BadHours(self.text, token.at, what)

    # -- rules --------------------------------------------------------------------------

    def rules(self) -> list[Rule]:
        found = [self.rule("instead")]
        while self.peek().kind != "end":
            joined: Joined
            if self.mark(";"):
                joined = "instead"
            elif self.mark("||"):
                joined = "else"
            elif self.mark(","):
                joined = "also"
            else:
                self.refuse()
            # A semicolon at the end separates nothing.
            if self.peek().kind == "end" and joined == "instead":
                break
            found.append(self.rule(joined))
        return found

    def rule(self, joined: Joined) -> Rule:
        start = self.place
        if self.peek().text == "24" and self.peek(1).text == "/" and self.peek(2).text == "7":
            self.place += 3
            rule = Rule(joined)
        else:
            days = self.days()
            rule = Rule(joined, **days.fields(), spans=tuple(self.spans()))
        said = self.word(_STATES)
        if said:
            self.take()
        comment = self.take().text[1:-1] if self.peek().kind == "comment" else ""
        if self.place == start:
            self.refuse("a day or a time")
        # A comment by itself tells of a condition: by appointment, on request.
        state = _STATES[said] if said else HoursState.UNKNOWN if comment else HoursState.OPEN
        return replace(rule, state=state, comment=comment.strip())

    # -- days ---------------------------------------------------------------------------

    def days(self) -> _Days:
        found = _Days()
        self.dates(found)
        self.weeks(found)
        self.mark(":")
        self.weekdays(found)
        return found

    def dates(self, found: _Days) -> None:
        while True:
            if self.is_year():
                found.dates.append(self.year_or_dates())
            elif self.word(_MONTHS):
                found.dates += self.month_dates(None)
            else:
                return
            if not (self.peek().text == "," and (self.is_year(1) or self.word(_MONTHS, 1))):
                return
            self.take()

    def is_year(self, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return token.kind == "number" and len(token.text) == 4 and token.text >= "1900"

    def year_or_dates(self) -> DateRange:
        year = int(self.take().text)
        if self.word(_MONTHS):
            ranges = self.month_dates(year)
            if len(ranges) != 1:
                self.refuse("one range of days of a year")
            return ranges[0]
        only = MonthDay(0, 0, year)
        if self.mark("+"):
            return DateRange(only, only, until_ever=True)
        if self.peek().text == "-" and self.is_year(1):
            self.take()
            last = int(self.take().text)
            return DateRange(only, MonthDay(0, 0, last))
        return DateRange(only, only)

    def month_dates(self, year: int | None) -> list[DateRange]:
        """Read ``Jan``, ``Jan-Mar``, ``Jan 1``, ``Jan 1-15``, ``Jan 1,5``, ``Jan 1-Feb 3``."""
        first = self.month_day(year)
        found = [DateRange(first, self.range_end(first))]
        while (
            found[-1].first.day
            and self.peek().text == ","
            and self.peek(1).kind == "number"
            and len(self.peek(1).text) <= 2
        ):
            self.take()
            one = MonthDay(first.month, self.day_number(), year)
            found.append(DateRange(one, self.range_end(one)))
        return found

    def range_end(self, first: MonthDay) -> MonthDay:
        if self.peek().text != "-":
            return first
        if self.word(_MONTHS, 1):
            self.take()
            return self.month_day(None)
        if self.is_year(1) and self.word(_MONTHS, 2):
            self.take()
            return self.month_day(int(self.take().text))
        if first.day and self.peek(1).kind == "number":
            self.take()
            return MonthDay(first.month, self.day_number(), first.year)
        self.take()
        return self.refuse("a month or a day")

    def month_day(self, year: int | None) -> MonthDay:
        month = _MONTHS[self.take().text.lower()]
        if self.peek().kind == "number" and len(self.peek().text) <= 2:
            return MonthDay(month, self.day_number(), year)
        return MonthDay(month, 0, year)

    def day_number(self) -> int:
        if not 1 <= int(self.peek().text) <= 31:
            self.refuse("a day of the month")
        return int(self.take().text)

    def weeks(self, found: _Days) -> None:
        if not self.word({"week"}):
            return
        self.take()
        while True:
            first = self.week_number()
            last = self.week_number() if self.mark("-") else first
            step = self.week_number() if self.mark("/") else 1
            found.weeks |= set(_weeks(first, last)[::step])
            if not (self.peek().text == "," and self.peek(1).kind == "number"):
                return
            self.take()

    def week_number(self) -> int:
        if self.peek().kind != "number" or not 1 <= int(self.peek().text) <= _LAST_WEEK:
            self.refuse("a week")
        return int(self.take().text)

    def weekdays(self, found: _Days) -> None:
        """Read weekdays and holidays; set apart by a blank, days have to be both."""
        while self.word(_DAYS) or self.word(_HOLIDAYS):
            if found.weekdays or found.holidays:
                found.both = True
            self.day_list(found)
        if found.both and not (found.weekdays and found.holidays):
            self.refuse("a time")

    def day_list(self, found: _Days) -> None:
        while True:
            if name := self.word(_HOLIDAYS):
                self.take()
                if self.peek().text in {"+", "-"}:
                    self.refuse("a day, not one counted from a holiday,")
                found.holidays.add(name)
            else:
                found.weekdays.append(self.weekday_range())
            if not (self.peek().text == "," and (self.word(_DAYS, 1) or self.word(_HOLIDAYS, 1))):
                return
            # ``Mo 9:00-12:00, Tu ...`` begins a rule; ``Mo,Tu`` goes on with the days. Here
            # no time was read yet, so it goes on.
            self.take()

    def weekday_range(self) -> Weekdays:
        first = last = _DAYS[self.take().text.lower()]
        if self.peek().text == "-" and self.word(_DAYS, 1):
            self.take()
            last = _DAYS[self.take().text.lower()]
            count = (last - first) % 7 + 1
            return Weekdays(frozenset((first + n) % 7 for n in range(count)))
        if self.mark("["):
            nth = self.nth()
            if not self.mark("]"):
                self.refuse("]")
            return Weekdays(frozenset({first}), nth)
        return Weekdays(frozenset({first}))

    def nth(self) -> frozenset[int]:
        found: set[int] = set()
        while True:
            sign = -1 if self.mark("-") else 1
            first = last = self.nth_number()
            if sign == 1 and self.mark("-"):
                last = self.nth_number()
            if last < first:
                self.place -= 1
                self.refuse(f"a number from {first} to 5")
            found |= {sign * n for n in range(first, last + 1)}
            if not self.mark(","):
                return frozenset(found)

    def nth_number(self) -> int:
        if self.peek().kind != "number" or not 1 <= int(self.peek().text) <= 5:
            self.refuse("a number from 1 to 5")
        return int(self.take().text)

    # -- times --------------------------------------------------------------------------

    def spans(self) -> list[Span]:
        found: list[Span] = []
        while self.peek().kind == "time" or (not found and self.word(_LATER)):
            found.append(self.span())
            if not (self.peek().text == "," and self.peek(1).kind == "time"):
                break
            self.take()
        return found

    def span(self) -> Span:
        start = self.minutes(DAY_MINUTES)
        if self.mark("+"):
            return Span(start, DAY_MINUTES, open_end=True)
        if not self.mark("-"):
            self.refuse("an end of the time")
        end = self.minutes(2 * DAY_MINUTES)
        if end <= start:
            end += DAY_MINUTES
        if end > 2 * DAY_MINUTES:
            self.place -= 1
            self.refuse("a time within the two days")
        if self.peek().text == "/":
            self.refuse("no step")
        return Span(start, end, open_end=self.mark("+"))

    def minutes(self, most: int) -> int:
        token = self.peek()
        if token.kind != "time":
            self.refuse("a time such as 08:30")
        hour, minute = map(int, token.text.split(":"))
        if minute > 59 or hour * 60 + minute > most:
            self.refuse("a time of the day")
        self.take()
        return hour * 60 + minute


def _weeks(first: int, last: int) -> list[int]:
    """Return the weeks from one to another, over the end of the year where that is before."""
    if first <= last:
        return list(range(first, last + 1))
    return [*range(first, _LAST_WEEK + 1), *range(1, last + 1)]
