"""The series: rows stay small, and nothing else is taken for one."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regional_snapshots.model.series import (
    MAX_ROW_BYTES,
    SERIES_BUCKET_MS,
    SERIES_COLUMNS,
    DamagedRowError,
    SeriesRow,
    series_frame,
)
from regional_snapshots.model.snapshot import AXES
from regional_snapshots_tests.support.examples import examples

AXES_OF_METHOD_2 = AXES[:-1]
KEY_COUNTRIES = ("SA", "IR", "IL", "AE", "EG", "IQ", "TR", "YE", "SY", "PS", "LB", "LY")
ROW = SeriesRow(
    at=1_800_000_000_000,
    method="2",
    axes={**dict.fromkeys(AXES_OF_METHOD_2, 0.25), "alliance_cohesion": None},
    net=-0.125,
    regime="calm",
    cii={"IR": 61.0, "YE": 82.0},
    corridors={"babelm": (0.42, 0.194, 14.0), "suez": (0.9, None, None)},
    snapshot_id="01a3185c5000-0123456789ab",
)

unit = st.none() | st.floats(0, 1)
rows = st.builds(
    SeriesRow,
    at=st.integers(0, 2**53 - 1),
    method=st.sampled_from(["1.1", "1.2", "2"]),
    axes=st.fixed_dictionaries(dict.fromkeys(AXES, unit)),
    net=st.none() | st.floats(-1, 1),
    regime=st.sampled_from(["calm", "stressed_equilibrium", "managed_deescalation"]),
    cii=st.dictionaries(st.sampled_from([f"{a}{b}" for a in "ABCDEFGH" for b in "WXYZ"]), st.floats(0, 100)),
    corridors=st.dictionaries(st.text("abc-", min_size=1, max_size=20), st.tuples(unit, unit, st.floats(0, 1e6))),
    snapshot_id=st.just("01a3185c5000-0123456789ab"),
)


@examples(100)
@given(rows)
def test_a_row_takes_at_most_500_bytes_and_keeps_its_axes(row: SeriesRow) -> None:
    encoded = row.encode()
    assert len(encoded) <= MAX_ROW_BYTES
    read = SeriesRow.decode(encoded)
    assert read.encode() == encoded
    known = {axis for axis, value in row.axes.items() if value is not None}
    assert {axis for axis, value in read.axes.items() if value is not None} == known
    assert all(abs(read.axes[axis] - row.axes[axis]) <= 0.0005001 for axis in known)


def test_a_row_has_the_shape_of_the_method_with_three_decimals() -> None:
    document = json.loads(replace(ROW, net=0.12349, cii={"IR": 61.0}).encode())
    assert list(document) == ["at", "method", "axes", "net", "regime", "cii", "corridors", "snapshot_id"]
    assert (document["net"], document["cii"]) == (0.123, {"IR": 61})
    assert document["corridors"] == {"babelm": [0.42, 0.194, 14], "suez": [0.9, None, None]}


def test_a_row_of_the_largest_region_keeps_every_country_and_corridor() -> None:
    full = replace(
        ROW,
        axes=dict.fromkeys(AXES_OF_METHOD_2, 0.123),
        cii=dict.fromkeys(KEY_COUNTRIES, 61.234),
        corridors=dict.fromkeys(("hormuz", "suez", "babelm"), (0.123, 0.456, 123.0)),
    )
    read = SeriesRow.decode(full.encode())
    assert (list(read.cii), list(read.corridors)) == (list(full.cii), list(full.corridors))


def test_a_row_that_must_lose_countries_loses_the_last_ones() -> None:
    crowded = replace(ROW, cii={f"{a}{b}": 61.234 for a in "ABCDEF" for b in "ABCDEF"})
    kept = list(SeriesRow.decode(crowded.encode()).cii)
    assert 0 < len(kept) < 36
    assert kept == list(crowded.cii)[: len(kept)]


@pytest.mark.parametrize("instant", [0, SERIES_BUCKET_MS - 1])
def test_six_hours_make_a_bucket(instant: int) -> None:
    assert replace(ROW, at=instant).bucket == 0
    assert replace(ROW, at=instant + SERIES_BUCKET_MS).bucket == SERIES_BUCKET_MS


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"junk",
        b"[1]",
        b"[" * 100_000,
        json.dumps({**ROW.document(), "at": "now"}),
        json.dumps({**ROW.document(), "at": True}),
        json.dumps({**ROW.document(), "corridors": {"suez": [1]}}),
        json.dumps({**ROW.document(), "axes": []}),
    ],
)
def test_what_is_no_row_is_refused(member: bytes) -> None:
    with pytest.raises(DamagedRowError):
        SeriesRow.decode(member)


def test_rows_become_a_frame_in_which_the_unknown_is_not_a_number() -> None:
    frame = series_frame([ROW, replace(ROW, at=ROW.at + SERIES_BUCKET_MS, cii={})])
    assert list(frame.columns)[: len(SERIES_COLUMNS)] == list(SERIES_COLUMNS)
    assert frame["alliance_cohesion"].isna().all()
    assert frame["babelm:access"].tolist() == [0.42, 0.42]
    assert frame["cii:IR"].isna().tolist() == [False, True]
    assert frame["at"].dt.tz is not None


def test_an_empty_frame_has_the_types_of_a_full_one() -> None:
    full, empty = series_frame([ROW]), series_frame([])
    assert empty.dtypes.to_dict() == {name: full.dtypes[name] for name in SERIES_COLUMNS}
