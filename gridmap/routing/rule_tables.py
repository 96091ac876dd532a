"""All the tables that a site's routes are decided by, as one value that can be kept.

A site's own tables stand before the package's. The value holds both, and the working days
that were published when it was made: whoever keeps it can decide an old report again, whatever
the package says by then. Its fingerprint is that of the content, not of the files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from gridmap.calendar import published_days
from gridmap.routing.rule_files import OF_CATALOGUE, TABLES, read_rule_files
from gridmap.tables import Table, package_data

__all__ = ["SITE", "RuleTables", "load_rule_tables"]

# The catalogue that is meant where none is named.
SITE = "default"

_PUBLISHED = "published_days"
_SETTINGS = "site"
_PACKAGED = (
    "catalogue", "classes", "emergency_lines", "site_rules", "asset_types", "departments",
    "road_classes", "terms", "limit_tables", "office_hours",
)  # fmt: skip


@dataclass(frozen=True)
class RuleTables:
    """Tables by name; those of a further catalogue as ``NAME/TABLE``.

    Attributes
    ----------
    own : mapping of str to Table
        The site's.
    packaged : mapping of str to Table
        What stands in for those that a site does not have.
    """

    own: Mapping[str, Table]
    packaged: Mapping[str, Table]

    @property
    def zone(self) -> str:
        """The zone that they were kept for; empty when none was said."""
        table = self.own.get(_SETTINGS)
        return table.lines[0][1][0] if table is not None else ""

    def at(self, zone: ZoneInfo) -> RuleTables:
        """Return the tables with the site's zone among them: deadlines follow from it."""
        site = Table(_SETTINGS, ("zone",), ((2, (zone.key,)),))
        return RuleTables({**self.own, _SETTINGS: site}, self.packaged)

    @property
    def catalogues(self) -> tuple[str, ...]:
        """Names of the catalogues, the site's own first."""
        further = {key.partition("/")[0] for key in self.own if "/" in key}
        return (SITE, *sorted(further))

    def of(self, catalogue: str) -> RuleTables:
        """Return the tables that a catalogue is decided by, under their plain names.

        A further catalogue shares what is the site's; its items and what is said about them
        are its own, for codes of another catalogue mean other things.
        """
        if catalogue == SITE:
            own = {key: table for key, table in self.own.items() if "/" not in key}
            return RuleTables(own, self.packaged)
        shared = {k: t for k, t in self.own.items() if "/" not in k and k not in OF_CATALOGUE}
        if "emergency_lines" in self.own:
            shared["emergency_lines"] = self.own["emergency_lines"]
        own = {
            key.partition("/")[2]: table
            for key, table in self.own.items()
            if key.startswith(f"{catalogue}/")
        }
        return RuleTables({**_NOTHING, **shared, **own}, self.packaged)

    def __getitem__(self, name: str) -> Table:
        return self.own[name] if name in self.own else self.packaged[name]

    def get(self, name: str) -> Table | None:
        """Return a table of the site's own, None where it has none."""
        return self.own.get(name)

    @cached_property
    def texts(self) -> dict[str, str]:
        """All tables as CSV, fit to be stored: see :meth:`from_texts`."""
        found = {f"package:{name}": table.text() for name, table in self.packaged.items()}
        return found | {name: table.text() for name, table in self.own.items()}

    @cached_property
    def fingerprint(self) -> str:
        """What tells two sets of tables apart: 64 hexadecimal digits."""
        # Without what never counts: a table of the package behind a site's own.
        counted = {
            key: text
            for key, text in self.texts.items()
            if key.removeprefix("package:") not in self.own or not key.startswith("package:")
        }
        plain = orjson.dumps(counted, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(plain).hexdigest()

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> RuleTables:
        """Return the tables that :attr:`texts` were made of."""
        own, packaged = {}, {}
        for key, text in texts.items():
            if key.startswith("package:"):
                name = key.removeprefix("package:")
                packaged[name] = Table.of(f"{name}.csv", text)
            else:
                own[key] = Table.of(f"{key}.csv", text)
        return cls(own, packaged)


# A further catalogue without such a table has no rules of that kind.
_NOTHING = {
    "site_rules": Table("site_rules", ("item", "estate", "exclusive_grid"), ()),
    "asset_types": Table("asset_types", ("asset_type", "name", "items", "radius_m"), ()),
}


def load_rule_tables(source: Path | None = None) -> RuleTables:
    """Read a site's folder or file; the package's tables alone when None.

    Errors are those of :func:`~gridmap.routing.rule_files.read_rule_files`.
    """
    return RuleTables({} if source is None else read_rule_files(source), _packaged())


@lru_cache(maxsize=1)
def _packaged() -> dict[str, Table]:
    found = {name: Table.read(package_data("gridmap.routing", f"{name}.csv")) for name in _PACKAGED}
    return found | {_PUBLISHED: published_days()}


assert set(_PACKAGED) < set(TABLES)
