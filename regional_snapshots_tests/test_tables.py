"""Tables in files: whole, with their types, or not at all."""

from __future__ import annotations

import click
import pandas as pd
import pytest

from regional_snapshots.commands.shared.tables import WRITERS, TableFile, write_table

FRAME = pd.DataFrame(
    {
        "region": ["mena", "europe"],
        "time": pd.to_datetime([1_795_431_600_000, 1_795_453_200_001], unit="ms", utc=True),
        "net": [0.125, None],
        "nothing": pd.Series([None, None], dtype="float64"),
    }
)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_table_comes_back_with_its_values(tmp_path, ending):
    path = tmp_path / f"table{ending}"
    write_table(path, FRAME)
    if ending == ".csv":
        back = pd.read_csv(path, parse_dates=["time"])
    else:
        import fastparquet

        back = fastparquet.ParquetFile(str(path)).to_pandas()
    assert list(back.columns) == list(FRAME.columns)
    assert back["region"].tolist() == ["mena", "europe"]
    assert back["net"].isna().tolist() == [False, True]
    assert back["time"].dt.tz_convert("UTC").dt.as_unit("ms").tolist() == FRAME["time"].dt.as_unit("ms").tolist()


@pytest.mark.parametrize("ending", WRITERS)
def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path, ending):
    path = tmp_path / f"table{ending}"
    write_table(path, FRAME)
    before = path.read_bytes()
    with pytest.raises(Exception, match=r".*"):
        write_table(path, object())
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["table", "table.txt", "missing/table.csv"])
def test_another_ending_or_no_directory_is_a_usage_error(tmp_path, name):
    with pytest.raises(click.UsageError):
        TableFile().convert(tmp_path / name, None, None)
