"""What service points offer: hours in OpenStreetMap syntax and in words, services, prices."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

__all__ = ["Offer", "load_offers"]


@dataclass(frozen=True)
class Offer:
    """How one category of service point looks in the demo; tuples are to choose from.

    Attributes
    ----------
    category : str
        A key of ``gridmap.places.model.CATEGORIES``.
    count : int
        How many the scale ``district`` has.
    stands : str
        Where: ``building``, ``estate`` (inside a red line), ``shop`` or ``park``.
    names : tuple of (str, str)
        Ends of names, Chinese and English.
    hours : tuple of (str, str)
        ``opening_hours`` and the same in words.
    services, prices : tuple of str
    """

    category: str
    count: int
    stands: str
    names: tuple[tuple[str, str], ...]
    hours: tuple[tuple[str, str], ...]
    services: tuple[str, ...]
    prices: tuple[str, ...]


def load_offers() -> list[Offer]:
    """Return the offers of all categories."""
    table = resources.files("gridmap.demo").joinpath("data", "services.csv")
    with table.open(encoding="utf-8") as stream:
        return [_offer(row) for row in csv.DictReader(stream)]


def _offer(row: dict[str, str]) -> Offer:
    parts = {key: tuple(value.split("|")) for key, value in row.items()}
    return Offer(
        category=row["category"],
        count=int(row["count"]),
        stands=row["stands"],
        names=tuple(zip(parts["names"], parts["names_en"], strict=True)),
        hours=tuple(zip(parts["hours"], parts["hours_text"], strict=True)),
        services=parts["services"],
        prices=parts["prices"],
    )
