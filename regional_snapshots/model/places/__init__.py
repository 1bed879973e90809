"""Places: which regions a text names, and which country a point on the map lies in."""

from regional_snapshots.model.places.names import regions_of, words_of
from regional_snapshots.model.places.points import country_of_point

__all__ = ["country_of_point", "regions_of", "words_of"]
