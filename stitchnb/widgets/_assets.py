"""The page's side of the widgets: scripts and style sheets that come with the package, nothing from elsewhere."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def asset(*names: str) -> str:
    """Read files of ``static/`` and join them, in the given order, to the one text that a widget sends."""
    folder = files("stitchnb.widgets") / "static"
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
