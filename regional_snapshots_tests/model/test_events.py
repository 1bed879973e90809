"""Events: what one says survives the way through the store, and repeats are told apart from new facts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regional_snapshots.model.events import (
    EVENT_TYPES,
    FIELDS,
    REGIME_SEVERITIES,
    SEVERITIES,
    Cause,
    DamagedEventError,
    Event,
)
from regional_snapshots_tests.support.examples import examples

BREAK = Event(
    type="corridor_break",
    severity="critical",
    region="mena",
    subject="babelm",
    before=0.91,
    after=0.42,
    threshold=0.3,
    generated_at=1_800_000_000_000,
    snapshot_id="01a3185c5000-0123456789ab",
    previous_snapshot_id="01a3171b4000-0123456789ab",
    method="2",
    confidence=0.9,
    cause=(Cause("maritime_access", "babelm", -0.49, ("chokepoint:babelm",)),),
)

text = st.text(max_size=20)
value = st.none() | text | st.floats(-1e6, 1e6) | st.integers(-1000, 1000)
events = st.builds(
    Event,
    type=st.sampled_from(sorted(EVENT_TYPES)),
    severity=st.sampled_from(SEVERITIES),
    region=text,
    subject=text,
    before=value,
    after=value,
    threshold=st.none() | st.floats(-1, 1),
    generated_at=st.integers(0, 2**53 - 1),
    snapshot_id=text,
    previous_snapshot_id=text,
    method=text,
    confidence=st.none() | st.floats(0, 1),
    sample=st.booleans(),
    cause=st.lists(st.builds(Cause, text, text, st.none() | st.floats(-1, 1), st.lists(text).map(tuple))).map(tuple),
    suppressed=st.integers(0, 10_000),
)


@examples(100)
@given(events)
def test_an_event_is_the_same_after_the_way_through_the_stream(event: Event) -> None:
    fields = event.fields()
    assert set(fields) == {*FIELDS, "body"}
    assert Event.decode(fields["body"].encode()) == event
    assert json.loads(fields["body"])["event_id"] == event.id == fields["event_id"]


def test_the_id_names_snapshot_type_and_subject() -> None:
    assert BREAK.id == "01a3185c5000-0123456789ab:corridor_break:babelm"


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (0.91, 0.42, "corridor_break:babelm:down"),
        (0.91, 0.41, "corridor_break:babelm:down"),
        (0.42, 0.91, "corridor_break:babelm:up"),
        (0.42, None, "corridor_break:babelm:"),
        ("present", "missing", "corridor_break:babelm:missing"),
        (None, 0.5, "corridor_break:babelm:up"),
    ],
)
def test_a_repeat_is_recognised_though_its_measured_value_differs(before: object, after: object, key: str) -> None:
    assert replace(BREAK, before=before, after=after).quiet_key == key


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no json",
        b"[]",
        b"null",
        b"[" * 100_000,
        json.dumps({**BREAK.document(), "severity": "dire"}),
        json.dumps({**BREAK.document(), "cause": [1]}),
        json.dumps({**BREAK.document(), "from": {}}),
        json.dumps({name: value for name, value in BREAK.document().items() if name != "to"}),
    ],
)
def test_what_is_no_event_is_refused(body: bytes) -> None:
    with pytest.raises(DamagedEventError):
        Event.decode(body)


def test_the_tables_use_known_severities_only() -> None:
    assert {kind.severity for kind in EVENT_TYPES.values()} | set(REGIME_SEVERITIES.values()) <= set(SEVERITIES)
