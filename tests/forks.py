"""Scripts in processes of their own that need not load the program anew.

A test that kills a process needs one. To start Python and load what a workspace needs takes
two seconds, most of the test; so one process loads it, and forks a child for each script.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Forked = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).parent.parent

# Loaded, and nothing of it used: no thread and no connection is there to be forked.
_SERVER = """
import json, os, sys
import gridmap.bulk.assign, gridmap.workspace, tests.assign_stub, tests.test_assign_resume

for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        said = os.open(order["said"], os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(said, stream)
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.argv[1:] = order["words"]
        exec(compile(order["script"], "<script>", "exec"), {"__name__": "__main__"})
        sys.exit(0)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@contextmanager
def forking() -> Iterator[Forked]:
    """Give a function that runs a script to its end, however that is.

    It takes the script and its words (`sys.argv` from the second on), uses the environment of
    the moment, and returns what `subprocess.run` would; all that was said is in `stderr`.
    """
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as server:  # fmt: skip
        assert server.stdin is not None
        assert server.stdout is not None
        send, answers = server.stdin, server.stdout

        def run(script: str, *words: object) -> subprocess.CompletedProcess[str]:
            with tempfile.NamedTemporaryFile("r") as said:
                order = {
                    "script": script,
                    "words": [str(word) for word in words],
                    "said": said.name,
                    "environment": dict(os.environ),
                }
                print(json.dumps(order), file=send, flush=True)
                status = os.waitstatus_to_exitcode(int(answers.readline()))
                return subprocess.CompletedProcess(script, status, "", said.read())

        yield run
        send.close()
