"""The benchmarks run, and the round trips that they count are the promised ones. No clock is asserted on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.line import Line
from benchmarks.round_trips import count, fill, trips
from regional_snapshots.store.snapshots import SnapshotStore

MOST_TURNAROUNDS = {
    "persist 8 regions, warm": 2,
    "whole refresh step, cold": 4,
    "latest of 8 regions, warm": 2,
    "latest of 100 regions, warm": 2,
    "reconcile 8 healthy regions, warm": 4,
    "reconcile 100 healthy regions, warm": 6,
}


@pytest.fixture
def line(server):
    with Line(server.socket_path) as made:
        yield made


@pytest.mark.parametrize("what", MOST_TURNAROUNDS)
def test_nothing_takes_more_round_trips_than_promised(line, what):
    with SnapshotStore(line.url) as store:
        fill(store)
        [trip] = [trip for trip in trips(line.url, store) if trip.what == what]
        counted = (count(line, trip) for _ in range(4))
        assert any(turns <= MOST_TURNAROUNDS[what] for turns in counted)  # a busy machine can only add some


def test_every_trip_that_is_measured_has_a_promise(line):
    with SnapshotStore(line.url) as store:
        assert [trip.what for trip in trips(line.url, store)] == list(MOST_TURNAROUNDS)


def test_benchmarks_run_and_speak_to_machines():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "history", "size", "--quick", "--json"], capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
    figures = json.loads(done.stdout)
    assert {entry["group"] for entry in figures} == {"full history", "size"}
    assert all(entry["low"] <= entry["median"] <= entry["high"] for entry in figures)
