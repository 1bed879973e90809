"""Tables of many regions: ``python -m benchmarks.regions 1000 > regions.csv``. The same number gives the same bytes.

The world first, then each country, then parts of each country in turn; every twentieth has a corridor.
"""

from __future__ import annotations

import csv
import io
import sys

from regional_snapshots.model.countries import ISO2_OF
from regional_snapshots.model.geography import CORRIDORS
from regional_snapshots.model.places.gazetteer import country_names

COLUMNS = ("id", "label", "short", "forecast_label", "theaters", "key_countries", "places")
WORLD = ("global", "Global", "", "", "global-markets", "US CN RU DE JP IN GB SA", "Global; World; Worldwide")
WITH_A_CORRIDOR = 20


def table_of(regions: int) -> str:
    """A table of so many regions, as CSV."""
    names: dict[str, str] = {}
    for iso2, name in country_names():
        names.setdefault(iso2, name)
    countries = [iso2 for iso2 in sorted(ISO2_OF.values()) if iso2 in names]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(COLUMNS)
    rows.writerow(WORLD)
    for place in range(regions - 1):
        part, country = divmod(place, len(countries))
        rows.writerow(_row(place, countries[country], names[countries[country]], part))
    return text.getvalue()


def _row(place: int, iso2: str, name: str, part: int) -> tuple[str, ...]:
    identity, label = f"{iso2.lower()}-{part + 1}", f"{name}, part {part + 1}" if part else name
    corridor = "" if place % WITH_A_CORRIDOR else f": {CORRIDORS[place // WITH_A_CORRIDOR % len(CORRIDORS)].id}"
    return identity, label, "", label, f"{identity}{corridor}", iso2, label


if __name__ == "__main__":
    sys.stdout.write(table_of(int(sys.argv[1])))
