"""What pictures are drawn from: a DataFrame, or anything that gives one."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from stitchnb import frames
from stitchnb.errors import InvalidInputError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure as MatplotlibFigure

TEXT: Final = "#1f2328"
QUIET: Final = "#59606a"
LINE: Final = "#d4d7db"
BRAND: Final = "#155fa8"
BAD: Final = "#a82822"
WARN: Final = "#8a4b08"
GROUND: Final = "#fefefe"

_STRONG, _GROUND = "var(--jp-ui-font-color0, #000)", "var(--jp-layout-color0, #fff)"


def _mixed(colour: str, share: int, other: str) -> str:
    return f"color-mix(in srgb, {colour} {share}%, {other})"


# A figure is drawn for white paper. In a page each colour becomes the theme's own, mixed as the widgets mix theirs: no
# one colour has enough contrast (4.5) on the grounds of both themes.
_OF_THEME: Mapping[str, tuple[str, str]] = {
    TEXT: ("text", _mixed(_STRONG, 87, _GROUND)),
    QUIET: ("quiet", _mixed(_STRONG, 64, _GROUND)),
    LINE: ("line", _mixed(_STRONG, 16, _GROUND)),
    BRAND: ("brand", _mixed("var(--jp-brand-color1, #1976d2)", 85, _STRONG)),
    BAD: ("bad", _mixed("var(--jp-error-color1, #d32f2f)", 78, _STRONG)),
    WARN: ("warn", _mixed("var(--jp-warn-color1, #f57c00)", 52, _STRONG)),
    GROUND: ("ground", _GROUND),
}
_NAMES = {colour: f"var(--sn-picture-{name})" for colour, (name, _) in _OF_THEME.items()}
_COLOURS = "".join(f"--sn-picture-{name}:{of_theme};" for name, of_theme in _OF_THEME.values())

WIDTH_IN: Final = 11.0
"""Inches; in a page 792 pixels, less where there is less room."""

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_FONT_FAMILY = re.compile(r"font-family:[^;]*;?|(?<=px) '[^;]*(?=;|$)")
_FONT_SIZE = 12.5
SMALL: Final = 11.5
"""The size of words within a figure."""
_FONT = "var(--jp-ui-font-family, system-ui, sans-serif)"


class Figure:
    """A figure with its words and its data.

    In a notebook it takes on the colours of the theme, says itself to screen readers, and brings its data as a table.

    Attributes
    ----------
    figure
        The matplotlib figure, to go on with.
    alt
        What is to be seen, in words.
    """

    def __init__(self, figure: MatplotlibFigure, title: str, alt: str, data: pd.DataFrame) -> None:
        self.figure = figure
        self.title = title
        self.alt = alt
        self._data = data

    def to_frame(self) -> pd.DataFrame:
        """Give what it is drawn from."""
        return self._data

    def save(self, path: str | Path, **options: Any) -> Path:
        """Write it to a file, for white paper; the name's ending tells the kind, such as ``.png``, ``.svg``, ``.pdf``.

        Parameters
        ----------
        options
            For matplotlib's ``savefig``, such as ``dpi=200``.

        Raises
        ------
        InvalidInputError
            When it is no kind of picture that can be written.
        """
        target = Path(path)
        kinds = self.figure.canvas.get_supported_filetypes()
        if target.suffix.removeprefix(".").lower() not in kinds:
            raise InvalidInputError(
                f"{target.name!r} is no name of a picture: it ends with {', '.join(sorted(kinds))}."
            )
        self.figure.savefig(target, **options)
        return target

    def to_svg(self) -> str:
        """Write it as SVG for a page, in the page's colours and font."""
        root = ElementTree.fromstring(self._plain_svg())
        for parent in list(root.iter()):
            for child in list(parent):
                # Matplotlib's own style sheet would count for every picture of the page.
                if child.tag in (f"{{{_SVG}}}style", f"{{{_SVG}}}metadata"):
                    parent.remove(child)
        prefix = f"sn{hashlib.sha256(self.alt.encode()).hexdigest()[:8]}-"
        for element in root.iter():
            for name, value in element.attrib.items():
                element.set(name, _of_page(name, value, prefix))
        for name in ("width", "height"):
            root.attrib.pop(name, None)
        width = round(WIDTH_IN * 72)
        root.set("role", "img")
        root.set("aria-label", self.alt)
        root.set(
            "style",
            f"{_COLOURS}display:block;width:100%;max-width:{width}px;height:auto;font-family:{_FONT};"
            "stroke-linejoin:round;stroke-linecap:butt",
        )
        ElementTree.register_namespace("", _SVG)
        ElementTree.register_namespace("xlink", _XLINK)
        return ElementTree.tostring(root, encoding="unicode")

    def _plain_svg(self) -> str:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        written = io.StringIO()
        # The same figure gives the same text: no date, and ids from what they name.
        with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "stitchnb"}):
            nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
            canvas: Any = FigureCanvasSVG(self.figure)
            canvas.print_svg(written, metadata=nothing)
        return written.getvalue()

    def __repr__(self) -> str:
        return f"Figure({self.alt!r})"

    def _repr_html_(self) -> str:
        return (
            f'<figure style="margin:4px 0"><figcaption style="font-weight:600">{escape(self.title)}</figcaption>'
            f'{self.to_svg()}<details><summary data-lm-suppress-shortcuts="true">The same as a table</summary>'
            f"{frames.html_table(self._data)}</details></figure>"
        )


def _of_page(name: str, value: str, prefix: str) -> str:
    """Give an attribute's value as it is to be in a page with other pictures."""
    if name == "id":
        return prefix + value
    if name == f"{{{_XLINK}}}href" and value.startswith("#"):
        return f"#{prefix}{value[1:]}"
    value = value.replace("url(#", f"url(#{prefix}")
    if name == "style":
        value = _FONT_FAMILY.sub("", value)
        for colour, of_page in _NAMES.items():
            value = value.replace(colour, of_page)
    return value


def new_figure(height_in: float, rows: int = 1) -> tuple[MatplotlibFigure, list[Axes]]:
    """Make a figure of our width with axes one below the other, in our colours and without a frame around them.

    Raises
    ------
    InvalidInputError
        When matplotlib is not installed.
    """
    try:
        # Not through pyplot, which keeps figures and picks a window system for the whole process.
        import matplotlib as mpl

        with _without_talk_of_fonts():
            from matplotlib.figure import Figure as MatplotlibFigure
    except ImportError as error:
        raise InvalidInputError(
            "Pictures need matplotlib, which is not installed: pip install 'stitchnb[plots]'."
        ) from error
    with mpl.rc_context({"font.size": _FONT_SIZE, "text.color": TEXT}):
        figure = MatplotlibFigure(figsize=(WIDTH_IN, height_in), layout="constrained")
        axes = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
    figure.patch.set_visible(False)
    for one in axes:
        one.patch.set_visible(False)
        one.spines[["top", "right", "left"]].set_visible(False)
        one.spines["bottom"].set_color(LINE)
        one.tick_params(colors=QUIET, labelcolor=TEXT, length=3)
        one.grid(visible=False)
        one.set_axisbelow(True)
    return figure, axes


@contextmanager
def _without_talk_of_fonts() -> Iterator[None]:
    """Keep it out of the notebook that matplotlib, the first time on a machine, takes a while to list its fonts."""
    logger = logging.getLogger("matplotlib.font_manager")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)


# For ticks a year, a month, a day, an hour, a minute and a second apart; days as everywhere else.
_TIME_FORMATS = {
    "formats": ["%Y", "%b", "%b %d", "%H:%M", "%H:%M", "%S.%f"],
    "zero_formats": ["", "%Y", "%b", "%b %d", "%H:%M", "%H:%M"],
    "offset_formats": ["", "%Y", "%b %Y", "%Y-%m-%d", "%Y-%m-%d", "%Y-%m-%d %H:%M"],
}


def show_time(axes: Axes) -> None:
    """Let an axis show time, in UTC, with as few words as tell it."""
    from datetime import UTC

    from matplotlib import dates

    # Matplotlib does not tell the types of these.
    of_dates: Any = dates
    locator = of_dates.AutoDateLocator(tz=UTC, minticks=3, maxticks=8)
    axes.xaxis.set_major_locator(locator)
    formatter = of_dates.ConciseDateFormatter(locator, tz=UTC, **_TIME_FORMATS)
    axes.xaxis.set_major_formatter(formatter)
    axes.xaxis.get_offset_text().set_color(QUIET)
    axes.set_xlabel("UTC", color=QUIET, loc="left")
    axes.grid(visible=True, axis="x", color=LINE, linewidth=0.8)


def draw_lanes(axes: Axes, names: list[str]) -> None:
    """Give each name a lane of its own, the first at the top."""
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=True, axis="y", color=LINE, linewidth=0.8)


def say_nothing(axes: Axes, words: str) -> None:
    """Write into an axis that there is nothing to draw."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, color=QUIET, ha="center", va="center", transform=axes.transAxes)


def counted(count: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def moment(time: Any) -> str:
    """Write a time to the minute."""
    return f"{time:%Y-%m-%d %H:%M} UTC"


def span(first: Any, last: Any) -> str:
    """Write a span of time to the minute."""
    return f"at {moment(first)}" if moment(first) == moment(last) else f"from {moment(first)} to {moment(last)}"


def frame_of(given: Any, *columns: str, how: str = "to_frame") -> pd.DataFrame:
    """Give the frame itself, or that which the object's method `how` makes.

    Raises
    ------
    InvalidInputError
        When it is neither, or has not the columns that are needed.
    """
    frame = given if isinstance(given, pd.DataFrame) else getattr(given, how, lambda: None)()
    if not isinstance(frame, pd.DataFrame):
        raise InvalidInputError(
            f"There is nothing to draw in a {type(given).__name__}: give what the client's lists give."
        )
    missing = [name for name in columns if name not in frame]
    if missing:
        raise InvalidInputError(f"The frame has no column {', '.join(missing)}; it has {', '.join(map(str, frame))}.")
    return frame
