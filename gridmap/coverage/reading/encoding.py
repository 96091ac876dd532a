"""Text of unknown encoding: a guess with its evidence, damage apart, and mojibake named.

Chinese offices exchange shapefiles in GBK without saying so, and programs then read them
as Latin-1; others write UTF-8 that is read as GBK. Both leave traces that can be told
from real text. GB18030 stands for all of GB2312, GBK and CP936: it contains them.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gridmap.errors import WrongEncoding

__all__ = [
    "GB18030",
    "LOST",
    "UTF8",
    "Misread",
    "codec_name",
    "cut_tail",
    "first_undecodable",
    "fits",
    "mend",
    "misread",
    "misread_text",
    "sniff",
    "texts_of",
]

UTF8 = "UTF-8"
GB18030 = "GB18030"
# What decoders put in the place of bytes that are no character.
LOST = "\ufffd"

# In these a byte that was lost or changed breaks a character; a code page of single bytes shows no
# damage. Where more of the bytes above 0x7F are broken, the text is in another encoding.
_OF_SEVERAL_BYTES = (UTF8, GB18030, "Big5")
_DAMAGE = 1 / 3
_ASCII = bytes(range(128))
_RUN = re.compile(rb"[\x80-\xff]+")
_TEXT = re.compile(rb"[\x80-\xff]+[\x00-\x7f]?")

_CODE_PAGES = {"65001": UTF8, "936": GB18030, "54936": GB18030, "20936": GB18030, "950": "Big5"}
_GB_FAMILY = {"gbk", "gb2312", "gb18030", "cp936", "hz"}
_HANZI = re.compile(r"[\u3400-\u9fff]")

# Text read in the wrong encoding: (read as, really). Latin-1 comes first as it is what
# GDAL assumes of a .dbf that says nothing; cp1252 maps 0x80-0x9F to other characters.
_MIX_UPS = (
    ("ISO-8859-1", UTF8),
    ("CP1252", UTF8),
    ("ISO-8859-1", GB18030),
    ("CP1252", GB18030),
    (GB18030, UTF8),
)


@dataclass(frozen=True, slots=True)
class Misread:
    """Evidence that text was read in the wrong encoding.

    Attributes
    ----------
    read_as, really : str
        The encoding used and the one that gives plausible Chinese.
    found, likely : str
        An example as read and as it was meant.
    """

    read_as: str
    really: str
    found: str
    likely: str


def codec_name(label: str) -> str:
    """Return the canonical name of an encoding as users and .cpg files write it.

    ``936``, ``ANSI 936``, ``GBK`` and ``GB2312`` give ``GB18030``; ``65001`` gives ``UTF-8``;
    ``8859_1`` and ``1252`` give ``ISO-8859-1`` and ``cp1252``.

    Raises
    ------
    WrongEncoding
        When there is no such encoding.
    """
    text = re.sub(r"^(ansi|oem|cp)[ _-]*(?=\d)", "", label.strip().lower())
    text = re.sub(r"^8859[_-]?(\d+)$", r"iso-8859-\1", text)
    if text in _CODE_PAGES:
        return _CODE_PAGES[text]
    try:
        name = codecs.lookup(f"cp{text}" if text.isdigit() else text).name
    except (LookupError, ValueError):
        raise WrongEncoding(
            "There is no such encoding.",
            got=label.strip()[:40],
            allowed=[UTF8, GB18030, "Big5", "any encoding Python knows"],
            repair="Leave it out to have it found.",
        ) from None
    if name in _GB_FAMILY:
        return GB18030
    return {"utf-8": UTF8, "utf-8-sig": UTF8, "iso8859-1": "ISO-8859-1", "big5": "Big5"}.get(
        name, name
    )


def cut_tail(value: bytes, encoding: str) -> int:
    """Return how many bytes at the end of `value` are the beginning of a cut character.

    A .dbf field of fixed width cuts text at a byte, not at a character.

    Raises
    ------
    UnicodeDecodeError
        When `value` is not in `encoding` for any other reason.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    decoder.decode(value)
    return len(decoder.getstate()[0])


def texts_of(raw: bytes, encoding: str | None = None) -> list[bytes]:
    """Return the texts of a file, as values to judge an encoding by; what is ASCII is left out.

    Each takes the ASCII byte behind it along: it may be the second half of a character, and without
    it the end of any text would pass for a character that was cut. A file in an encoding that has
    no ASCII bytes to part it by is one value.
    """
    return [raw] if encoding not in (None, *_OF_SEVERAL_BYTES) else _TEXT.findall(raw)


def first_undecodable(values: Iterable[bytes], encoding: str) -> bytes | None:
    """Return the first value that is not in `encoding` (a cut last character is allowed)."""
    for value in values:
        try:
            cut_tail(value, encoding)
        except UnicodeDecodeError:
            return value
    return None


def fits(values: Sequence[bytes], encoding: str) -> bool:
    """True when byte strings are in `encoding`, apart from some damage.

    Characters cut at the end of a value are none. A few bytes that were lost or changed leave
    Chinese text what it is, but only where it does not look like text of another encoding.
    """
    if first_undecodable(values, encoding) is None:
        return True
    if encoding not in _OF_SEVERAL_BYTES or _lost_share(values, encoding) > _DAMAGE:
        return False
    seems = sniff(values)
    # Big5 is never found: its bytes are characters of GB18030, too.
    return seems == encoding or (encoding == "Big5" and seems == GB18030)


def mend(value: bytes, encoding: str) -> tuple[bytes, int, int]:
    """Return `value` with ``?`` for every byte that is no character, so that it keeps its length.

    Returns
    -------
    mended : bytes
    damaged : int
        How many bytes were replaced.
    cut : int
        How many bytes at its end are the beginning of a cut character; they stand as they were.

    Raises
    ------
    UnicodeDecodeError
        When `value` is not in `encoding`, and that is none in which damage shows.
    """
    out, damaged = bytearray(value), 0
    while True:
        try:
            return bytes(out), damaged, cut_tail(bytes(out), encoding)
        except UnicodeDecodeError as error:
            if encoding not in _OF_SEVERAL_BYTES:
                raise
            damaged += error.end - error.start
            out[error.start : error.end] = b"?" * (error.end - error.start)


def sniff(values: Sequence[bytes]) -> str:
    """Guess the encoding of byte strings: UTF-8 if strict, else GB18030, else Latin.

    Parameters
    ----------
    values : sequence of bytes
        Those without a byte above 0x7F say nothing.

    Returns
    -------
    str
        ``UTF-8`` when there is nothing to go by. Western text (single bytes above 0x7F
        between ASCII letters) would decode as GB18030 too, into rare characters; there the
        second byte of a pair is ASCII, which is rare in real Chinese text. Some damage makes
        Chinese text no Western one: the share of bytes that decode decides.
    """
    telling = [v for v in values if not v.isascii()]
    if first_undecodable(telling, UTF8) is None:
        return UTF8
    utf8, chinese = _lost_share(telling, UTF8), _lost_share(telling, GB18030)
    paired = _paired_share(telling) >= 0.5
    if utf8 <= _DAMAGE and (utf8 <= chinese or not paired or _is_utf8_as_chinese(telling)):
        return UTF8
    if paired and chinese <= _DAMAGE:
        return GB18030
    return "CP1252" if first_undecodable(telling, "CP1252") is None else "ISO-8859-1"


def _lost_share(values: Sequence[bytes], encoding: str) -> float:
    """Share of the bytes above 0x7F that are no character; about, as one error may be several."""
    lost = sum(v.decode(encoding, "replace").count(LOST) for v in values if not _is_in(v, encoding))
    return lost / max(1, sum(len(_foreign(v)) for v in values))


def _foreign(value: bytes) -> bytes:
    return value.translate(None, delete=_ASCII)


def _is_in(value: bytes, encoding: str) -> bool:
    return first_undecodable([value], encoding) is None


def _is_utf8_as_chinese(values: Sequence[bytes]) -> bool:
    """True when the texts, read as GB18030, are the mojibake that UTF-8 becomes there.

    Each run of bytes above 0x7F is one: a damaged one says nothing of the others.
    """
    runs = (run for v in values for run in _RUN.findall(v))
    found = misread(run.decode(GB18030, "ignore") for run in runs)
    return found is not None and found.really == UTF8


def _paired_share(values: Sequence[bytes]) -> float:
    """Share of the bytes above 0x7F that stand in pairs of such bytes."""
    runs = [len(run) for v in values for run in _RUN.findall(v)]
    return sum(n - n % 2 for n in runs) / max(1, sum(runs))


def misread_text(text: str) -> Misread | None:
    """Return what `text` was meant to be if it is recognisable mojibake, else None.

    Recognised: GBK or UTF-8 read as Latin-1 or CP1252, and UTF-8 read as GBK. A text is
    mojibake only if all of it converts strictly and all that was not ASCII becomes common
    Chinese, so names such as ``Müller`` or ``Ærø`` are left alone.
    """
    if text.isascii():
        return None
    # Text with Chinese in it was not read as a Western encoding.
    mix_ups = _MIX_UPS[-1:] if _HANZI.search(text) else _MIX_UPS
    for read_as, really in mix_ups:
        try:
            raw = text.encode(read_as)
            likely = raw[: len(raw) - cut_tail(raw, really)].decode(really)
        except UnicodeError:
            continue
        if likely != text and _is_common_chinese(likely, really):
            return Misread(read_as, really, text, likely)
    return None


def _is_common_chinese(text: str, encoding: str) -> bool:
    foreign = [c for c in text if not c.isascii()]
    hanzi = [c for c in foreign if _HANZI.match(c)]
    if len(hanzi) < 2 or any(not _HANZI.match(c) and not _is_cjk_mark(c) for c in foreign):
        return False
    # Strict UTF-8 is proof enough; nearly any pair of bytes is GBK, so there ask for common
    # characters.
    return encoding == UTF8 or sum(map(_is_level_1, hanzi)) >= 0.8 * len(hanzi)


def _is_level_1(char: str) -> bool:
    """True for the 3,755 characters of GB2312 level 1, with which most names are written."""
    lead, *rest = char.encode(GB18030)
    return 0xB0 <= lead <= 0xD7 and len(rest) == 1 and rest[0] >= 0xA1


def _is_cjk_mark(char: str) -> bool:
    return "\u3000" <= char <= "\u303f" or "\uff00" <= char <= "\uffef" or char in "·—…“”‘’"


def misread(values: Iterable[str]) -> Misread | None:
    """Return the evidence when half or more of the texts that are not ASCII are mojibake.

    The first such text is the example. ASCII alone says nothing and gives None.
    """
    found = [(v, misread_text(v)) for v in dict.fromkeys(values) if not v.isascii()]
    hits = [m for _, m in found if m is not None]
    return hits[0] if hits and len(hits) * 2 >= len(found) else None
