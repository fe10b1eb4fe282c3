"""How an error of stitchnb's shows itself in IPython: the user's own frames, then its words, and no frame of ours."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

_PACKAGE = Path(__file__).parent
_LIBRARIES = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def shown_in_ipython(error: BaseException) -> list[str]:
    """Write an error in IPython's own look, without what is below the user's frames and what it was raised from.

    With ``%xmode Verbose`` and ``%tb Verbose`` everything is shown, and the error keeps its whole traceback.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None:
        return shown_alone(error)
    writer = shell.InteractiveTB
    lines: list[str]
    if writer.mode == "Verbose":
        lines = writer.structured_traceback(type(error), error, error.__traceback__)
        return lines
    # IPython follows the chain of causes by itself, so there must be none for as long as it writes.
    cause, is_suppressed = error.__cause__, error.__suppress_context__
    try:
        error.__cause__ = None
        lines = writer.structured_traceback(type(error), error, users_part(error.__traceback__))
    finally:
        error.__cause__, error.__suppress_context__ = cause, is_suppressed
    return lines


def shown_alone(error: BaseException) -> list[str]:
    """Write an error as its name and its words, where no frame would tell the user anything."""
    return [f"{type(error).__name__}: {error}"]


def users_part(traceback: TracebackType | None) -> TracebackType | None:
    """Cut a traceback off below the last frame that is the user's own; None where no frame is.

    What a library does that stitchnb called is not the user's; a function that stitchnb called for the user is.
    """
    links = list(_links(traceback))
    kept, is_inside = 0, False
    for position, link in enumerate(links, start=1):
        is_inside = _is_ours(link.tb_frame) or (is_inside and _is_of_library(link.tb_frame))
        kept = kept if is_inside else position
    part: TracebackType | None = None
    for link in reversed(links[:kept]):
        part = TracebackType(part, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return part


def _links(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_ours(frame: FrameType) -> bool:
    return _PACKAGE in Path(frame.f_code.co_filename).parents


def _is_of_library(frame: FrameType) -> bool:
    return not _LIBRARIES.isdisjoint(Path(frame.f_code.co_filename).parents)
