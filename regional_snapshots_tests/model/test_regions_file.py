"""A table of regions is a file: what it says is what a process uses, and each kind of bad row is named."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.regions import table_of
from regional_snapshots.model.countries import REGION_OF
from regional_snapshots.model.geography import PACKAGED, RegionsFileError, Theater, read_regions
from regional_snapshots.model.regions import REGIONS, REGIONS_DIGEST, WORLD_IDS, digest_of, homes_of

HEADER = "id,label,forecast_label,key_countries,theaters,signal_aliases,countries,places\n"
GOOD = "gulf,The Gulf,Gulf,SA IR,persian-gulf: hormuz; red-sea,gulf states; gcc,,Persian Gulf\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[[str | bytes], dict]:
    def reading(text: str | bytes) -> dict:
        file = tmp_path / "regions.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_regions(file)

    return reading


def test_the_table_of_the_package_is_told_from_others_as_ever() -> None:
    """Stores carry the digest in their terms: another one would refuse every commit."""
    assert REGIONS_DIGEST == digest_of(read_regions(PACKAGED)) == "059c74613f5c"


def test_the_table_of_the_package_gives_each_country_its_one_region() -> None:
    assert {iso2: homes_of(iso2) for iso2 in REGION_OF} == {iso2: (home,) for iso2, home in REGION_OF.items()}
    assert WORLD_IDS == ("global",)
    assert REGIONS["global"].countries == ()


def test_every_cell_of_a_row_is_read(read: Callable[[str], dict]) -> None:
    region = read(HEADER + GOOD)["gulf"]
    assert region.theaters == (Theater("persian-gulf", ("hormuz",)), Theater("red-sea"))
    assert [corridor.id for corridor in region.corridors] == ["hormuz", "suez", "babelm"]
    assert (region.label, region.short, region.forecast_label) == ("The Gulf", "The Gulf", "Gulf")
    assert (region.signal_aliases, region.places) == (("gulf states", "gcc"), ("Persian Gulf",))
    assert (region.key_countries, region.countries) == (("SA", "IR"), ("IR", "SA"))


def test_countries_are_its_own_else_those_of_the_id_else_the_key_countries(read: Callable[[str], dict]) -> None:
    rows = "mena,MENA,MENA,SA,,,,\nlevant,Levant,Levant,LB,,,SY LB JO,\ngulf,Gulf,Gulf,SA,,,,\nworld,World,,SA,,,SA,\n"
    found = read(HEADER + rows)
    assert found["mena"].countries == REGIONS["mena"].countries
    assert found["levant"].countries == ("JO", "LB", "SY")
    assert found["gulf"].countries == ("SA",)
    assert found["world"].countries == ()


@pytest.mark.parametrize(
    "text", ["\ufeff" + HEADER + GOOD, HEADER + ",,,,,,,\n\n" + GOOD, (HEADER + GOOD).replace("\n", "\r\n")]
)
def test_what_spreadsheets_write_is_read(read: Callable[[str], dict], text: str) -> None:
    assert list(read(text)) == ["gulf"]


@pytest.mark.parametrize(
    ("column", "old", "new", "said"),
    [
        ("id", "gulf,", "Gulf,", "'Gulf' is no id"),
        ("id", "gulf,", "g--f,", "is no id"),
        ("id", "gulf,", "a" * 33 + ",", "is no id"),
        ("id", "gulf,", ",", "is no id"),
        ("label", "The Gulf", "", "is empty"),
        ("label", "The Gulf", "<b>Gulf</b>", "is no word"),
        ("label", "The Gulf", "The \x1b[1mGulf", "is no word"),
        ("label", "The Gulf", "G" * 81, "is no word"),
        ("key_countries", "SA IR", "", "name at least one"),
        ("key_countries", "SA IR", "SA QQ", "'QQ' is no country"),
        ("key_countries", "SA IR", "SA ir", "'ir' is no country"),
        ("key_countries", "SA IR", "SA IR SA", "'SA' comes twice"),
        ("theaters", ": hormuz", ": hormus", "'hormus' is no corridor: use some of hormuz"),
        ("theaters", "red-sea", "Red Sea", "'Red Sea' is no id"),
        ("theaters", "red-sea", "persian-gulf", "'persian-gulf' comes twice"),
        ("signal_aliases", "gcc", "gulf states", "'gulf states' comes twice"),
        ("places", "Persian Gulf", "x" * 81, "is no word"),
        ("countries", ",,Persian", ",XX,Persian", "'XX' is no country"),
        ("places", ",Persian Gulf", "", "the row has 7 values and the header 8"),
        ("places", "Persian Gulf", "Persian Gulf,", "the row has 9 values and the header 8"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_named_by_file_row_and_column(
    read: Callable[[str], dict], tmp_path: Path, column: str, old: str, new: str, said: str
) -> None:
    before = "europe,Europe,Europe,DE,,,,\n"
    assert old in GOOD
    with pytest.raises(RegionsFileError) as caught:
        read(HEADER + before + GOOD.replace(old, new, 1))
    text = str(caught.value)
    assert text.startswith(f"{tmp_path}/regions.csv, row 3")
    assert f", column {column}: " in text
    assert said in text
    assert text.isprintable()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "row 1, column id: is missing"),
        (HEADER, "has no row"),
        (HEADER + GOOD + GOOD, "row 3 (gulf), column id: is the id of a row before"),
        (HEADER.replace("theaters", "theatres") + GOOD, "row 1, column theatres: is unknown"),
        (HEADER.replace("places", "label") + GOOD, "row 1, column label: comes twice"),
        (HEADER.replace("key_countries", "countries", 1).replace("countries,places", "places,short") + GOOD,
         "row 1, column key_countries: is missing"),
        (HEADER + 'gulf,"The Gulf', "row 2: is no CSV"),
        (HEADER + "world,World,,SA,,,,\n", "only the world has none"),
        ((HEADER + GOOD).encode() + b"\xff\xfe", "is not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_file_is_named(read: Callable[[str | bytes], dict], text: str | bytes, said: str) -> None:
    with pytest.raises(RegionsFileError) as caught:
        read(text)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RegionsFileError, match="cannot be read"):
        read_regions(tmp_path / name)


def test_whatever_is_scored_by_a_table_tells_it_from_another(read: Callable[[str], dict]) -> None:
    changes = {
        "": "",
        "Gulf,SA": "GCC,SA",
        "SA IR": "IR SA",
        ": hormuz": "",
        "gcc": "opec",
        ",,Per": ",OM,Per",
        "an Gulf": "an Sea",
    }
    digests = {digest_of(read(HEADER + (GOOD.replace(old, new) if old else GOOD))) for old, new in changes.items()}
    assert len(digests) == len(changes)
    packaged = PACKAGED.read_text()
    assert digest_of(read(packaged.replace("; Maghreb", ""))) != digest_of(read(packaged)) == REGIONS_DIGEST


@pytest.mark.parametrize("regions", [2, 1_000, 10_000])
def test_tables_of_any_size_can_be_made_and_are_always_the_same(read: Callable[[str], dict], regions: int) -> None:
    text = table_of(regions)
    assert text == table_of(regions)
    assert len(read(text)) == len(list(csv.reader(io.StringIO(text)))) - 1 == regions
