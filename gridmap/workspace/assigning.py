"""Files of reports: located and routed as a stream, and stored if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gridmap.access import Actor
from gridmap.areas import Levels
from gridmap.coverage.families import BASE
from gridmap.coverage.reading.read import split_source
from gridmap.errors import BadValue
from gridmap.locate.model import Locations, Points
from gridmap.personal import without_identity_numbers
from gridmap.routing.book import Decision
from gridmap.routing.columns import routing_columns
from gridmap.routing.reviews import cases_of
from gridmap.store.columns import storable
from gridmap.workspace.reporting import Reporting, report_rows, stored_catalogue

if TYPE_CHECKING:
    from gridmap.bulk.model import Assigned, AssignSummary, Times

__all__ = ["Assigning"]


class Assigning(Reporting):
    """Reports that come as files."""

    def assign(
        self,
        source: str | Path,
        output: str | Path,
        *,
        edition: str | None = None,
        family: str = BASE,
        level: str | None = None,
        item: str | None = None,
        catalogue: str | None = None,
        keep: Mapping[str, str] | None = None,
        lang: str | None = None,
        actor: Actor | None = None,
        **options: Any,
    ) -> AssignSummary:
        """Stream a file of points into a copy with area columns; see `gridmap.bulk.assign`.

        Parameters
        ----------
        family : str
            Family of grids that answers. Reports are routed, and stored, by the base grids.
        item : str, optional
            Column of catalogue items: adds the routing columns. Deadlines run from the
            moment in the column `at`, from now where there is none; overlays are those of
            the moment in the column `observed`, else of `at`.
        catalogue : str, optional
            Catalogue that the items are of; the site's own when left out.
        keep : mapping, optional
            Also store the reports, with the moments of `at` and `observed` as those of
            receipt and observation; names the input's columns for ``source`` and ``text``.
        **options
            Of :func:`gridmap.bulk.assign.assign`; with ``resume`` a run that broke off is gone
            on with while the editions, and what routes are decided by, are the same.
        """
        from gridmap.bulk.assign import assign

        who = actor or self.actor
        levels = self._levels_of(edition, family)
        self.books.of(catalogue)
        if family != BASE and (item is not None or keep is not None):
            raise BadValue(
                "Reports are routed by the base grids only.",
                got=family,
                repair="Assign the items without --family, and the family's areas without --item.",
            )
        self.foreign(split_source(str(source))[0])
        self.foreign(Path(output))
        decided: list[Sequence[Decision]] = []
        language = lang or self.settings.language

        def locate(points: Points) -> Locations:
            return self.locate_many(points, edition=edition, family=family, level=level, actor=who)

        def route(
            items: NDArray[np.object_], points: Points, found: Locations, times: Times
        ) -> Mapping[str, Sequence[str | None]]:
            received = self._received(times, len(points))
            # An unknown item is quoted in the explanation, which is stored.
            quoted = [storable(item) for item in items]
            of = [catalogue or ""] * len(quoted)
            decided[:] = [
                self.decide(quoted, points, found, received, times.observed, catalogues=of)
            ]
            return routing_columns(decided[0], language, zone=self.zone)

        def store(batch: Assigned) -> None:
            self._store_batch(batch, keep or {}, catalogue, decided[0] if item else None)

        identity = self.answer_identity(
            edition=edition, family=family, routed=item is not None, catalogue=catalogue
        )
        answers = identity | {
            "family": family,
            "catalogue": catalogue or "the site's own",
            "level": level or "the finest",
            "language": language,
        }
        return assign(
            source,
            output,
            answers=answers,
            locate=locate,
            zone=self.zone,
            levels=levels,
            item=item,
            route=route if item else None,
            each=store if keep is not None else None,
            **options,
        )

    # -- inside ---------------------------------------------------------------------

    def _store_batch(
        self,
        batch: Assigned,
        columns: Mapping[str, str],
        catalogue: str | None,
        decisions: Sequence[Decision] | None,
    ) -> None:
        received = self._received(batch.times, len(batch.points))
        observed = batch.times.observed or [None] * len(batch.points)
        rows = report_rows(batch.points, batch.found, received, observed)
        for name in ("source", "text"):
            if name in columns:
                rows[name] = batch.table.column(columns[name]).to_pylist()
        if "text" in rows:
            rows["text"] = [t and without_identity_numbers(str(t)) for t in rows["text"]]
        if decisions is not None:
            # As they were routed: whoever asks the catalogue for what is stored finds the same.
            rows["item"] = [decision.item or None for decision in decisions]
            rows["catalogue"] = stored_catalogue(catalogue)
            self._bases.keep(decisions)
        cases = (
            None
            if decisions is None
            else cases_of(decisions, batch.found, stored_catalogue(catalogue))
        )
        self.store.add_reports(rows, decisions, cases)

    def _received(self, times: Times, count: int) -> list[datetime]:
        now = self.clock()
        return [moment or now for moment in times.received or [None] * count]

    def _levels_of(self, edition: str | None, family: str) -> Levels:
        atlas = self.atlas_of(family)
        return atlas.named(edition).coverage.levels if edition else atlas.levels
