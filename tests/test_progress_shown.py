"""A long command says how far it is, how fast, and how long the rest takes."""

import os
import pty
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from gridmap.cli.progress import Pace, ProgressLines


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def test_the_pace_is_that_of_the_last_half_minute():
    clock = Clock()
    pace = Pace(clock)
    for done in range(0, 100_000, 1000):  # a second each
        pace.add(done)
        clock.now += 1
    for done in range(100_000, 103_100, 100):
        pace.add(done)
        clock.now += 1
    assert pace.speed == pytest.approx(100)
    assert pace.rate() == "100/s"
    assert pace.left(103_000 + 360_000) == "1:00:00 left"


def test_nothing_is_said_of_a_pace_that_is_not_known():
    clock = Clock()
    pace = Pace(clock)
    assert (pace.rate(), pace.left(10)) == ("", "")
    pace.add(5)
    assert (pace.rate(), pace.left(10)) == ("", "")
    pace.add(7)  # in no time
    assert (pace.rate(), pace.left(10)) == ("", "")
    clock.now += 1
    pace.add(9)
    assert (pace.rate(), pace.left(None)) == ("4/s", "")
    assert pace.left(8) == "0:00:00 left"  # an estimated total that was too small


def test_rows_of_an_earlier_run_are_no_speed():
    clock = Clock()
    pace = Pace(clock)
    pace.add(5_000_000)
    clock.now += 10
    pace.add(5_001_000)
    assert pace.rate() == "100/s"


def test_a_log_gets_a_line_every_quarter_of_a_minute(capsys):
    clock = Clock()
    lines = ProgressLines("assign", clock)
    for second in range(1, 41):
        clock.now += 1
        lines(second * 1000, 100_000)
    out, err = capsys.readouterr()
    assert not out
    assert err.splitlines() == [
        "assign: 15,000 of 100,000, 1,000/s, 0:01:25 left",
        "assign: 30,000 of 100,000, 1,000/s, 0:01:10 left",
    ]


def test_short_work_says_nothing_in_a_log(capsys):
    lines = ProgressLines("assign", Clock())
    lines(1, 2)
    lines(2, 2)
    assert capsys.readouterr() == ("", "")


BAR = textwrap.dedent("""
    import time
    from gridmap.cli.progress import progress_bar
    with progress_bar("assign") as move:
        for i in range(1, 9):
            # As of a text file, whose number of rows is estimated anew after every batch.
            move(i * 1000, 100_000 + i)
            time.sleep(0.15)
""")


def test_the_bar_on_a_terminal_shows_speed_and_time_left_though_the_total_is_estimated():
    leader, follower = pty.openpty()
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(
        [sys.executable, "-c", BAR], stderr=follower, env=env, cwd=Path(__file__).parents[1]
    ) as child:
        os.close(follower)
        shown = b""
        while True:
            try:
                part = os.read(leader, 4096)
            except OSError:
                break
            if not part:
                break
            shown += part
        assert child.wait(timeout=60) == 0
    os.close(leader)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert re.search(r"[\d,]+/s", text), text
    assert re.search(r"\d:\d\d:\d\d left", text), text
