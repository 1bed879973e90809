"""The check of a document against its type, and what no type can say: sums, order and validity.

The forms are compiled once, when the first document is checked; a check then takes some ten microseconds.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from regional_snapshots.model.document import method2, parity
from regional_snapshots.model.document.words import HORIZONS, LANES
from regional_snapshots.model.feeds import MAX_VALIDITY_MS
from regional_snapshots.model.values import clean

LANE_SUM_TOLERANCE = 0.002 + 1e-9
"""What rounding four lanes to three decimals may leave."""

BASELINE_STATISTICS = frozenset(method2.BaselineEntry.__annotations__) - {"reason"}

FORMS: Mapping[str, type] = {"1": parity.Document, "2": method2.Document}
"""First number of a scoring version -> the type of its documents; a version that is not listed has the last form."""


def problems_of(document: Any, region_ids: Collection[str] | None) -> list[str]:
    """See :func:`regional_snapshots.model.document.problems`."""
    try:
        _adapter(_major(document)).validate_python(document)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        return [f"{path_of(entry['loc'])}: {_said(entry)}" for entry in details]
    found = [line for rule in _RULES for line in rule(document)]
    region = document["region_id"]
    if region_ids is not None and region not in region_ids:
        found.append(f"region_id: {region} is no region of ours")
    return found


def _said(entry: Mapping[str, Any]) -> str:
    """What is wrong, without the pattern, which is long and holds what it forbids."""
    if entry["type"] == "string_pattern_mismatch":
        return "the text has not the form that it must have, or holds what cannot be shown"
    return str(entry["msg"]).removeprefix("Value error, ")


def path_of(location: tuple[str | int, ...]) -> str:
    """A place in a document as text: ``balance.pressures[0].magnitude``."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{clean(step, 40)}" for step in location)
    return "".join(steps).lstrip(".") or "the document"


@functools.cache
def _adapter(major: str) -> TypeAdapter[Any]:
    return TypeAdapter(FORMS.get(major, list(FORMS.values())[-1]))


def _major(document: Any) -> str:
    """The first number of ``meta.scoring_version``; the empty text when there is none."""
    meta = document.get("meta") if isinstance(document, dict) else None
    version = meta.get("scoring_version") if isinstance(meta, dict) else None
    return version.split(".")[0] if isinstance(version, str) else ""


def _method(document: dict[str, Any]) -> Iterator[str]:
    method, version = document["meta"]["method"], document["meta"]["scoring_version"]
    if not f"{version}.".startswith(f"{method}."):
        yield f"meta.method: {method} does not score by version {version}"


def _validity(document: dict[str, Any]) -> Iterator[str]:
    after = document["meta"]["valid_until"] - document["generated_at"]
    if not 0 <= after <= MAX_VALIDITY_MS:
        yield "meta.valid_until: not between generated_at and six hours later"


def _lanes(document: dict[str, Any]) -> Iterator[str]:
    """Each horizon and each lane once, in order; probabilities that sum to one, or none at all."""
    if tuple(scenario["horizon"] for scenario in document["scenario_sets"]) != HORIZONS:
        yield f"scenario_sets: the horizons are not {', '.join(HORIZONS)}"
    for place, scenario in enumerate(document["scenario_sets"]):
        path = f"scenario_sets[{place}].lanes"
        if tuple(lane["name"] for lane in scenario["lanes"]) != LANES:
            yield f"{path}: the lanes are not {', '.join(LANES)}"
        known = [lane["probability"] for lane in scenario["lanes"] if lane["probability"] is not None]
        if known and (len(known) < len(LANES) or abs(sum(known) - 1) > LANE_SUM_TOLERANCE):
            yield f"{path}: the probabilities sum to {sum(known):g} over {len(known)} of {len(LANES)} lanes"


def _baseline(document: dict[str, Any]) -> Iterator[str]:
    """Method 2: an entry has all of its statistics, or a reason why there are none."""
    for name, entry in document.get("baseline", {}).items():
        wanted = {"n", "reason"} if "reason" in entry else BASELINE_STATISTICS
        if set(entry) != wanted:
            yield f"baseline.{name}: has not exactly {', '.join(sorted(wanted))}"


_RULES: tuple[Callable[[dict[str, Any]], Iterator[str]], ...] = (_method, _validity, _lanes, _baseline)
