"""Reading delimited text in constant memory, every column as text, kept verbatim."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from gridmap.bulk.decoding import as_in_file, as_utf8, find_encoding, read_chunks
from gridmap.bulk.model import Reject, RejectSink, Rows
from gridmap.bulk.records import Block, RecordSplitter
from gridmap.bulk.sniff import find_header
from gridmap.errors import UnreadableFile, WrongEncoding

__all__ = ["TextSource"]

_MAX_HEADER = 1 << 20
_MAX_REJECT_TEXT = 4000


class TextSource:
    """A CSV or TSV file, plain or gzipped, open for reading.

    UTF-8 with or without mark, UTF-16 with mark and GB18030 are told apart; comma, tab,
    semicolon and bar too. Rows with a wrong number of fields or bytes that do not decode go
    to `reject`; empty lines are passed over.

    Raises
    ------
    UnreadableFile
        Empty, truncated, or no header that can be read.
    WrongEncoding
        The header does not decode.
    """

    has_geometry = False
    crs: str | None = None

    def __init__(
        self, path: Path, reject: RejectSink, *, compressed: bool, encoding: str | None = None
    ) -> None:
        self._path = path
        self._reject = reject
        self._encoding = find_encoding(path, compressed=compressed, given=encoding)
        self._raw: IO[bytes] = path.open("rb")
        chunks = read_chunks(self._raw, compressed=compressed, path=path)
        self._text = as_utf8(chunks, self._encoding)
        usual = "\t" if ".tsv" in path.suffixes else ","
        try:
            header, self.delimiter, self._first, blank_lines = self._read_header(usual)
            names = self._names(header)
        except BaseException:
            self.close()
            raise
        self.schema = pa.schema([(name, pa.string()) for name in names])
        self.has_mark = self._encoding.is_utf8 and self._encoding.mark > 0
        self.facts = {
            "encoding": self._encoding.name + (" with BOM" if self.has_mark else ""),
            "delimiter": {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}[self.delimiter],
        }
        self._splitter = RecordSplitter(
            self.delimiter, len(names), line=blank_lines + header.count("\n") + 2
        )

    def close(self) -> None:
        """Let go of the file."""
        self._raw.close()

    def total(self, done: int) -> int | None:
        """Rows in all, from the share of the file's bytes read so far."""
        position = self._raw.tell()
        size = self._path.stat().st_size
        return None if not position else max(done, round(done * size / position))

    def batches(self, skip: int = 0) -> Iterator[Rows]:
        """Yield the readable rows, one batch for every 4 MB of text but for the first `skip`."""
        for upto, block in enumerate(self._blocks(), 1):
            if upto > skip:
                yield from self._rows(block, upto)

    def _blocks(self) -> Iterator[Block]:
        yield self._splitter.feed(self._first)
        self._first = b""
        for chunk in self._text:
            yield self._splitter.feed(chunk)
        yield self._splitter.finish()

    # -- header ----------------------------------------------------------------------

    def _read_header(self, usual: str) -> tuple[str, str, bytes, int]:
        """Return header, delimiter, the text after it and the number of empty lines before it."""
        text, blank_lines, found = b"", 0, None
        for chunk in self._text:
            text += chunk
            stripped = text.lstrip(b"\r\n")
            blank_lines += text.count(b"\n") - stripped.count(b"\n")
            text = stripped
            found = find_header(text[:_MAX_HEADER], usual)
            if found or len(text) > _MAX_HEADER:
                break
        else:
            text += b"\n"
            found = find_header(text, usual)
        if not text.strip():
            raise UnreadableFile(
                "The file is empty.", got=self._path, repair="It needs a header line."
            )
        end, delimiter = found or (0, usual)
        if not end or b"\0" in text[:end]:
            raise UnreadableFile(
                "The file does not begin with a header line of column names.",
                got=self._path,
                repair="Write one; a quote that opens a column name needs one that closes it.",
            )
        try:
            header = text[:end].decode("utf-8").removesuffix("\r")
        except UnicodeDecodeError as error:
            raise WrongEncoding(
                "The column names do not decode.",
                got=f"{self._path} read as {self._encoding.name}",
                repair="Save the file as UTF-8.",
            ) from error
        return header, delimiter, text[end + 1 :], blank_lines

    def _names(self, header: str) -> list[str]:
        try:
            # Of one record: what another reading left over would be rows that nobody sees.
            (names,) = csv.reader(io.StringIO(header, newline=""), delimiter=self.delimiter)
        except (csv.Error, ValueError) as error:
            raise UnreadableFile(
                "The header line cannot be read as one line of column names.",
                got=self._path,
                repair="Write the names anew, those with a quote or a line break in quotes.",
            ) from error
        return names

    # -- records --------------------------------------------------------------------

    def _rows(self, block: Block, upto: int) -> Iterator[Rows]:
        for line, text in block.broken:
            self._refuse(line, "a quoted field is opened and never closed", text)
        if not len(block):
            return
        table, kept = self._parse(block)
        table, kept = self._decode(table, kept, block)
        if table.num_rows:
            yield Rows(table, upto=upto)

    def _refuse(self, line: int, reason: str, text: bytes) -> None:
        shown = as_in_file(text, self._encoding.name)
        if len(shown) > _MAX_REJECT_TEXT:
            shown = shown[:_MAX_REJECT_TEXT] + "..."
        self._reject(Reject(int(line), reason, shown))

    def _parse(self, block: Block) -> tuple[pa.RecordBatch, pa.Array]:
        """Split records into fields (bytes); also the record's number of each row."""
        wrong: dict[int, int] = {}

        def refuse(row: pa_csv.InvalidRow) -> str:
            wrong[row.number - 1] = row.actual_columns
            return "skip"

        text = block.joined()
        names = [str(i) for i in range(len(self.schema))]
        table = pa_csv.read_csv(
            pa.BufferReader(text),
            read_options=pa_csv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(text) + 1
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.binary()),
                check_utf8=False,
                strings_can_be_null=False,
            ),
        )
        if table.num_rows + len(wrong) != len(block):
            # A carriage return inside a row: pyarrow sees two rows where there is one.
            return self._parse_slowly(block, names)
        for i, fields in sorted(wrong.items()):
            self._refuse(block.line[i], self._miscount(fields), block.record(i))
        kept = np.delete(np.arange(len(block)), list(wrong))
        return _one_batch(table), kept

    def _parse_slowly(self, block: Block, names: list[str]) -> tuple[pa.RecordBatch, pa.Array]:
        rows, kept = [], []
        for i in range(len(block)):
            text = block.record(i)
            try:
                # Latin-1 maps every byte to one character and back.
                (fields,) = csv.reader([text.decode("latin-1")], delimiter=self.delimiter)
            except (csv.Error, ValueError):
                self._refuse(block.line[i], "a carriage return inside the row", text)
                continue
            if len(fields) != len(names):
                self._refuse(block.line[i], self._miscount(len(fields)), text)
                continue
            rows.append([field.encode("latin-1") for field in fields])
            kept.append(i)
        columns = zip(*rows, strict=True) if rows else ([] for _ in names)
        arrays = [pa.array(list(column), pa.binary()) for column in columns]
        return pa.record_batch(arrays, names=names), np.array(kept, np.int64)

    def _miscount(self, fields: int) -> str:
        return f"{fields} fields instead of {len(self.schema)}"

    def _decode(
        self, table: pa.RecordBatch, kept: pa.Array, block: Block
    ) -> tuple[pa.RecordBatch, pa.Array]:
        """Turn bytes into text, refusing rows that do not decode."""
        try:
            return self._as_text(table), kept
        except pa.ArrowInvalid:
            pass
        good = np.ones(table.num_rows, bool)
        for name, column in zip(self.schema.names, table.columns, strict=True):
            for row in _undecodable(column):
                if good[row]:
                    reason = f"column '{name}' does not decode as {self._encoding.name}"
                    self._refuse(block.line[kept[row]], reason, block.record(kept[row]))
                good[row] = False
        return self._as_text(table.filter(pa.array(good))), kept[good]

    def _as_text(self, table: pa.RecordBatch) -> pa.RecordBatch:
        columns = [pc.cast(column, pa.string()) for column in table.columns]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _undecodable(column: pa.Array) -> list[int]:
    try:
        pc.cast(column, pa.string())
    except pa.ArrowInvalid:
        return [i for i, value in enumerate(column.to_pylist()) if not _is_utf8(value)]
    return []


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
