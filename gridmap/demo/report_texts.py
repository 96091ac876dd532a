"""What reports say: an item, a place in words, a sentence. No person is ever named."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib import resources

from gridmap.demo.dice import Dice

__all__ = ["Subject", "compose", "load_subjects"]

_OPENINGS = {
    "hotline_12345": ("来电人反映，", "市民来电称，", "来电反映，", "反映："),
    "app_photo": ("", "", "随手拍：", "路过发现，"),
    "grid_worker": ("巡查发现，", "入户走访了解到，", "日常巡查：", "网格巡查上报："),
    "mailbox": ("留言反映：", "您好，", "网友留言，", "希望关注："),
    "sensor": ("监测告警：",),
}
_CLOSINGS = {
    "hotline_12345": ("，要求尽快处理。", "，希望有关部门核实解决。", "，请回复处理结果。",
                      "，多次反映未解决。", "。"),
    "app_photo": ("。", "，请处理。", "，谢谢！", "，已拍照。", ""),
    "grid_worker": ("，已现场劝导，需上报。", "，需协调处理。", "，请派单。", "。"),
    "mailbox": ("，盼复。", "，给居民生活带来不便，请重视。", "，请督促整改。",
                "，已持续一段时间。"),
    "sensor": ("。",),
}  # fmt: skip
_NEAR = {
    "building": ("{place}", "{place}楼下", "{place}附近", "{place}楼内"),
    "estate": ("{place}院内", "{place}", "{place}旁边"),
    "tower": ("{place}", "{place}楼内"),
    "shop": ("{address}", "{address}附近", "{address}一带商户门前，"),
    "street": ("{address}附近", "{address}门前", "{street}上", "{street}路段"),
    "arterial": ("{street}上", "{street}路口", "{address}附近"),
}
_NEAR |= dict.fromkeys(
    ("lamp", "cover", "grate", "cabinet", "pole", "cable", "bus_shelter", "main", "digging"),
    _NEAR["street"],
) | dict.fromkeys(("sign", "front"), _NEAR["shop"])
_ELSEWHERE = ("{address}附近", "靠近{street}处", "{street}旁")


@dataclass(frozen=True)
class Subject:
    """One item of the catalogue as people report it.

    Attributes
    ----------
    item : str
        Four-digit code of the catalogue.
    weight : float
        How often, compared with others.
    where : str
        Kind of place; see ``Spots``.
    hours, season : str
        Profiles of the day and the year; see ``draw_moments``.
    alarm : str
        What a sensor says; empty where there is no such sensor.
    texts : tuple of str
    """

    item: str
    weight: float
    where: str
    hours: str
    season: str
    alarm: str
    texts: tuple[str, ...]


def load_subjects() -> list[Subject]:
    """Return the subjects of all items, in catalogue order."""
    table = resources.files("gridmap.demo").joinpath("data", "report_texts.csv")
    with table.open(encoding="utf-8") as stream:
        return [
            Subject(
                item=row["item"],
                weight=float(row["weight"]),
                where=row["where"],
                hours=row["hours"],
                season=row["season"],
                alarm=row["alarm"],
                texts=tuple(row["texts"].split("|")),
            )
            for row in csv.DictReader(stream)
        ]


def compose(
    subjects: list[Subject], sources: list[str], words: list[dict[str, str]], dice: Dice
) -> list[str]:
    """Return a sentence for every report.

    `words` hold ``place`` (building), ``address`` and ``street`` of each.
    """
    luck = dice.units(4 * len(subjects)).reshape(-1, 4)
    lines = []
    for subject, source, word, (a, b, c, d) in zip(subjects, sources, words, luck, strict=True):
        opening = _pick(_OPENINGS[source], a)
        near = _pick(_NEAR.get(subject.where, _ELSEWHERE), b).format(**word)
        text = subject.alarm if source == "sensor" else _pick(subject.texts, c)
        lines.append(opening + near + text + _pick(_CLOSINGS[source], d))
    return lines


def _pick(options: tuple[str, ...], luck: float) -> str:
    return options[min(int(luck * len(options)), len(options) - 1)]
