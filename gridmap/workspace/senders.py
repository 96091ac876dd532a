"""Who sent a report: known by their account, by the report's key, or by the receipt for it."""

from __future__ import annotations

import re
import unicodedata

from gridmap.access import Action, Actor
from gridmap.errors import NotFound
from gridmap.secrets import new_receipt
from gridmap.store.columns import storable
from gridmap.store.senders import Sender
from gridmap.workspace.accounts import Accounts

__all__ = ["Senders", "receipt_read", "receipt_shown"]

_LENGTH, _GROUP = 20, 4
# What people put between the groups when they type one in.
_BETWEEN = re.compile(r"[\s\-–—_.·]+")


def receipt_shown(receipt: str) -> str:
    """Return a receipt in groups that can be read out."""
    return "-".join(receipt[n : n + _GROUP] for n in range(0, len(receipt), _GROUP))


def receipt_read(text: str) -> str:
    """Return what was typed as receipts are stored; empty when it cannot be one."""
    # Chinese keyboards have wide letters, digits and dashes too.
    found = _BETWEEN.sub("", unicodedata.normalize("NFKC", text)).upper()
    return found if len(found) == _LENGTH and found.isascii() and found.isalnum() else ""


class Senders(Accounts):
    """Whose a report is."""

    def report_of_receipt(self, receipt: str, *, actor: Actor | None = None) -> int:
        """Return the number of the report that a receipt was given for, or raise `NotFound`."""
        self._may(actor, Action.REPORT_SUBMIT)
        # Keys are made up by clients, and may be guessed: they open nothing by themselves.
        read = receipt_read(receipt)
        found = self.store.report_of_receipt(read) if read else None
        if found is None:
            raise NotFound(
                "No report goes with this receipt.",
                got=f"{len(receipt.strip())} characters",
                allowed="five groups of four letters and digits",
                repair="Compare it with what you were given; capital or small does not matter.",
            )
        return found

    def is_sender(self, number: int, who: Actor, proof: str | None = None) -> bool:
        """True when somebody sent a report: signed in, or showing its key or receipt."""
        if proof is not None and number in {self._proved(proof), self._proved(receipt_read(proof))}:
            return True
        if who.account is None:
            return False
        sender = self.store.sender(number)
        return sender is not None and sender.account == who.account

    def _proved(self, proof: str) -> int | None:
        # A form may send what no key can hold, and one store refuses to look for.
        known = storable(proof)
        return self.store.report_of_proof(known) if known else None

    def _sender_names(self, number: int) -> frozenset[str]:
        """Return the names under which its sender may have acted on a report."""
        sender = self.store.sender(number)
        known = sender.name if sender is not None else None
        return frozenset({Actor.resident().name, *([known] if known else [])})

    def _new_sender(self, who: Actor) -> Sender:
        return Sender(new_receipt(), who.account)
