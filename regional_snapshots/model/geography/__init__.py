"""Geography as data: ``regions.csv``, what a row of such a table means, and the error of one that cannot be used.

Which table a process uses is said in ``model/regions.py``.
"""

from regional_snapshots.model.geography.reading import PACKAGED, RegionsFileError, read_regions
from regional_snapshots.model.geography.region import (
    CORRIDORS,
    REGION_ID_LIMIT,
    REGION_ID_PATTERN,
    Corridor,
    Region,
    Theater,
)

__all__ = [
    "CORRIDORS",
    "PACKAGED",
    "REGION_ID_LIMIT",
    "REGION_ID_PATTERN",
    "Corridor",
    "Region",
    "RegionsFileError",
    "Theater",
    "read_regions",
]
