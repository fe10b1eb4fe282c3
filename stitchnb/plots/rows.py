"""Rows of each stream, run by run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from stitchnb.plots.figure import (
    BRAND,
    LINE,
    QUIET,
    SMALL,
    TEXT,
    WARN,
    Figure,
    counted,
    frame_of,
    new_figure,
    say_nothing,
    span,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_STREAMS = 12
_MOST_RUNS = 60
# Up to so many bars have room for their numbers.
_MOST_NUMBERS = 14
_MOST_TICKS = 6
_PANEL_IN, _AROUND_IN = 0.78, 0.75
_NOTHING = "No rows are known: of a real account nobody tells them."


def rows_over_runs(history: Any) -> Figure:
    """Draw how many rows each stream brought, run by run: one small panel per stream, runs side by side.

    Rejected rows stand on top of those that landed, hatched. A run that ended before it reached a stream brought none
    of it; one that reached no stream at all is not among them.

    Parameters
    ----------
    history
        What ``client.jobs.history(source_id)`` gives, or a DataFrame with the columns of its ``rows_to_frame()``. A
        real account does not tell rows: of it the picture says so.

    Returns
    -------
    Figure
        With words, and the data as a table: one row per run and stream, ``source``, ``start_time``, ``stream``,
        ``rows`` and ``rows_rejected``. The last 60 runs and the twelve streams with the most rows are drawn; the table
        has all.

    Raises
    ------
    InvalidInputError
        When `history` tells of no jobs, or matplotlib is not installed.

    Examples
    --------
    >>> import stitchnb.plots
    >>> client = stitchnb.connect(quiet=True)
    >>> stitchnb.plots.rows_over_runs(client.jobs.history())
    Figure('No rows are known: of a real account nobody tells them.')
    >>> client.close()
    """
    given = frame_of(history, "source", "start_time", "stream", "rows", how="rows_to_frame")
    data = given[["source", "start_time", "stream", "rows"]].copy()
    data["rows_rejected"] = given.get("rows_rejected", 0)
    data = data.sort_values("start_time", kind="stable").reset_index(drop=True)
    label = data["stream"] if data["source"].nunique() <= 1 else data["source"] + "." + data["stream"]
    streams = list(data.groupby(label, sort=False)["rows"].sum().sort_values(ascending=False, kind="stable").index)
    if not streams:
        figure, (axes,) = new_figure(1.2)
        say_nothing(axes, _NOTHING)
        return Figure(figure, "Rows per stream", _NOTHING, data)
    shown = streams[:_MOST_STREAMS]
    starts = sorted(data["start_time"].unique())[-_MOST_RUNS:]
    figure, panels = new_figure(_AROUND_IN + _PANEL_IN * len(shown), rows=len(shown))
    for axes, stream in zip(panels, shown, strict=True):
        _draw(axes, stream, data[label == stream].set_index("start_time").reindex(starts))
    _name_runs(panels[-1], starts)
    return Figure(figure, "Rows per stream", _words(data, label, streams, starts), data)


def _draw(axes: Axes, stream: str, of_stream: pd.DataFrame) -> None:
    loaded = of_stream["rows"].fillna(0).astype(int)
    rejected = of_stream["rows_rejected"].fillna(0).astype(int)
    at = range(len(of_stream))
    axes.bar(at, loaded, color=BRAND, width=0.7)
    refusing = rejected.to_numpy() > 0
    axes.bar(
        [x for x in at if refusing[x]],
        rejected[refusing],
        bottom=loaded[refusing],
        facecolor="none",
        edgecolor=WARN,
        linewidth=1.4,
        hatch="////",
        width=0.7,
    )
    axes.set_ylim(0, max(1, int((loaded + rejected).max())) * 1.45)
    axes.set_yticks([])
    axes.set_ylabel(stream, rotation=0, ha="right", va="center", color=TEXT)
    axes.tick_params(axis="x", length=0, labelbottom=False)
    if len(of_stream) <= _MOST_NUMBERS:
        for x, rows, refused, is_there in zip(at, loaded, rejected, of_stream["rows"].notna(), strict=True):
            words = f"{rows:,}" + (f" + {refused:,} rejected" if refused else "")
            axes.annotate(
                words if is_there else "none",
                (x, rows + refused),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=SMALL,
                color=TEXT if is_there else QUIET,
            )


def _name_runs(axes: Axes, starts: list[pd.Timestamp]) -> None:
    step = -(-len(starts) // _MOST_TICKS)
    at = list(range(0, len(starts), step))
    axes.set_xticks(at, [f"{starts[i]:%b %d\n%H:%M}" for i in at])
    axes.tick_params(axis="x", length=3, labelbottom=True, colors=QUIET, labelcolor=TEXT)
    axes.set_xlim(-0.6, len(starts) - 0.4)
    axes.set_xlabel("start of the run, UTC", color=QUIET, loc="left")
    axes.spines["bottom"].set_color(LINE)


def _words(data: pd.DataFrame, label: pd.Series[Any], streams: list[str], starts: list[pd.Timestamp]) -> str:
    told = [f"{stream} {data.loc[label == stream, 'rows'].sum():,}" for stream in streams[:_MOST_STREAMS]]
    runs = data["start_time"].nunique()
    words = f"Rows of {counted(len(streams), 'stream')} over {counted(runs, 'run')}"
    words += f", {span(starts[0], starts[-1])}. In all: {', '.join(told)}."
    rejected = int(data["rows_rejected"].sum())
    if rejected:
        words += f" {rejected:,} rejected."
    if len(streams) > _MOST_STREAMS:
        words += f" {len(streams) - _MOST_STREAMS} more streams are in the table alone."
    if runs > len(starts):
        words += f" The last {len(starts)} runs are drawn."
    return words
