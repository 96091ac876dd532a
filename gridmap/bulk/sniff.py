"""What kind of text a file is: its encoding, its delimiter, its line ends."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

from gridmap.bulk.records import open_pattern, record_pattern
from gridmap.errors import WrongEncoding

__all__ = ["Encoding", "find_header", "sniff_delimiter", "sniff_encoding", "usable_encoding"]

# Lines with other characters than ASCII that are judged; enough to outvote broken ones.
_JUDGED_LINES = 4096

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DELIMITERS = (",", "\t", ";", "|")
# A quote anywhere else is a sign like any other: 24" is a size.
_QUOTED = re.compile(r'(\A|[,\t;|])"[^"]*+(?:""[^"]*+)*+"')


@dataclass(frozen=True, slots=True)
class Encoding:
    """Name of an encoding and the number of bytes of its mark at the file's start."""

    name: str
    mark: int = 0

    @property
    def is_utf8(self) -> bool:
        """True when the bytes can be used as they are."""
        return self.name == "utf-8"


def usable_encoding(name: str) -> str:
    """Return Python's name of an encoding; GBK and GB2312 become GB18030, which holds both."""
    try:
        # Python also calls hexadecimal and compression encodings: they take no text.
        "a".encode(name.strip())
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        raise WrongEncoding(
            "There is no such encoding.", got=name, allowed="utf-8, gb18030, utf-16 ..."
        ) from None
    return {"gbk": "gb18030", "gb2312": "gb18030", "utf-8-sig": "utf-8"}.get(found, found)


def sniff_encoding(chunks: Iterable[bytes]) -> Encoding:
    """Tell UTF-8 (with or without mark), UTF-16 with mark and GB18030 apart.

    Lines are judged one by one, so that a few broken lines do not turn a UTF-8 file into a
    GB18030 one. Chinese in UTF-8 is often valid GB18030 by chance, hardly ever the other way
    round: UTF-8 wins when half of the lines are. Chunks of plain ASCII are passed over,
    however many come first; a file of nothing else is UTF-8.
    """
    votes = {"utf-8": 0, "gb18030": 0}
    judged = 0
    first = True
    left = b""
    for chunk in chunks:
        if first:
            for mark, name in _MARKS:
                if chunk.startswith(mark):
                    return Encoding(name, len(mark))
            first = False
        if chunk.isascii() and not left:
            continue
        *lines, left = (left + chunk).split(b"\n")
        judged += _vote(lines, votes)
        if judged >= _JUDGED_LINES:
            break
    else:
        judged += _vote([left], votes)
    chinese = 2 * votes["utf-8"] < judged and votes["gb18030"] > votes["utf-8"]
    return Encoding("gb18030" if chinese else "utf-8")


def _vote(lines: Iterable[bytes], votes: dict[str, int]) -> int:
    judged = 0
    for line in lines:
        if line.isascii():
            continue
        judged += 1
        for name in votes:
            try:
                line.decode(name)
            except UnicodeDecodeError:
                continue
            votes[name] += 1
    return judged


def find_header(text: bytes, usual: str) -> tuple[int, str] | None:
    """Return where the header at the beginning of UTF-8 text ends, and the text's delimiter.

    The header is the first line, or several where a quoted column name holds line breaks.

    Parameters
    ----------
    text : bytes
        Beginning with the header; its last line ends with a line break.
    usual : str
        The delimiter where several are as likely.

    Returns
    -------
    tuple of int and str, or None
        None when the text ends before the header does, or before a quote closes that opens a
        column name.
    """
    end = text.find(b"\n")
    if end < 0:
        return None
    mark = sniff_delimiter(_shown(text[:end]), usual)
    if not open_pattern(mark).match(text[:end]):
        return end, mark
    for mark in sorted(_DELIMITERS, key=lambda one: one != usual):
        found = record_pattern(mark).match(text)
        if found and sniff_delimiter(_shown(found[0]), usual) == mark:
            return text.index(b"\n", found.end()), mark
    return None


def _shown(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def sniff_delimiter(header: str, usual: str) -> str:
    """Return the delimiter that the header line holds most, outside quotes; ties: `usual`."""
    bare = _QUOTED.sub(r"\1", header)
    counts = {mark: bare.count(mark) for mark in _DELIMITERS}
    best = max(counts.values())
    return usual if best == counts[usual] else max(counts, key=counts.__getitem__)
