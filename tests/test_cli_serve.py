"""serve: for this machine only, on a port that is free."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import pytest

from tests.cli_district import gridmap

pytest_plugins = ["tests.cli_fixtures"]

only_geopackage = pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)


@pytest.fixture
def store(published_url):
    return published_url


@contextmanager
def serving(*words):
    """A real server; yields its address and stops it with Ctrl-C."""
    child = subprocess.Popen(
        [sys.executable, "-m", "gridmap", "serve", "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        line = child.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line + child.stderr.read()
        yield found[0]
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=30)
        assert child.returncode == 0, errors
        assert "Traceback" not in errors
    finally:
        child.kill()
        child.communicate()


def get(address):
    # The socket listens before the workers are up: the request waits.
    with urllib.request.urlopen(address, timeout=60) as answer:
        return json.load(answer)


@only_geopackage
@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_api_answers_from_the_store_named(store, workers):
    with serving("--store", store, "--workers", workers) as address:
        found = get(f"{address}api/locate?lon=117.012&lat=36.003")
    assert found["areas"] == {"community": "A", "grid": "A10"}


@only_geopackage
@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.10", "::", "8.8.8.8"])
def test_an_address_that_others_reach_is_refused_with_the_reason(store, host):
    done = gridmap("serve", "--host", host, "--store", store)
    assert done.exit_code == 6
    assert "Without accounts" in done.stderr
    assert "127.0.0.1" in done.stderr


@only_geopackage
def test_what_is_no_address_is_refused(store):
    assert gridmap("serve", "--host", "example", "--store", store).exit_code == 2


@only_geopackage
def test_a_port_in_use_is_said(store):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = gridmap("serve", "--port", port, "--store", store)
    assert done.exit_code == 4
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr
