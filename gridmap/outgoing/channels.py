"""Notices on ways other than the inbox: text messages, a government messenger.

A site's own gateway is a class with the one method of :class:`Channel`. The one that ships
sends each notice as JSON to an address, where such a gateway listens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson

from gridmap.outgoing.posting import post
from gridmap.outgoing.signatures import HEADER, sign

__all__ = ["Channel", "WebhookChannel"]


class Channel(Protocol):
    """Somewhere notices are sent."""

    def send(self, notice: Mapping[str, Any], moment: datetime) -> None:
        """Send one notice; raise :class:`~.posting.DeliveryFailed` when it was not taken.

        Parameters
        ----------
        notice : mapping
            ``id`` (the same however often it is sent), ``kind``, ``audience_kind``,
            ``audience``, ``number``, ``at``, ``text`` (Chinese), ``text_en``.
        moment : datetime
            Now.
        """
        ...


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts each notice to an address, signed as webhooks are.

    Attributes
    ----------
    secrets : callable
        Returns those to sign with, the newest first; asked for each notice, for they change
        while a worker runs.
    """

    url: str
    secrets: Callable[[], Sequence[str]]
    timeout_s: float
    private: bool

    def send(self, notice: Mapping[str, Any], moment: datetime) -> None:
        """Send one notice; see :class:`Channel`."""
        body = orjson.dumps(dict(notice))
        headers = {
            "Content-Type": "application/json",
            "Gridmap-Notice": str(notice["id"]),
            HEADER: sign(body, self.secrets(), moment),
        }
        post(self.url, body, headers, timeout_s=self.timeout_s, private=self.private)
