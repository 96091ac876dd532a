"""Parties: who a report can be given to, down to the very office.

A department or utility is one body for the whole district. A sub-district office, a community
committee, a property firm and the unit of an exclusive grid are many: which one follows from
the place. Their code is the kind's code, a colon and the area's or firm's own code:
``JD:990101001``, ``SQ:990101001004``, ``WY:F0012``, ``EX:990101002004901``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gridmap.errors import BadValue, NotFound

__all__ = [
    "COMMUNITY",
    "EXCLUSIVE_UNIT",
    "PROPERTY_FIRM",
    "SUBDISTRICT",
    "NoSuchParty",
    "Parties",
    "Party",
    "party_code",
]

SUBDISTRICT = "JD"
COMMUNITY = "SQ"
PROPERTY_FIRM = "WY"
EXCLUSIVE_UNIT = "EX"


def party_code(kind: str, own: str) -> str:
    """Return the code of one body of a kind that has many."""
    return f"{kind}:{own}"


@dataclass(frozen=True, slots=True)
class Party:
    """A body that a report can be given to.

    Attributes
    ----------
    code : str
        Department code, or kind and own code joined by a colon.
    name, name_en : str
    phone : str
        Duty phone, fit to be shown to staff of other bodies.
    """

    code: str
    name: str
    name_en: str = ""
    phone: str = ""

    def label(self, lang: str) -> str:
        """Return the name in a language, the Chinese one where there is no other."""
        return self.name_en if lang == "en" and self.name_en else self.name


class NoSuchParty(NotFound, KeyError):
    """There is no party of that code; also a `KeyError`, so that ``get`` and ``in`` work."""


class Parties(Mapping[str, Party]):
    """All parties by code; raises `NoSuchParty` for a code that is not listed."""

    def __init__(self, parties: Iterable[Party]) -> None:
        self._by_code: dict[str, Party] = {}
        for party in parties:
            if party.code in self._by_code:
                raise BadValue("A party is listed twice.", got=party.code)
            self._by_code[party.code] = party

    def __getitem__(self, code: str) -> Party:
        try:
            return self._by_code[code]
        except KeyError:
            raise NoSuchParty("There is no such department or body.", got=code) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def named(self, codes: Sequence[str], key: str = "parties") -> dict[str, str]:
        """Return the names of parties as parameters of an explanation, in both languages.

        A code that is not listed stands for itself.
        """
        known = [self._by_code.get(code) or Party(code, code) for code in codes]
        return {
            key: "、".join(party.label("zh") for party in known),
            f"{key}_en": ", ".join(party.label("en") for party in known),
        }
