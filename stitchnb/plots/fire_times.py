"""When each source is due next, on one axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from stitchnb.plots.figure import (
    BRAND,
    SMALL,
    TEXT,
    Figure,
    counted,
    draw_lanes,
    frame_of,
    moment,
    new_figure,
    say_nothing,
    show_time,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_SOURCES = 40
_LANE_IN, _AROUND_IN = 0.36, 0.9
# So much of the axis is left for the words right of the last point.
_ROOM = 0.22
_LEAST_SPAN = pd.Timedelta(hours=1)


def next_fire_times(sources: Any) -> Figure:
    """Draw when each source is due next, the soonest at the top.

    Parameters
    ----------
    sources
        What ``client.sources.list()`` gives, or a DataFrame with its columns.

    Returns
    -------
    Figure
        With words, and the data as a table: one row per source that is not deleted, ``source``, ``next_fire_time``
        (missing where it has none) and ``state``. The first forty are drawn.

    Raises
    ------
    InvalidInputError
        When `sources` tells of no sources, or matplotlib is not installed.

    Examples
    --------
    >>> import stitchnb.plots
    >>> client = stitchnb.connect(quiet=True)
    >>> stitchnb.plots.next_fire_times(client.sources.list())
    Figure('No source is due.')
    >>> client.close()
    """
    given = frame_of(sources, "name", "display_name", "state", "next_fire_time")
    given = given[given["state"] != "deleted"]
    data = pd.DataFrame(
        {
            "source": given["display_name"].fillna(given["name"]),
            "next_fire_time": given["next_fire_time"],
            "state": given["state"],
        }
    )
    data = data.sort_values(["next_fire_time", "source"], kind="stable").reset_index(drop=True)
    due = data[data["next_fire_time"].notna()]
    shown = due.head(_MOST_SOURCES)
    figure, (axes,) = new_figure(_AROUND_IN + _LANE_IN * max(1, len(shown)))
    if shown.empty:
        say_nothing(axes, "No source is due.")
    else:
        _draw(axes, shown)
    return Figure(figure, "Next fire times", _words(data, due), data)


def _draw(axes: Axes, shown: pd.DataFrame) -> None:
    times = shown["next_fire_time"]
    axes.plot(times, range(len(shown)), linestyle="none", marker="o", markersize=9, color=BRAND)
    for lane, time in enumerate(times):
        axes.annotate(
            f"{time:%b %d, %H:%M}",
            (time, lane),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            color=TEXT,
            fontsize=SMALL,
        )
    draw_lanes(axes, list(shown["source"]))
    show_time(axes)
    span = max(times.max() - times.min(), _LEAST_SPAN)
    axes.set_xlim(times.min() - span * 0.05, times.min() + span * (1 + _ROOM))


def _words(data: pd.DataFrame, due: pd.DataFrame) -> str:
    if due.empty:
        words = "No source is due."
    else:
        first, last = due.iloc[0], due.iloc[-1]
        words = (
            f"{counted(len(due), 'source')} with a next fire time: {first['source']} at {moment(first.next_fire_time)}"
        )
        words += f" first, {last['source']} at {moment(last.next_fire_time)} last." if len(due) > 1 else "."
    without = data[data["next_fire_time"].isna()]
    if len(without):
        told = ", ".join(f"{row.source} ({str(row.state).replace('_', ' ')})" for row in without.head(5).itertuples())
        words += f" Without one: {told}" + (f" and {len(without) - 5} more." if len(without) > 5 else ".")
    if len(due) > _MOST_SOURCES:
        words += f" The first {_MOST_SOURCES} are drawn."
    return words
