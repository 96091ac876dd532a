"""What is wrong with an edition, or with a file before it becomes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gridmap.access import Action, Actor
from gridmap.coverage.auditing.against import Reference
from gridmap.coverage.auditing.audit import (
    Fault,
    audit,
    audit_layer_coverage,
    has_faults,
    layer_coverage,
    layer_reference,
)
from gridmap.coverage.datum.readings import short
from gridmap.coverage.importing.chosen_rows import only_rows
from gridmap.coverage.importing.remarks import renumber
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.read import Layer, read_layer, split_source
from gridmap.errors import BadValue, InputError, NotFound
from gridmap.i18n import Saying
from gridmap.times import to_site
from gridmap.workspace.base import Base

if TYPE_CHECKING:
    from gridmap.maps.document import GridMap

__all__ = ["Checking", "Examination", "of_files_alone"]


@dataclass(frozen=True, eq=False)
class Examination:
    """What was examined, and what was found.

    Attributes
    ----------
    target : str
        As it was named.
    coverage : Coverage
        The areas examined, EPSG:4326.
    faults : list of Fault
        Worst first.
    notes : tuple of ImportNote
        Of a file: what reading it had to report, and which columns were taken.
    """

    target: str
    coverage: Coverage
    faults: list[Fault]
    notes: tuple[ImportNote, ...] = ()

    @property
    def is_faulty(self) -> bool:
        """True when any fault is an error or a warning."""
        return has_faults(self.faults)


def of_files_alone(edition: str, options: Mapping[str, object]) -> None:
    """Refuse options that say how a file is read where an edition of the store is meant.

    Parameters
    ----------
    edition : str
    options : mapping of str to object or None
        As the command line calls them; None was not given.

    Raises
    ------
    BadValue
    """
    given = [option for option, value in options.items() if value is not None]
    if given:
        raise BadValue(
            f"'{edition}' is an edition of the store; these options are of a file.",
            got=", ".join(given),
            repair=f"Leave them out, or write ./{edition} for a file of that name.",
        )


class Checking(Base):
    """The audit, of what is stored and of what is to be."""

    def check(
        self,
        target: str,
        *,
        level: str | None = None,
        code: str | None = None,
        name: str | None = None,
        encoding: str | None = None,
        coord_sys: str | None = None,
        where: Sequence[str] = (),
        against: str | None = None,
        against_encoding: str | None = None,
        against_coord_sys: str | None = None,
        actor: Actor | None = None,
    ) -> list[Fault]:
        """Audit an edition, or a polygon file before it is imported; worst fault first.

        See :meth:`examine`.
        """
        return self.examine(
            target,
            level=level,
            code=code,
            name=name,
            encoding=encoding,
            coord_sys=coord_sys,
            where=where,
            against=against,
            against_encoding=against_encoding,
            against_coord_sys=against_coord_sys,
            actor=actor,
        ).faults

    def examine(
        self,
        target: str,
        *,
        level: str | None = None,
        code: str | None = None,
        name: str | None = None,
        encoding: str | None = None,
        coord_sys: str | None = None,
        where: Sequence[str] = (),
        against: str | None = None,
        against_encoding: str | None = None,
        against_coord_sys: str | None = None,
        actor: Actor | None = None,
    ) -> Examination:
        """Audit an edition, or a polygon file before it is imported.

        Parameters
        ----------
        target : str
            A name that is a stored edition means the edition; anything else is taken as
            ``FILE[:LAYER]``.
        level : str, optional
            Of an edition, the finest level to look at; of a file, what its areas are.
        code, name : str, optional
            Of a file, its columns of codes and names; the likeliest ones when left out.
        encoding, coord_sys : str, optional
            Of a file, as for import.
        where : sequence of str
            Of a file, ``COL=VALUE`` each: only rows that meet all of them are looked at.
        against : str, optional
            ``FILE[:LAYER]``, or a stored edition, of the same place to compare with.
        against_encoding, against_coord_sys : str, optional
            Of that file.

        Raises
        ------
        NotFound
            When there is neither such an edition nor such a file.
        InputError
            When a file cannot be used, or what is said of a file is said of an edition.
        """
        self._may(actor, Action.EDITION_CHECK)
        if against is None and (against_encoding, against_coord_sys) != (None, None):
            raise BadValue(
                "There is no file to compare with.",
                got="--against-encoding or --against-coord-sys without --against",
                repair="Name it with --against, or leave them out.",
            )
        reference = (
            None
            if against is None
            else self._reference(against, against_encoding, against_coord_sys)
        )
        if target in self._edition_names():
            of_files_alone(
                target,
                {
                    "--code": code,
                    "--name": name,
                    "--encoding": encoding,
                    "--coord-sys": coord_sys,
                    "--where": where or None,
                },
            )
            coverage = self.store.coverage(target)
            if level is not None:
                coverage = coverage.only(coverage.rank <= coverage.levels.rank(level))
            return Examination(target, coverage, audit(coverage, against=reference))
        layer, rows = only_rows(self._layer(target, encoding), where)
        found = layer_coverage(layer, level, code=code, name=name, coord_sys=coord_sys)
        stored = found.stored()
        faults = audit_layer_coverage(found, against=reference)
        of_rows = renumber(found.notes[len(layer.notes) :], rows)
        notes = (*layer.notes, *of_rows)
        if reference is None:
            notes = (*notes, self._as_declared(found.ruler.coord_sys))
        return Examination(target, stored, faults, notes)

    def faults_map(self, found: Examination, *, actor: Actor | None = None) -> GridMap:
        """Return an examination as a folium document: the areas, and the faults on them."""
        from gridmap.maps.basemap import base_map
        from gridmap.maps.document import MapInfo
        from gridmap.maps.faults import faults_map

        who = self._may(actor, Action.EDITION_CHECK)
        info = MapInfo(
            title="边界检查图",
            title_en="Boundary check",
            lang=self.settings.language,
            edition=found.coverage.edition,
            as_of=to_site(self.clock(), self.zone).date().isoformat(),
            review_no=self.settings.map_review_no,
            base=base_map(self.settings, beyond=True, for_actor=who),
        )
        return faults_map(found.coverage, found.faults, info=info, actor=who)

    def _as_declared(self, system: str) -> ImportNote:
        """Say in which system a file is read that nothing of the same place is compared with."""
        said = Saying("check.system_unexamined", {"system": short(system)})
        return ImportNote("system_unexamined", "info", said.say(self.settings.language))

    def _reference(self, source: str, encoding: str | None, coord_sys: str | None) -> Reference:
        if source in self._edition_names():
            options = {"--against-encoding": encoding, "--against-coord-sys": coord_sys}
            of_files_alone(source, options)
            coverage = self.store.coverage(source)
            atoms = coverage.atoms
            codes = tuple(str(code) for code in coverage.code[atoms])
            return Reference(source, coverage.geometry[atoms], "wgs84", codes)
        try:
            return layer_reference(self._layer(source, encoding), coord_sys=coord_sys)
        except InputError as error:
            raise _of_reference(error, source) from error

    def _edition_names(self) -> list[str]:
        return [edition.name for edition in self.store.editions()]

    def _layer(self, source: str, encoding: str | None) -> Layer:
        path, name = split_source(source)
        if not path.exists():
            raise NotFound(
                "This is neither an edition of the store nor a file.",
                got=source,
                allowed=self._edition_names() or "no edition yet",
                repair="See `gridmap editions`.",
            )
        return read_layer(self.foreign(path), name, encoding=encoding)


def _of_reference(error: InputError, source: str) -> InputError:
    """Return what is wrong with the file compared with: it by name, and the options it has."""
    got = "" if error.got is None else str(error.got)
    repair = error.repair or ""
    for option in ("--coord-sys", "--encoding"):
        repair = repair.replace(option, option.replace("--", "--against-"))
    return type(error)(
        error.message,
        got=got if source in got else f"{source}: {got}" if got else source,
        allowed=error.allowed,
        repair=repair or None,
    )
