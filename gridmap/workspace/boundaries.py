"""Levels, and the import of polygon layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gridmap.access import Action, Actor
from gridmap.areas import Level, Levels
from gridmap.coverage.editions import check_name
from gridmap.coverage.families import BASE
from gridmap.coverage.importing.differences import Differences
from gridmap.coverage.importing.incoming import ColumnMap, ImportReport, Incoming, prepare_import
from gridmap.coverage.importing.known_as import codes_of, read_aliases
from gridmap.coverage.importing.parents import Known
from gridmap.coverage.importing.reimport import reimport_differences
from gridmap.coverage.model import Coverage
from gridmap.coverage.reading.read import read_layer, split_source
from gridmap.coverage.retired import with_retired_note
from gridmap.errors import BadValue, NotFound
from gridmap.planning.held import HELD_COLUMNS
from gridmap.workspace.base import Base, Progress

__all__ = ["Boundaries", "ImportOutcome"]


@dataclass(frozen=True)
class ImportOutcome:
    """What an import did, or would do when `committed` is False.

    `differences` are those to what the draft had at that level; None when it had nothing.
    """

    edition: str
    level: str
    rows: int
    committed: bool
    new_level: bool
    report: ImportReport
    differences: Differences | None = None


class Boundaries(Base):
    """Polygon layers in, as the levels of a draft."""

    def set_levels(
        self, names: list[str], *, family: str = BASE, actor: Actor | None = None
    ) -> Levels:
        """Replace a family's levels; refused when an edition uses one that would go or move.

        Each is ``NAME`` or ``NAME=LABEL``; a level that stays keeps the labels that it has.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        kept = {one.name: (one.label, one.label_en) for one in self.store.levels(family)}
        levels = Levels(
            Level.read(text, *kept.get(text.partition("=")[0].strip(), ())) for text in names
        )
        self.store.set_levels(levels, who, family=family)
        self._expire()
        return levels

    def import_layer(
        self,
        source: str,
        *,
        edition: str,
        level: str,
        columns: ColumnMap,
        under: str | None = None,
        coord_sys: str | None = None,
        encoding: str | None = None,
        aliases: str | Path | None = None,
        remainders: bool = True,
        family: str | None = None,
        where: Sequence[str] = (),
        commit: bool = False,
        progress: Progress | None = None,
        actor: Actor | None = None,
    ) -> ImportOutcome:
        """Read a polygon layer into a draft edition; a dry run unless `commit`.

        Everything is read and judged first; then, with `commit`, rows are written unseen
        and made visible at once, replacing that level of the draft. The edition is created
        as a draft when it does not exist.

        Parameters
        ----------
        aliases : str or Path, optional
            A CSV of further names, see :func:`gridmap.coverage.importing.known_as.read_aliases`.
        remainders : bool
            Make areas of kind ``remainder`` of what the level leaves uncovered of the
            declared polygons above it.
        family : str, optional
            Family of grids of an edition that is made, by default the base grids; a draft
            that is there has one.
        where : sequence of str
            ``COL=VALUE`` each: only rows that meet all of them are read.

        Raises
        ------
        InputError
            When the file, a column, the level or the coordinate system cannot be used.
        Immutable
            When the edition is already published.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        check_name(edition)
        family = self._family_of(edition, family)
        levels = self.store.levels(family)
        new_level = level not in levels.names
        if new_level and under is not None:
            levels = levels.with_level(level, under=under)
        levels.rank(level)
        existing = self._draft_coverage(edition)
        path, layer_name = split_source(source)
        incoming = prepare_import(
            read_layer(self.foreign(path), layer_name, encoding=encoding),
            level,
            columns,
            levels=levels,
            existing=existing,
            known=self._known_above(existing, level, levels),
            aliases=[] if aliases is None else read_aliases(self.foreign(Path(aliases))),
            remainders=remainders,
            coord_sys=coord_sys,
            in_force=self._to_lie_on(existing, level),
            counts=[column for columns in HELD_COLUMNS.values() for column in columns],
            where=where,
        )
        incoming = with_retired_note(incoming, self.store.retired_codes(family))
        changes = self._changes(existing, incoming)
        if commit:
            if new_level:
                self.store.set_levels(levels, who, family=family)
            self.store.ensure_draft(edition, who, family=family)
            self.store.import_areas(edition, incoming, who, progress=progress)
            self._expire()
        return ImportOutcome(
            edition, level, len(incoming.areas), commit, new_level, incoming.report, changes
        )

    def code_of(
        self,
        level: str,
        code: str,
        *,
        system: str,
        edition: str | None = None,
        at: str | datetime | None = None,
        actor: Actor | None = None,
    ) -> str:
        """Return an area's own code from its code in another system (``police``, ...).

        Parameters
        ----------
        edition : str, optional
            A draft or an edition; the one in force `at` a moment (now) when left out.

        Raises
        ------
        NotFound
            When no area has that code in that system, or no edition is in force.
        BadValue
            When several areas have it.
        """
        self._may(actor, Action.EDITION_DRAFT)
        name = edition or self._edition_name(at)
        kept = self.store.attributes(name, level)
        found = sorted(c for c, known in kept.items() if codes_of(known).get(system) == code)
        if len(found) > 1:
            raise BadValue(
                f"Several areas of level {level} have this code in the system '{system}'.",
                got=code,
                allowed=found,
                repair="Ask by one of those codes.",
            )
        if not found:
            systems = sorted({s for known in kept.values() for s in codes_of(known)})
            raise NotFound(
                f"Edition '{name}' has no {level} of that code in the system '{system}'.",
                got=code,
                allowed=f"systems: {', '.join(systems)}" if systems else "no further systems",
                repair="Import the codes with --also-code SYSTEM=COL.",
            )
        return found[0]

    def _changes(self, existing: Coverage | None, incoming: Incoming) -> Differences | None:
        level = incoming.level
        if existing is None or level not in existing.levels.names:
            return None
        kept = self.store.attributes(existing.edition, level)
        return reimport_differences(existing, kept, incoming)

    def _edition_name(self, at: str | datetime | None) -> str:
        found = self.store.edition_at(self._moment(at) or self.clock())
        if found is None:
            raise NotFound(
                "No edition is in force at that time.",
                got=str(at or "now"),
                repair="Name the edition, or publish one: gridmap publish EDITION --from DATE.",
            )
        return found.name

    def _to_lie_on(self, existing: Coverage | None, level: str) -> Coverage | None:
        """The edition in force, for a level that has no other one beside it in its draft."""
        if existing is not None:
            others = [name for name in existing.levels.names if name != level]
            if any(len(existing.rows(name)) for name in others):
                return None
        found = self.store.edition_at(self.clock())
        return None if found is None else self.store.coverage(found.name)

    def _known_above(self, existing: Coverage | None, level: str, levels: Levels) -> Known:
        """Attributes of the areas of coarser levels: what else parents can be called by."""
        if existing is None:
            return {}
        above = [n for n in levels.names[: levels.rank(level)] if n in existing.levels.names]
        return {n: self.store.attributes(existing.edition, n) for n in above}
