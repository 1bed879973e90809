"""Places: which regions a text names, and which region a point on the map lies in."""

from regional_snapshots.model.places.names import regions_of, words_of
from regional_snapshots.model.places.points import region_of_point

__all__ = ["region_of_point", "regions_of", "words_of"]
