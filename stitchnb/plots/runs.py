"""Runs of jobs as a timeline: when, how long, and which failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from stitchnb.plots.figure import (
    BAD,
    BRAND,
    GROUND,
    QUIET,
    SMALL,
    TEXT,
    WARN,
    Figure,
    counted,
    draw_lanes,
    frame_of,
    moment,
    new_figure,
    say_nothing,
    show_time,
    span,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_SOURCES = 30
_LANE_IN, _AROUND_IN = 0.4, 1.15
_LEAST_SPAN = pd.Timedelta(hours=1)


class _Look(NamedTuple):
    """How runs of one outcome are drawn: told apart by shape as well as by colour."""

    marker: str
    colour: str
    is_filled: bool


_LOOKS = {
    "succeeded": _Look("o", BRAND, is_filled=True),
    "failed": _Look("X", BAD, is_filled=True),
    "stopped": _Look("s", WARN, is_filled=False),
    "running": _Look(">", BRAND, is_filled=False),
}


def runs(history: Any) -> Figure:
    """Draw runs of jobs as a timeline: one lane per source, each run from its start to its end.

    Parameters
    ----------
    history
        What ``client.jobs.history()`` gives, or ``client.extractions.list()``, or a DataFrame with the columns of
        either. A sandbox knows every job; a real account tells the last extraction of each source alone, so that there
        is one run in each lane.

    Returns
    -------
    Figure
        With words, and the data as a table: one row per run, ``source``, ``start_time``, ``completion_time``,
        ``duration_s`` (Float64, seconds), ``status`` and ``failure``.

    Raises
    ------
    InvalidInputError
        When `history` tells of no runs, or matplotlib is not installed.

    Examples
    --------
    >>> import stitchnb.plots
    >>> client = stitchnb.connect(quiet=True)
    >>> stitchnb.plots.runs(client.jobs.history())
    Figure('No job has run yet.')
    >>> client.close()
    """
    data = _data(frame_of(history, "start_time", "completion_time"))
    names = list(dict.fromkeys(data["source"]))
    shown = names[:_MOST_SOURCES]
    figure, (axes,) = new_figure(_AROUND_IN + _LANE_IN * max(1, len(shown)))
    if data.empty:
        say_nothing(axes, "No job has run yet.")
    else:
        _draw(axes, data, shown)
    return Figure(figure, "Runs", _words(data, names), data)


def _data(given: pd.DataFrame) -> pd.DataFrame:
    """Bring either kind of frame into one form."""
    source = given["source"] if "source" in given else given["source_id"].astype("string")
    status = given["status"] if "status" in given else given["succeeded"].map({True: "succeeded", False: "failed"})
    data = pd.DataFrame(
        {
            "source": source.astype("string"),
            "start_time": given["start_time"],
            "completion_time": given["completion_time"],
            "duration_s": (given["completion_time"] - given["start_time"]).dt.total_seconds().astype("Float64"),
            "status": status.astype("string"),
            "failure": given["failure"].astype("string"),
        }
    )
    return data[data["start_time"].notna()].sort_values("start_time", kind="stable").reset_index(drop=True)


def _draw(axes: Axes, data: pd.DataFrame, shown: list[str]) -> None:
    lanes = {name: lane for lane, name in enumerate(shown)}
    data = data[data["source"].isin(shown)]
    last = max(data["start_time"].max(), data["completion_time"].max())
    for status, look in _LOOKS.items():
        of_status = data[data["status"] == status]
        if of_status.empty:
            continue
        lane = of_status["source"].map(lanes)
        ends = of_status["completion_time"].fillna(last)
        axes.hlines(lane, of_status["start_time"], ends, color=look.colour, linewidth=7)
        axes.plot(
            of_status["start_time"],
            lane,
            linestyle="none",
            marker=look.marker,
            markersize=9,
            color=look.colour,
            markerfacecolor=look.colour if look.is_filled else GROUND,
            markeredgewidth=1.6 if not look.is_filled else 0.6,
            label=f"{status} ({len(of_status)})",
        )
    draw_lanes(axes, shown)
    show_time(axes)
    first = data["start_time"].min()
    around = max(_LEAST_SPAN, last - first) * 0.04
    axes.set_xlim(first - around, max(last, first + _LEAST_SPAN) + around)
    axes.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(_LOOKS),
        frameon=False,
        handletextpad=0.3,
        borderpad=0,
        labelcolor=TEXT,
        fontsize=SMALL,
    )
    # Most runs are too short for the eye: how long they take is said.
    for name, seconds in data.groupby("source", sort=False)["duration_s"].median().items():
        if pd.notna(seconds):
            words = f"median {_long(seconds)}"
            axes.text(
                1.01,
                lanes[str(name)],
                words,
                transform=axes.get_yaxis_transform(),
                va="center",
                color=QUIET,
                fontsize=SMALL,
            )


def _long(seconds: float) -> str:
    """Write how long something took."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _words(data: pd.DataFrame, names: list[str]) -> str:
    if data.empty:
        return "No job has run yet."
    first, last = data["start_time"].min(), data["start_time"].max()
    told = f"{counted(len(data), 'run')} of {counted(len(names), 'source')}"
    outcomes = data["status"].value_counts()
    parts = [f"{count} {status}" for status, count in outcomes.items()]
    failed = data[data["status"] == "failed"]
    which = f" Failed: {', '.join(f'{r.source} at {moment(r.start_time)}' for r in failed.tail(3).itertuples())}"
    longest = data.nlargest(1, "duration_s")
    words = f"Timeline of {told}, {span(first, last)}: {', '.join(parts)}."
    for source, seconds in zip(longest["source"], longest["duration_s"], strict=True):
        words += f" The longest, of {source}, took {_long(float(seconds))}."
    if len(failed):
        words += which + (" and earlier ones." if len(failed) > 3 else ".")
    if len(names) > _MOST_SOURCES:
        words += f" {len(names) - _MOST_SOURCES} more sources are in the table alone."
    return words
