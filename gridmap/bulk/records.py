r"""Cutting text into records, so that one broken row does not spoil its neighbours.

The text is UTF-8 (or bytes that nearly are) with lines ending in ``\n`` or ``\r\n``. A
record is a line, or several when a quoted field holds line breaks. Nearly every line is
told to be a record by counting its quotes, for all lines of a block at once; only lines
whose quotes do not simply open and close are read character by character.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Block", "RecordSplitter", "open_pattern", "record_pattern"]

_NEWLINE, _RETURN, _QUOTE = 10, 13, 34

# A record longer than this with an open quote is not a long text but a broken one.
MAX_RECORD = 1 << 20


_END = rb"(?=\r?\n)"


def _fields(delimiter: str) -> tuple[bytes, bytes, bytes]:
    """Return patterns of the delimiter and of a field: as it may be, and as it should be.

    A quote opens a field at its beginning and nowhere else.
    """
    mark = re.escape(delimiter.encode())
    quoted = rb'"[^"]*+(?:""[^"]*+)*+"'
    bare = rb'(?!")[^' + mark + rb"\r\n]*+"
    loose = rb"(?:" + quoted + rb"[^" + mark + rb"\r\n]*+|" + bare + rb")"
    return mark, loose, rb"(?:" + quoted + rb"|" + bare + rb")"


def record_pattern(delimiter: str, fields: int | None = None) -> re.Pattern[bytes]:
    """Return what a record is whose quotes simply open and close, to its line break.

    Of so many `fields`, or of any number.
    """
    mark, _, strict = _fields(delimiter)
    others = rb"*+" if fields is None else b"{%d}" % (fields - 1)
    return re.compile(strict + rb"(?:" + mark + strict + rb")" + others + _END)


def open_pattern(delimiter: str) -> re.Pattern[bytes]:
    """Return what text is at whose end a quoted field is open."""
    mark, loose, _ = _fields(delimiter)
    return re.compile(rb"(?:" + loose + mark + rb')*+"[^"]*+(?:""[^"]*+)*+\Z')


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Records of one stretch of text.

    Attributes
    ----------
    text : bytes
        The stretch, broken lines included.
    start, end : int64 (n,)
        Where each record begins and ends in `text`, its line break excluded.
    line : int64 (n,)
        Line of the file on which each begins.
    broken : tuple of (line, bytes)
        Lines on which a quoted field opens that is never properly closed.
    """

    text: bytes
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    line: NDArray[np.int64]
    broken: tuple[tuple[int, bytes], ...]

    def __len__(self) -> int:
        return len(self.start)

    def record(self, i: int) -> bytes:
        """Return the bytes of record `i` without its line break."""
        return self.text[self.start[i] : self.end[i]].removesuffix(b"\r")

    def joined(self) -> bytes:
        """Return the records alone, each with its line break."""
        if not self.broken:
            return self.text
        # Runs of records that follow each other are copied as one piece.
        begins = np.r_[True, self.start[1:] != self.end[:-1] + 1]
        first = np.flatnonzero(begins)
        last = np.r_[first[1:], len(self.start)] - 1
        return b"".join(
            self.text[s : e + 1] for s, e in zip(self.start[first], self.end[last], strict=True)
        )


class RecordSplitter:
    """Cuts a stream of chunks into blocks of whole records.

    Parameters
    ----------
    delimiter : str
        One ASCII character.
    fields : int
        Number of fields of the header. A record over several lines must have as many, else
        its first line is taken for broken and reading goes on at the next: an opening quote
        left open then costs one row, not all rows up to the next quote.
    line : int
        Number of the first line to come.
    """

    def __init__(self, delimiter: str, fields: int, line: int) -> None:
        mark, loose, _ = _fields(delimiter)
        self._loose = re.compile(loose + rb"(?:" + mark + loose + rb")*+" + _END)
        self._strict = record_pattern(delimiter, fields)
        self._open = open_pattern(delimiter)
        self._mark = ord(delimiter)
        self._line = line
        self._left = b""

    def feed(self, chunk: bytes) -> Block:
        """Return the records complete so far."""
        self._left += chunk
        cut = self._left.rfind(b"\n") + 1
        text, rest = self._left[:cut], self._left[cut:]
        block = self._split(text, final=False)
        self._left = text[len(block.text) :] + rest
        return block

    def finish(self) -> Block:
        """Return the records that are left, the last with or without a line break."""
        text, self._left = self._left, b""
        if text and not text.endswith(b"\n"):
            text += b"\n"
        return self._split(text, final=True)

    def _split(self, text: bytes, *, final: bool) -> Block:
        data = np.frombuffer(text, np.uint8)
        end = np.flatnonzero(data == _NEWLINE)
        start = np.r_[0, end[:-1] + 1] if len(end) else end
        kind, lines, last = self._walk(text, data, start, end, final=final)
        kept = np.flatnonzero(kind[:lines] == _RECORD)
        first_line = self._line
        self._line += lines
        cut = int(end[lines - 1]) + 1 if lines else 0
        return Block(
            text[:cut],
            start[kept],
            end[last[kept]],
            first_line + kept,
            tuple(
                (first_line + int(i), text[start[i] : end[i]].removesuffix(b"\r"))
                for i in np.flatnonzero(kind[:lines] == _BROKEN)
            ),
        )

    def _walk(
        self,
        text: bytes,
        data: NDArray[np.uint8],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        *,
        final: bool,
    ) -> tuple[NDArray[np.int8], int, NDArray[np.int64]]:
        """Kind of each line, how many lines are decided, and the last line of each record."""
        kind = np.full(len(start), _RECORD, np.int8)
        last = np.arange(len(start))
        blank = (end == start) | ((end == start + 1) & (data[start] == _RETURN))
        kind[blank] = _BLANK
        after = 0
        for i in map(int, self._doubtful(data, start, end)):
            if i < after:
                continue
            stop = self._record_end(text, int(start[i]))
            if stop < 0:
                if not final and self._is_open(text, int(start[i])):
                    return kind, i, last
                kind[i] = _BROKEN
                continue
            j = int(np.searchsorted(end, stop))
            kind[i], kind[i + 1 : j + 1], last[i], after = _RECORD, _INSIDE, j, j + 1
        return kind, len(start), last

    def _doubtful(
        self, data: NDArray[np.uint8], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Lines with quotes that do not simply open a field, double inside it, and close it.

        Quotes are taken in runs. Outside a field an odd run opens one and an even run is a
        whole field; inside, an odd run closes it and an even run is quotes of the text.
        """
        quote = np.flatnonzero(data == _QUOTE)
        if not len(quote):
            return quote
        breaks = np.flatnonzero(np.diff(quote) != 1)
        first = quote[np.r_[0, breaks + 1]]
        final = quote[np.r_[breaks, len(quote) - 1]]
        odd = (final - first) % 2 == 0
        line = np.asarray(np.searchsorted(end, first))
        # Odd runs before each run, less those before its line: is a field open here?
        before = np.cumsum(odd) - odd
        line_start = np.r_[True, line[1:] != line[:-1]]
        base = np.maximum.accumulate(np.where(line_start, before, 0))
        inside = (before - base) % 2 == 1
        opens = np.where(first > start[line], data[first - 1], self._mark) == self._mark
        following = data[final + 1]
        closes = (following == self._mark) | (following == _NEWLINE) | (following == _RETURN)
        fits = np.where(inside, closes | ~odd, opens & (closes | odd))
        left_open = np.zeros(len(start), bool)
        left_open[line] = inside ^ odd  # the last run of a line is the one that stays
        left_open[line[~fits]] = True
        return np.flatnonzero(left_open)

    def _record_end(self, text: bytes, start: int) -> int:
        """Where the record that begins at `start` ends, or -1 when it does not."""
        found = self._loose.match(text, start)
        if found is None:
            return -1
        if text.find(b"\n", start, found.end()) >= 0:
            found = self._strict.match(text, start)
            if found is None:
                return -1
        return found.end() + (text[found.end()] == _RETURN)

    def _is_open(self, text: bytes, start: int) -> bool:
        return len(text) - start < MAX_RECORD and self._open.match(text, start) is not None


_RECORD, _BLANK, _INSIDE, _BROKEN = 0, 1, 2, 3
