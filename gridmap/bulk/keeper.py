"""When a run says how far it came, and how the next one takes it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gridmap.bulk.datum import DatumSample
from gridmap.bulk.formats import Writer
from gridmap.bulk.kept import Journal, KeptRun
from gridmap.bulk.rejects import RejectsFile
from gridmap.bulk.tally import Tally

__all__ = ["Keeper"]


@dataclass(slots=True)
class Keeper:
    """Writes journals between two batches, and takes up where one says a run stopped.

    Attributes
    ----------
    resumed : int
        Rows that an earlier run had written.
    skip : int
        What of the input is done; see `Source.batches`.
    """

    kept: KeptRun
    identity: dict[str, str]
    rejects: RejectsFile
    tally: Tally
    sample: DatumSample
    writer: Writer
    timer: Callable[[], float]
    resumed: int = 0
    skip: int = 0
    _before: float = 0.0
    _began: float = 0.0

    def go_on(self, began: float) -> None:
        """Begin at `began`, with the journal's state where there is one."""
        self._began = began
        if self.kept.journal is None:
            return
        state = self.kept.journal.state
        self.resumed, self.skip = state["rows"], state["skip"]
        self._before = state["seconds"]
        self.rejects.go_on(tuple(state["rejects"]))
        self.tally.go_on(state["tally"])
        self.sample.go_on(state["sample"])
        self.writer.go_on(state["output"])

    def passed(self, upto: int, rejects: tuple[int, int]) -> None:
        """Write a journal if it is time; everything up to there was given to the writer."""
        if not self.kept.due:
            return
        output = self.writer.mark()
        if output is None:
            return
        self.rejects.sync()
        state = {
            "rows": self.tally.rows,
            "skip": upto,
            "rejects": rejects,
            "tally": self.tally.state(),
            "sample": self.sample.state(),
            "output": output,
            "seconds": self.seconds(),
        }
        self.kept.note(Journal(self.identity, state))

    def seconds(self) -> float:
        """Seconds that the rows took, those of the run before included."""
        return self._before + self.timer() - self._began
