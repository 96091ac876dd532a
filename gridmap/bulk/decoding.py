"""From a file's bytes to UTF-8, and back for what could not be read."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from gridmap.bulk.sniff import Encoding, sniff_encoding, usable_encoding
from gridmap.errors import UnreadableFile

__all__ = ["as_in_file", "as_utf8", "find_encoding", "read_chunks"]

_CHUNK = 1 << 22


def read_chunks(raw: IO[bytes], *, compressed: bool, path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of 4 MB, unpacked; `UnreadableFile` when it breaks off."""
    stream: IO[bytes] = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if compressed else raw
    try:
        while chunk := stream.read(_CHUNK):
            yield chunk
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(
            "The file cannot be read to its end.",
            got=path,
            repair=f"Copy or download it again ({error}).",
        ) from error


def find_encoding(path: Path, *, compressed: bool, given: str | None) -> Encoding:
    """Return the encoding that was given, else the one the file looks like."""
    with path.open("rb") as raw:
        found = sniff_encoding(read_chunks(raw, compressed=compressed, path=path))
    if given is None:
        return found
    name = usable_encoding(given)
    return Encoding(name, found.mark if found.name == name else 0)


def as_utf8(chunks: Iterator[bytes], encoding: Encoding) -> Iterator[bytes]:
    r"""Yield the text as UTF-8 without its mark, with ``\n`` at the line ends of old Macs.

    Bytes that do not decode become bytes that are not UTF-8, so that the rows they stand in
    are found later, in one place whatever the encoding.
    """
    decoder = (
        None if encoding.is_utf8 else codecs.getincrementaldecoder(encoding.name)("surrogateescape")
    )
    old_mac: bool | None = None
    for number, whole in enumerate(chunks):
        chunk = whole if number else whole[encoding.mark :]
        if decoder is not None:
            chunk = decoder.decode(chunk).encode("utf-8", "surrogatepass")
        if old_mac is None:
            old_mac = b"\r" in chunk and b"\n" not in chunk
        yield chunk.replace(b"\r", b"\n") if old_mac else chunk
    if decoder is not None:
        yield decoder.decode(b"", True).encode("utf-8", "surrogatepass")


def as_in_file(text: bytes, encoding: str) -> str:
    r"""The row's own bytes again where the encoding allows; the others as ``\xNN``."""
    if encoding.startswith("utf"):
        return text.decode("utf-8", "backslashreplace")
    raw = text.decode("utf-8", "surrogatepass").encode(encoding, "surrogateescape")
    return raw.decode(encoding, "backslashreplace")
