"""Saved indexes: one file of arrays, mapped into memory, believed only when it is whole.

A file is a header of one page and the arrays after it, each at a multiple of 64 bytes. The
header names the format and its version, the byte order, the fingerprint of what was indexed,
the type, length and place of every array, and a checksum of all that follows; it ends with
its own. All processes that map the file share one copy in memory.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import secrets
import sys
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import StoreUnusable, UnreadableFile
from gridmap.locate.tiles.jit import compiled

__all__ = ["FORMAT_VERSION", "read_arrays", "write_arrays"]

FORMAT_VERSION = 3

_MAGIC = b"gridmap tiles\n\0\0"
_BYTE_ORDER = sys.byteorder
_HEADER = 4096
_ALIGN = 64
_REPAIR = "Build the index anew."

Arrays = Mapping[str, NDArray[np.generic]]


def write_arrays(path: Path, fingerprint: str, arrays: Arrays) -> None:
    """Write arrays to a file that appears whole under its name, or not at all.

    Raises
    ------
    StoreUnusable
        When the file cannot be written.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    try:
        # With the rights that the umask leaves: workers of other users map the file too.
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    except OSError as error:
        raise _not_written(path, error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            _write(file.fileno(), fingerprint, arrays)
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()


def _not_written(path: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(
        "An index could not be saved.",
        got=f"{path}: {error.strerror or error}",
        repair="Make room there, or let GRIDMAP_CACHE name a folder that can be written.",
    )


def _write(handle: int, fingerprint: str, arrays: Arrays) -> None:
    listed, at, sums = [], _HEADER, []
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        octets = data.reshape(-1).view(np.uint8)
        padded = -len(octets) % _ALIGN
        listed.append([name, data.dtype.str, len(data), at])
        os.lseek(handle, at, os.SEEK_SET)
        _write_all(handle, octets.data)
        _write_all(handle, memoryview(bytes(padded)))
        sums.append(_sum(octets))
        at += len(octets) + padded
    header = {
        "version": FORMAT_VERSION,
        "order": _BYTE_ORDER,
        "fingerprint": fingerprint,
        "bytes": at,
        "arrays": listed,
        "sums": sums,
    }
    text = json.dumps(header).encode()
    if len(_MAGIC) + 8 + len(text) > _HEADER:
        raise OSError("the description of the arrays is longer than a page")
    page = _MAGIC + len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little") + text
    os.lseek(handle, 0, os.SEEK_SET)
    _write_all(handle, memoryview(page.ljust(_HEADER, b"\0")))


def _write_all(handle: int, data: memoryview) -> None:
    while len(data):
        data = data[os.write(handle, data[: 1 << 28]) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_arrays(
    path: Path, fingerprint: str, *, names: Sequence[str], verify: bool = True
) -> dict[str, NDArray[np.generic]]:
    """Map the arrays of a file, after making sure that it is whole and the one wanted.

    Parameters
    ----------
    names : sequence of str
        The arrays that must be there.
    verify : bool
        Also compare the checksum of the arrays, which reads all of them once. Without, only
        the header and the length are proved.

    Raises
    ------
    UnreadableFile
        When the file is missing, of another format or version or machine, cut short or
        longer than it says, changed since it was written, or made of something else than
        `fingerprint` says.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < _HEADER:
                raise _broken(path, "shorter than its header")
            # Copy on write: nothing reaches the file, and the pages are shared until then.
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except OSError as error:
        raise _broken(path, error.strerror or str(error)) from error
    header = _header(path, whole[:_HEADER], fingerprint)
    if len(whole) != header["bytes"]:
        raise _broken(path, f"{len(whole)} bytes of {header['bytes']}")
    if [entry[0] for entry in header["arrays"]] != list(names):
        raise _broken(path, "other arrays than an index has")
    found = {}
    for (name, kind, length, at), wanted in zip(header["arrays"], header["sums"], strict=True):
        array = np.frombuffer(whole, np.dtype(kind), length, at)
        if verify and (
            _sum(array.view(np.uint8)) != wanted
            or any(whole[at + array.nbytes : _padded(at + array.nbytes)])
        ):
            raise _broken(path, f"the checksum of {name} differs")
        found[name] = array
    return found


def _padded(end: int) -> int:
    return end + -end % _ALIGN


def _header(path: Path, page: bytes, fingerprint: str) -> dict[str, Any]:
    if not page.startswith(_MAGIC):
        raise _broken(path, "not an index")
    start = len(_MAGIC)
    length = int.from_bytes(page[start : start + 4], "little")
    text = page[start + 8 : start + 8 + length]
    if zlib.crc32(text) != int.from_bytes(page[start + 4 : start + 8], "little") or any(
        page[start + 8 + length :]
    ):
        raise _broken(path, "the header was changed")
    header: dict[str, Any] = json.loads(text)
    for key, wanted in (("version", FORMAT_VERSION), ("order", _BYTE_ORDER)):
        if header[key] != wanted:
            raise _broken(path, f"{key} {header[key]}", allowed=wanted)
    if header["fingerprint"] != fingerprint:
        raise _broken(path, f"made of {header['fingerprint']}", allowed=fingerprint)
    return header


def _broken(path: Path, why: str, allowed: object = None) -> UnreadableFile:
    return UnreadableFile(
        "A saved index cannot be used.", got=f"{path}: {why}", allowed=allowed, repair=_REPAIR
    )


def _sum(octets: NDArray[np.uint8]) -> int:
    """Checksum of bytes; any change within eight of them changes it for certain."""
    whole = len(octets) // 8 * 8
    return int(_sum_words(octets[:whole].view(np.int64))) ^ zlib.crc32(octets[whole:].tobytes())


@compiled
def _sum_words(words: NDArray[np.int64]) -> int:
    """Four polynomials modulo 2**64 with an odd base, side by side; memory is the limit."""
    base = np.int64(-7046029254386353131)
    a, b, c, d = np.int64(1), np.int64(2), np.int64(3), np.int64(4)
    rounds = len(words) // 4
    for i in range(rounds):
        a = a * base + words[4 * i]
        b = b * base + words[4 * i + 1]
        c = c * base + words[4 * i + 2]
        d = d * base + words[4 * i + 3]
    for i in range(4 * rounds, len(words)):
        a = a * base + words[i]
    # Turned before they are added, so that equal changes in two lanes do not cancel.
    mixed = a
    for lane in (b, c, d):
        mixed = mixed * base + (lane ^ ((lane >> 29) & np.int64(0x7FFFFFFFF)))
    return int(mixed)
