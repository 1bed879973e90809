"""The picture of the world overview: a heat map of the axes, and net balance over the last snapshots."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pandas as pd
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from regional_snapshots.model.regions import REGION_IDS, REGIONS
from regional_snapshots.model.snapshot import AXES, PRESSURES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HALF_AN_HOUR = pd.Timedelta(minutes=30)
"""Room beside the points where there is only one instant to show."""

INK, PAPER = "#1f2937", "#ffffff"
"""On a card of its own, so that it is legible in the light and in the dark theme."""

COLORS = {region: f"C{number}" for number, region in enumerate(REGION_IDS)}
"""One of the plotting library's own colors for each region: the same whichever regions are drawn."""

MOST_TIMES = 6
"""Labels of the time axis that have room beside each other."""

MARGIN_INCHES = 0.12
"""Between the edge of the card and what is on it: in the dark theme, the edge is seen."""


def overview_picture(table: pd.DataFrame, histories: dict[str, pd.DataFrame]) -> str:
    """A PNG as a data URL. ``table``: see ``overview``; ``histories``: see ``HISTORY_COLUMNS``, by region id."""
    figure = Figure(figsize=(11, 6.2), dpi=85, facecolor=PAPER, layout="constrained")
    figure.get_layout_engine().set(w_pad=MARGIN_INCHES, h_pad=MARGIN_INCHES)
    heat, lines = figure.subplots(1, 2, width_ratios=(1.5, 1))
    _heat_map(heat, table)
    _balances(lines, histories)
    if histories:
        figure.legend(fontsize=8, ncols=4, loc="outside lower center", frameon=False)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return "data:image/png;base64," + base64.b64encode(picture.getvalue()).decode()


def _heat_map(axes: Axes, table: pd.DataFrame) -> None:
    """Red is bad for the region and blue is good, for pressures and buffers alike; the number is the axis itself."""
    values = table[list(AXES)].to_numpy(dtype=float)
    badness = values.copy()
    badness[:, len(PRESSURES) :] = 1 - badness[:, len(PRESSURES) :]
    axes.imshow(badness, cmap="RdYlBu_r", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in _cells(values):
        ink = INK if 0.2 < badness[row, column] < 0.8 else PAPER
        axes.text(column, row, f"{value:.2f}", ha="center", va="center", color=ink, fontsize=9)
    axes.axvline(len(PRESSURES) - 0.5, color=PAPER, linewidth=6)
    labels = [f"{row.region}\n{row.regime}" for row in table.itertuples()]
    axes.set_yticks(range(len(labels)), labels, fontsize=9, color=INK)
    axes.set_xticks(range(len(AXES)), [axis.replace("_", "\n") for axis in AXES], fontsize=8, color=INK)
    axes.set_title(
        "Pressures (left) and buffers (right), 0 to 1; red is bad, blue is good", fontsize=11, color=INK, loc="left"
    )
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _balances(axes: Axes, histories: dict[str, pd.DataFrame]) -> None:
    for region, history in histories.items():
        look = {"color": COLORS[region], "marker": "o", "markersize": 4, "label": REGIONS[region].label}
        axes.plot(history["time"], history["net_balance"], **look)
    times = pd.Series([time for history in histories.values() for time in history["time"]])
    if len(times) and times.min() == times.max():
        axes.set_xlim(times.min() - HALF_AN_HOUR, times.max() + HALF_AN_HOUR)
    axes.axhline(0, color=INK, linewidth=0.8)
    axes.margins(y=0.15)
    axes.set_title("Net balance over the last snapshots (UTC)", fontsize=11, color=INK, loc="left")
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=MOST_TIMES))
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.tick_params(labelsize=8, colors=INK)
    axes.spines[["top", "right"]].set_visible(False)


def _cells(values: object) -> list:
    import numpy as np

    return list(np.ndenumerate(values))
