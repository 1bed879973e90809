"""Make ``regional_snapshots/model/places/names.csv``: the English names of every country of ISO 3166.

    pip install pycountry babel
    python tools/make_country_names.py

pycountry has the names of the standard (short, common, official), Babel those of the Unicode locale data. A name that
the standard inverts ("Korea, Republic of") is written both ways, with and without what follows the comma; a name with
a remark in brackets ("Falkland Islands (Malvinas)") with and without it. Which other names people use is a table of
``gazetteer.py``, written by hand.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pycountry
from babel import Locale

OUTPUT = Path(__file__).parent.parent / "regional_snapshots" / "model" / "places" / "names.csv"


def main() -> None:
    common = Locale("en").territories
    with OUTPUT.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["iso2", "name"])
        for country in sorted(pycountry.countries, key=lambda country: country.alpha_2):
            members = [getattr(country, key, "") for key in ("name", "common_name", "official_name")]
            names = [name for member in [*members, common[country.alpha_2]] if member for name in forms(member)]
            writer.writerows((country.alpha_2, name) for name in dict.fromkeys(names))


def forms(name: str) -> Iterator[str]:
    """The forms in which a name occurs, as given first."""
    yield name
    head, bracket, _ = name.partition(" (")
    if bracket:
        yield head
    head, comma, tail = name.partition(", ")
    if comma:
        yield head
    if comma and tail.lower().endswith((" of", " of the")):
        yield f"{tail} {head}"


if __name__ == "__main__":
    main()
