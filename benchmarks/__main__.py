"""Run benchmarks and print their tables: ``python -m benchmarks [name ...]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks import (
    auditing,
    build,
    bulk,
    drafting,
    ingest,
    locating,
    near,
    numbers,
    pages,
    planning,
    routing,
    serving,
    single,
    storing,
    vector,
)
from benchmarks.plan import FULL, QUICK, TINY, Plan
from benchmarks.results import Results

# Those with floors and goals; the others print what they find.
MARKED: dict[str, Callable[[Plan, Results], None]] = {
    "bulk": bulk.run,
    "near": near.run,
    "single": single.run,
    "build": build.run,
    "http": serving.run,
    "ingest": ingest.run,
    "routing": routing.run,
    "vector": vector.run,
    "drafting": drafting.run,
    "numbers": numbers.run,
}
PRINTED: dict[str, Callable[[], None]] = {
    "auditing": auditing.run,
    "locating": locating.run,
    "pages": pages.run,
    "planning": planning.run,
    "storing": storing.run,
}
PLANS = {"quick": QUICK, "full": FULL, "tiny": TINY}


def main(arguments: Sequence[str]) -> int:
    everything = [*MARKED, *PRINTED]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    which = f"any of {', '.join(everything)}; else those with marks, and with --size full all"
    parser.add_argument("names", nargs="*", help=which)
    parser.add_argument("--size", choices=PLANS, default="quick", help="how much is measured")
    parser.add_argument(
        "--points", type=int, nargs="+", metavar="N", help="how many points in bulk, rising"
    )
    parser.add_argument("--write", type=Path, help="also write the tables into this file")
    given = parser.parse_args(arguments)
    unknown = set(given.names) - set(everything)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {everything}")
    command = " ".join(["python -m benchmarks", *arguments])
    names = given.names or (everything if given.size == "full" else list(MARKED))
    if min(given.points or [1]) < 1:
        parser.error("--points: at least one point is asked about")
    plan = PLANS[given.size]
    if given.points:
        plan = replace(plan, points=tuple(sorted(given.points)))
    run(names, plan, Results(), given.write, command)
    return 0


def run(
    names: Sequence[str], plan: Plan, results: Results, write: Path | None, command: str
) -> None:
    """Run benchmarks by name; the file is written anew after each."""
    for name in names:
        print(f"\n== {name}", flush=True)
        measure = PRINTED.get(name) or partial(MARKED[name], plan, results)
        began = time.monotonic()
        measure()
        results.took[name] = time.monotonic() - began
        print(f"  ({results.took[name]:.0f} s)", flush=True)
        if write is not None:
            results.write(write, command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
