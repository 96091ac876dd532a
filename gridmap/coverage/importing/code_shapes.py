"""The shape of codes: does one differ from its fellows, are two systems mixed in a level?

Offices number grids each in its own way, and no length is national. So nothing is assumed:
when nine codes in ten of a level are built alike, that is its pattern, and the others
deserve a look; when two ways of building hold nearly all, two systems stand in one file,
or, where one's codes begin with the other's, two levels.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import PROVISIONAL_MARK
from gridmap.coverage.auditing.faults import Fault, area_fault, label, places_of
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.i18n import Saying, by_language

__all__ = ["ShapeFinding", "code_shape_faults", "compare_shapes", "shape_notes"]

# So many codes, and this share of one shape, make a pattern; one odd code is told even
# where it is more than the rest of that share.
_FEWEST = 5
_ODD_SHARE = 0.1
_PATTERN_SHARE = 0.9

# A second system has this share, and so many codes.
_SYSTEM_SHARE = 0.1
_SYSTEM_FEWEST = 3

# Numbers up to so many digits, never padded, may be counters: 9 is followed by 10.
_COUNTER_DIGITS = 5
_RUN = re.compile(r"\d+|[A-Za-z]+|[\u3400-\u9fff]+|\s+|.", re.ASCII | re.DOTALL)
_SUFFIX = re.compile(r"(.*\d)([A-Za-z]|[-./_ ][0-9A-Za-z]{1,4})\Z", re.ASCII | re.DOTALL)
_PROVISIONAL = re.compile(re.escape(PROVISIONAL_MARK) + r"\d+\Z")

_Shape = tuple[tuple[str, int], ...]
_COUNTER: _Shape = (("number", 0),)
_NAME: _Shape = (("name", 0),)
_WORDS = {
    "digit": ("digits", "位数字"),
    "letter": ("letters", "位字母"),
    "character": ("characters", "个汉字"),
    "blank": ("blanks", "个空格"),
}


@dataclass(frozen=True, slots=True)
class ShapeFinding:
    """What the codes of one level have in common.

    Attributes
    ----------
    kind : {"code_shape", "two_code_systems"}
    usual_words : Saying
        The commonest shape: ``12 digits``.
    usual_rows, odd : tuple of int
        Indices of the codes of that shape; of those of no shape in common with it
        (``code_shape``), or of the second system (``two_code_systems``).
    other_words : Saying or None
        Shape of the second system; None for ``code_shape``.
    """

    kind: str
    usual_words: Saying
    usual_rows: tuple[int, ...]
    odd: tuple[int, ...]
    other_words: Saying | None = None

    @property
    def usual(self) -> str:
        """The commonest shape in English."""
        return self.usual_words.say("en")

    @property
    def other(self) -> str:
        """Shape of the second system in English; empty for ``code_shape``."""
        return "" if self.other_words is None else self.other_words.say("en")


def compare_shapes(codes: Sequence[str]) -> ShapeFinding | None:
    """Compare the codes of one level; None when nothing is odd or there is no pattern.

    The shape of a code is its runs of digits, letters and Chinese characters with their
    lengths, and every other character as it is. Three things are no odd shape: a counter
    that grows by a digit; a subdivision (``0410A`` and ``0410B``, ``176.01`` and ``176.02``),
    which counts as what it divides; and names among names, which are as long as they are.

    Parameters
    ----------
    codes : sequence of str
        Blank and provisional ones are passed over; fewer than five others give None.
    """
    rows = [i for i, code in enumerate(codes) if code and not _PROVISIONAL.search(code)]
    if len(rows) < _FEWEST:
        return None
    groups: dict[_Shape, list[int]] = defaultdict(list)
    for row, shape in zip(rows, _shapes([codes[r] for r in rows]), strict=True):
        groups[shape].append(row)
    (usual, first), *rest = sorted(groups.items(), key=lambda g: -len(g[1]))
    odd = tuple(sorted(r for _, members in rest for r in members))
    if not odd:
        return None
    if len(odd) <= max(1.0, _ODD_SHARE * len(rows)):
        return ShapeFinding("code_shape", _words(usual), tuple(first), odd)
    other, second = rest[0]
    nearly_all = len(first) + len(second) >= _PATTERN_SHARE * len(rows)
    if nearly_all and len(second) >= max(_SYSTEM_FEWEST, _SYSTEM_SHARE * len(rows)):
        found = (_words(usual), tuple(first), tuple(second), _words(other))
        return ShapeFinding("two_code_systems", *found)
    return None


def shape_notes(codes: Sequence[str]) -> list[ImportNote]:
    """Return what an import has to say about the shapes of its codes (rows count from 1)."""
    found = compare_shapes(codes)
    if found is None:
        return []
    rows = tuple(r + 1 for r in found.odd)
    named = tuple(codes[r] for r in found.odd)
    if found.kind == "code_shape":
        one = len(found.odd) == 1
        what = "code is" if one else "codes are"
        text = f"{len(found.odd)} {what} not built like the others ({found.usual})."
    else:
        what = _two_systems(codes, found).say("en")
        text = f"Two systems of codes are mixed: {what}."
        if _are_nested(codes, found):
            text = (
                f"The layer seems to hold several levels: {what}; the longer codes begin with the"
                " shorter ones. Import one level at a time, with --where COL=VALUE or from a layer"
                " of its own."
            )
    return [ImportNote(found.kind, "warning", text, rows=rows, codes=named)]


def code_shape_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Return codes unlike their level's others, and levels that mix two systems of codes.

    Parameters
    ----------
    coverage : Coverage
        Remainders and provisional codes are passed over.
    ruler : Ruler
        Of the coverage's coordinates.

    Returns
    -------
    list of Fault
        ``code_shape``, one an area; ``two_code_systems``, one a level, which names the codes
        of the smaller system. Both are warnings. Empty for an empty coverage.
    """
    out: list[Fault] = []
    for rank in np.unique(coverage.rank):
        rows = np.flatnonzero((coverage.rank == rank) & (coverage.kind != "remainder"))
        codes = [str(c) for c in coverage.code[rows]]
        found = compare_shapes(codes)
        if found is not None and found.kind == "code_shape":
            out += _odd_codes(coverage, ruler, rows, found)
        elif found is not None:
            level = coverage.levels[int(rank)]
            named = tuple(codes[r] for r in found.odd)
            place = places_of(coverage, ruler, [int(rows[found.odd[0]])])[0]
            values = {
                "level": by_language(level.label, level.name),
                "what": _two_systems(codes, found),
            }
            several = _are_nested(codes, found)
            said = Saying(f"fault.{'several_levels' if several else 'two_code_systems'}", values)
            out.append(Fault(found.kind, "warning", level.name, named, None, *place, said))
    return out


def _odd_codes(
    coverage: Coverage, ruler: Ruler, rows: NDArray[np.int64], found: ShapeFinding
) -> list[Fault]:
    out = []
    odd = rows[list(found.odd)].tolist()
    for row, place in zip(odd, places_of(coverage, ruler, odd), strict=True):
        own = _words(_shape(str(coverage.code[row])))
        values = {"area": label(coverage, row), "own": own, "usual": found.usual_words}
        said = Saying("fault.code_shape", values)
        out.append(area_fault("code_shape", "warning", coverage, row, said, place))
    return out


def _two_systems(codes: Sequence[str], found: ShapeFinding) -> Saying:
    return Saying(
        "code.two_systems",
        {
            "n": len(found.usual_rows),
            "usual": found.usual_words,
            "first": codes[found.usual_rows[0]],
            "m": len(found.odd),
            "other": found.other_words or "",
            "second": codes[found.odd[0]],
        },
    )


def _are_nested(codes: Sequence[str], found: ShapeFinding) -> bool:
    """True when nearly all codes of one system begin with one of the other, as a child's do."""
    groups = [[codes[row] for row in rows] for rows in (found.usual_rows, found.odd)]
    above, below = sorted(groups, key=lambda group: min(map(len, group)))
    heads, lengths = set(above), {len(code) for code in above}
    begun = sum(any(len(code) > n and code[:n] in heads for n in lengths) for code in below)
    return begun >= _PATTERN_SHARE * len(below)


# -- shapes ------------------------------------------------------------------------------


def _shape(code: str) -> _Shape:
    """Runs of a code: what they are made of and how long they are; without digits a name."""
    if not re.search(r"[0-9]", code):
        return _NAME
    return tuple((_class_of(run), len(run)) for run in _RUN.findall(code))


def _class_of(run: str) -> str:
    first = run[0]
    if first.isascii() and first.isalnum():
        return "digit" if first.isdigit() else "letter"
    if first.isspace():
        return "blank"
    return "character" if "\u3400" <= first <= "\u9fff" else first


def _shapes(codes: Sequence[str]) -> list[_Shape]:
    """Shapes to compare: subdivisions as what they divide, counters as one."""
    stems = [m[1] if (m := _SUFFIX.match(code)) else None for code in codes]
    divided = {stem for stem, n in Counter(s for s in stems if s).items() if n > 1}
    bases = [stem if stem in divided else code for code, stem in zip(codes, stems, strict=True)]
    shapes = [_shape(base) for base in bases]
    numbers = {b for b in bases if b.isascii() and b.isdigit() and len(b) <= _COUNTER_DIGITS}
    if not _is_counter(numbers, bases):
        return shapes
    return [_COUNTER if b in numbers else s for b, s in zip(bases, shapes, strict=True)]


def _is_counter(numbers: set[str], bases: Sequence[str]) -> bool:
    """True when numbers of several lengths are one sequence: never padded, without a leap.

    Lengths that are common, each, need no more proof; one that is rare must continue
    where the next begins: 9 and 10 do, 199 and 1001 do not.
    """
    if any(n.startswith("0") and n != "0" for n in numbers):
        return False
    by_length: dict[int, list[int]] = defaultdict(list)
    for base in bases:
        if base in numbers:
            by_length[len(base)].append(int(base))
    lengths = sorted(by_length)
    total = sum(len(v) for v in by_length.values())
    for short, long in itertools.pairwise(lengths):
        leap = min(by_length[long]) - max(by_length[short])
        rare = min(len(by_length[short]), len(by_length[long])) < _SYSTEM_SHARE * total
        if rare and leap > max(10, min(by_length[long]) // 4):
            return False
    return len(lengths) > 1


def _words(shape: _Shape) -> Saying:
    """Put a shape into words: ``1 letter, 8 digits``."""
    if shape in {_COUNTER, _NAME}:
        return Saying("code.counter" if shape == _COUNTER else "code.name")
    en = ", ".join(
        f"{n} {_WORDS[what][0] if n > 1 else what}" if what in _WORDS else f"'{what}'"
        for what, n in shape
    )
    zh = "、".join(f"{n}{_WORDS[what][1]}" if what in _WORDS else f"“{what}”" for what, n in shape)
    return Saying("code.shape", {"shape": by_language(zh, en)})
