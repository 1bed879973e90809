"""How many examples Hypothesis tries, and whether they are the same each time.

In ``make test`` a test has the same examples in every run, so that it is green every time or red every time. With
``REGIONAL_SNAPSHOTS_TEST_EXAMPLES`` set (``make soak`` does) they are random, and as many as it says.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, settings

WANTED = os.environ.get("REGIONAL_SNAPSHOTS_TEST_EXAMPLES", "")

settings.register_profile(
    "ours", derandomize=not WANTED, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("ours")


def examples(count: int, **options: Any) -> settings:
    """So many examples, unless the environment wants another number."""
    return settings(max_examples=int(WANTED or count), **options)
