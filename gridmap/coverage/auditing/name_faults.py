"""Faults of names: none, broken text, one for two neighbours, the same in two spellings."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable

import numpy as np

from gridmap.coverage.auditing.faults import Fault, area_fault, label, places_of
from gridmap.coverage.measure import Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import Severity
from gridmap.coverage.reading.encoding import misread_text
from gridmap.i18n import Saying, by_language

__all__ = ["name_faults", "plain_name"]

# What offices leave out or put behind a name: 文化路, 文化路街道, 文化路街道办事处.
_SUFFIX = re.compile(
    r"(?<=..)(?:街道办事处|街道办|街道|社区居民委员会|社区居委会|社区|居民委员会|居委会"
    r"|村民委员会|村委会|行政村|村|镇人民政府|镇|乡人民政府|乡)\Z"
)
_BETWEEN = re.compile(r"[\s·•・.,，、()（）【】\[\]_-]+")
_NUMERALS = str.maketrans("〇零一二三四五六七八九", "00123456789")

# Where more of a level's areas than this share a name with a sibling, names are not meant
# to tell them apart (a neighbourhood's name on each of its precincts).
_IDENTIFYING_SHARE = 0.2

_Finding = tuple[str, Severity, int, Saying]


def name_faults(coverage: Coverage, ruler: Ruler) -> list[Fault]:
    """Return names that are missing, mojibake, used twice under one parent, or alike.

    A level without any names is told in one line. Mojibake is told with what was meant; of
    areas of the same name, and of those whose names are the same without ``街道``, ``社区``,
    ``居委会`` and the like, each after the first.
    """
    found = [*_blank(coverage), *_broken(coverage), *_shared(coverage)]
    places = places_of(coverage, ruler, [row for _, _, row, _ in found])
    return [
        area_fault(kind, severity, coverage, row, said, place)
        for (kind, severity, row, said), place in zip(found, places, strict=True)
    ]


def plain_name(name: str) -> str:
    """Return a name for comparing: width, case, blanks, numerals and kind of place put aside."""
    text = _BETWEEN.sub("", unicodedata.normalize("NFKC", name).casefold())
    return _SUFFIX.sub("", text).translate(_NUMERALS)


def _blank(coverage: Coverage) -> list[_Finding]:
    out: list[_Finding] = []
    named = coverage.name.astype(bool)
    for rank in np.unique(coverage.rank):
        of_level = (coverage.rank == rank) & (coverage.kind != "remainder")
        rows = np.flatnonzero(of_level & ~named).tolist()
        number = int(of_level.sum())
        if rows and len(rows) == number:
            level = coverage.levels[int(rank)]
            values = {"n": number, "level": by_language(level.label, level.name)}
            out.append(("blank_name", "info", rows[0], Saying("fault.blank_names", values)))
            continue
        for row in rows:
            said = Saying("fault.blank_name", {"area": label(coverage, row)})
            out.append(("blank_name", "warning", row, said))
    return out


def _broken(coverage: Coverage) -> list[_Finding]:
    out: list[_Finding] = []
    for row, name in enumerate(coverage.name.tolist()):
        if name.isascii():
            continue
        found = misread_text(name)
        if found is None and "\ufffd" not in name:
            continue
        values: dict[str, object] = {"area": label(coverage, row)}
        if found is None:
            said = Saying("fault.name_lost", values)
        else:
            values |= {"likely": found.likely, "really": found.really, "read_as": found.read_as}
            said = Saying("fault.name_misread", values)
        out.append(("mojibake", "warning", row, said))
    return out


def _shared(coverage: Coverage) -> list[_Finding]:
    out: list[_Finding] = []
    names = coverage.name.tolist()
    # Areas that miss their parent are no siblings of one another.
    sited = (coverage.parent >= 0) | (coverage.rank == coverage.rank.min(initial=127))
    for rank in np.unique(coverage.rank):
        rows = np.flatnonzero((coverage.rank == rank) & sited & ~coverage.hidden).tolist()
        rows = [row for row in rows if names[row]]
        same = _groups(coverage, rows, names.__getitem__)
        if sum(len(g) for g in same) > _IDENTIFYING_SHARE * len(rows):
            out += _not_identifying(coverage, same)
            continue
        out += [_same(coverage, group[0], row) for group in same for row in group[1:]]
        alike = _groups(coverage, rows, lambda row: plain_name(names[row]))
        for first, *others in alike:
            out += [_alike(coverage, first, row) for row in others if names[row] != names[first]]
    return out


def _groups(coverage: Coverage, rows: list[int], key: Callable[[int], str]) -> list[list[int]]:
    """Rows of one parent with an equal key, where there are several."""
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows:
        found[int(coverage.parent[row]), key(row)].append(row)
    return [group for group in found.values() if len(group) > 1]


def _same(coverage: Coverage, first: int, row: int) -> _Finding:
    parent = int(coverage.parent[row])
    values = {"area": label(coverage, row), "other": label(coverage, first)}
    if parent >= 0:
        said = Saying("fault.same_name_within", {**values, "parent": label(coverage, parent)})
    else:
        said = Saying("fault.same_name", values)
    return "same_name", "warning", row, said


def _alike(coverage: Coverage, first: int, row: int) -> _Finding:
    areas = (label(coverage, row), label(coverage, first))
    return "similar_name", "info", row, Saying("fault.similar_name", {"areas": areas})


def _not_identifying(coverage: Coverage, same: list[list[int]]) -> list[_Finding]:
    """One line for a level in which many areas share a name."""
    first = same[0][0]
    level = coverage.levels[int(coverage.rank[first])]
    number = sum(len(group) for group in same)
    most = Counter({str(coverage.name[g[0]]): len(g) for g in same}).most_common(1)[0][0]
    values = {"n": number, "level": by_language(level.label, level.name), "name": most}
    return [("same_name", "info", first, Saying("fault.names_not_identifying", values))]
