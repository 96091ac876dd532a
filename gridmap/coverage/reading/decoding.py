"""The text of a CSV or JSON file, in the encoding told or found, with damage named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.encoding import (
    GB18030,
    LOST,
    UTF8,
    codec_name,
    fits,
    sniff,
    texts_of,
)
from gridmap.errors import WrongEncoding

__all__ = ["Decoded", "damage_note", "damaged_rows", "decoded", "json_text"]

# Rows that a sentence names; the note holds all of them.
_MOST_SAID = 5


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file as text.

    Attributes
    ----------
    text : str
        Without a byte order mark; :data:`LOST` stands for bytes that are no character.
    encoding : str
    damaged : bool
        True when there are such bytes.
    """

    text: str
    encoding: str
    damaged: bool


def decoded(raw: bytes, given: str | None, what: str) -> Decoded:
    """Return the text of a file, in the encoding that the caller says or that it seems to be in.

    Parameters
    ----------
    raw : bytes
        The whole file.
    given : str or None
        What the caller says; None finds it.
    what : str
        What the file is, for messages: ``CSV``, ``JSON``.

    Raises
    ------
    WrongEncoding
        When the text is not in `given`, some damage apart.
    """
    used = codec_name(given) if given is not None else sniff(texts_of(raw))
    try:
        return Decoded(_strict(raw, used), used, damaged=False)
    except UnicodeDecodeError as error:
        if given is not None and not fits(texts_of(raw, used), used):
            raise WrongEncoding(
                f"The {what} is not in the encoding given.",
                got=f"{given}: {error.reason} at byte {error.start}",
                allowed=[sniff(texts_of(raw))],
                repair="Leave out --encoding to have it found.",
            ) from error
    return Decoded(raw.decode(used, "replace").removeprefix("\ufeff"), used, damaged=True)


def json_text(raw: bytes, given: str | None) -> Decoded:
    """Return the text of a JSON file; see :func:`decoded`.

    In GBK a character may end in the octet of a backslash: read as Western text, it is no JSON
    any more, and that tells the two apart where the octets alone do not.
    """
    found = decoded(raw, given, "JSON")
    if given is not None or found.encoding in {UTF8, GB18030} or _is_json(found.text):
        return found
    try:
        chinese = Decoded(_strict(raw, GB18030), GB18030, damaged=False)
    except UnicodeDecodeError:
        return found
    return chinese if _is_json(chinese.text) else found


def damaged_rows(columns: Sequence[Sequence[Any]]) -> list[int]:
    """Return the rows, from 0, of which a text holds what stands for bytes that were lost."""
    rows: set[int] = set()
    for values in columns:
        rows |= {n for n, text in enumerate(values) if isinstance(text, str) and LOST in text}
    return sorted(rows)


def damage_note(
    rows: Sequence[int], encoding: str, mark: str, names: Sequence[str] = ()
) -> ImportNote:
    """Say where bytes are no character, and what stands for them.

    Parameters
    ----------
    rows : sequence of int
        From 0.
    encoding, mark : str
    names : sequence of str
        Columns in whose names they are.
    """
    at = tuple(row + 1 for row in rows)
    said = ", ".join(map(str, at[:_MOST_SAID])) + ", ..." * (len(at) > _MOST_SAID)
    where = [f"{len(at)} row{'s' * (len(at) != 1)} ({said})"] * bool(at)
    where += [f"names of columns ({', '.join(names)})"] * bool(names)
    text = f"Bytes in {' and '.join(where) or 'the file'} are no character in {encoding}; "
    return ImportNote("text_damaged", "warning", f"{text}'{mark}' stands for them.", rows=at)


def _strict(raw: bytes, encoding: str) -> str:
    return raw.decode("utf-8-sig" if encoding == UTF8 else encoding)


def _is_json(text: str) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
