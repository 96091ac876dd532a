"""Proof that every item has one lead everywhere, before reports come in."""

from __future__ import annotations

from datetime import datetime

from gridmap.access import Action, Actor
from gridmap.coverage.editions import EditionState
from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.routing.decision import Router
from gridmap.routing.proof import RouteProof, prove
from gridmap.times import to_site
from gridmap.workspace.base import Base

__all__ = ["Proving"]


class Proving(Base):
    """The rules asked for every item at every kind of place."""

    def prove_routes(
        self,
        edition: str | None = None,
        *,
        catalogue: str | None = None,
        at: str | datetime | None = None,
        actor: Actor | None = None,
    ) -> RouteProof:
        """Ask every item at every kind of place of an edition; for staff.

        Parameters
        ----------
        edition : str, optional
            A draft or a published edition; the one in force at `at` when not given.
        catalogue : str, optional
            Whose items are asked; the site's own when not given.
        at : str or datetime, optional
            Day whose overlays and posts count; a bare date means that day in the site's
            zone. Now when not given.

        Raises
        ------
        NotFound
            When there is no such edition, or none is in force.
        """
        self._may(actor, Action.EDITION_CHECK)
        moment = self._moment(at) or self.clock()
        router = self._router_of(edition, moment, catalogue)
        return prove(router.answers, to_site(moment, self.zone).date())

    def prove_draft(self, coverage: Coverage, start: datetime) -> list[tuple[str, RouteProof]]:
        """Ask the items of all catalogues before an edition is published.

        As of the day on which it comes into force. Nothing is asked while nobody and nothing
        that answers for reports has been entered: such a store only locates.

        Returns
        -------
        list of (name of the catalogue, RouteProof)
        """
        books, state = self.books, self._state()
        if not any(state.records.values()):
            return []
        day = to_site(start, self.zone).date()
        return [
            (name, prove(self._router_by(books, state, coverage, name, keep=False).answers, day))
            for name in books.by_name
        ]

    def _router_of(self, edition: str | None, moment: datetime, catalogue: str | None) -> Router:
        if edition is None:
            locator = self.atlas.locator_at(moment)
            if locator is None:
                raise NotFound(
                    "No edition is in force then.",
                    got=to_site(moment, self.zone).isoformat(),
                    repair="Name an edition, or another --at; see `gridmap editions`.",
                )
            return self.router(locator.coverage.edition, catalogue)
        if self.store.edition(edition).state is EditionState.PUBLISHED:
            return self.router(edition, catalogue)
        coverage = self.store.coverage(edition)
        return self._router_by(self.books, self._state(), coverage, catalogue)
