"""The snapshot document: what it may hold, as types, and the check that nothing else is ever published.

``words`` names its labels, ``fields`` are the values that it is made of, ``parts`` and the modules ``parity`` and
``method2`` give it a type, ``validation`` is the check. All but the words need pydantic, which takes as long to import
as everything else that scoring needs: :func:`problems` imports them when it is first called.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def problems(document: Any, region_ids: Collection[str] | None = None) -> list[str]:
    """What is wrong with a snapshot document, one line each, ``path: problem``; an empty list when it is valid.

    ``region_ids``: the regions that there are; without them, every text that has the form of a region's id will do.
    """
    from regional_snapshots.model.document.validation import problems_of

    return problems_of(document, region_ids)
