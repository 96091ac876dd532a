"""Run every benchmark and print its table: ``python -m benchmarks [name ...]``."""

from __future__ import annotations

import sys

from benchmarks import locating, storing

ALL = {"locating": locating.run, "storing": storing.run}


def main(names: list[str]) -> int:
    unknown = set(names) - set(ALL)
    if unknown:
        print(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(ALL)}.")
        return 2
    for name in names or ALL:
        print(f"\n== {name}")
        ALL[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
