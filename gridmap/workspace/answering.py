"""What answers come from, in words: whether two runs would answer alike."""

from __future__ import annotations

from gridmap.coverage.editions import Edition, EditionState
from gridmap.coverage.families import BASE
from gridmap.workspace.locating import Locating

__all__ = ["Answering"]


class Answering(Locating):
    """Fingerprints of editions and of the tables that routes are decided by."""

    def answer_identity(
        self,
        *,
        edition: str | None = None,
        family: str = BASE,
        routed: bool = False,
        catalogue: str | None = None,
    ) -> dict[str, str]:
        """Return what answers for points depend on now; equal ones answer alike.

        Parameters
        ----------
        edition : str, optional
            The one that answers, whatever the time; else those in force, now and over time.
        routed : bool
            Also what routes are decided by: rules, overlays, parties and posts.
        catalogue : str, optional
            Whose rules; the site's own where none is named.
        """
        editions = [e for e in self._current()[1] if e.family == family]
        if edition is not None:
            found = {"edition": "; ".join(_told(e) for e in editions if e.name == edition)}
        else:
            published = [e for e in editions if e.state is EditionState.PUBLISHED]
            now = self.edition_at(family=family)
            found = {
                "edition in force": "none" if now is None else now.name,
                "editions": "; ".join(map(_told, published)),
            }
        return found | self._routing_identity(catalogue) if routed else found

    def _routing_identity(self, catalogue: str | None) -> dict[str, str]:
        return {
            "rules of routing": self.books.of(catalogue).version[:16],
            "overlays, parties and posts": self._state().fingerprint[:16],
        }


def _told(edition: Edition) -> str:
    start = "" if edition.effective_from is None else f" from {edition.effective_from.isoformat()}"
    return f"{edition.name}{start} ({(edition.content_hash or '')[:12]})"
