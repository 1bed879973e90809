"""What takes too long for ``make test`` runs in ``make test-slow``, which ``.ci/run`` calls too."""

from __future__ import annotations

import os

import pytest

SLOW = bool(os.environ.get("REGIONAL_SNAPSHOTS_TEST_SLOW"))
slow = pytest.mark.skipif(not SLOW, reason="needs make test-slow")
