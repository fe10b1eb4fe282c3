"""How IPython shows an error of stitchnb: the user's own frames and the message, without our frames."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType

_PACKAGE = Path(__file__).parent
_LIBRARIES = {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}


def shown_in_ipython(error: BaseException) -> list[str]:
    """Format an error in IPython's style, without our frames and without the error's cause.

    With ``%xmode Verbose`` and ``%tb Verbose`` everything is shown. The error keeps its whole traceback.
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
    # IPython prints the chain of causes, so the chain is removed while it formats.
    cause, is_suppressed = error.__cause__, error.__suppress_context__
    try:
        error.__cause__ = None
        lines = writer.structured_traceback(type(error), error, users_part(error.__traceback__))
    finally:
        error.__cause__, error.__suppress_context__ = cause, is_suppressed
    return lines


def shown_alone(error: BaseException) -> list[str]:
    """Format an error as its name and message, without frames."""
    return [f"{type(error).__name__}: {error}"]


def users_part(traceback: TracebackType | None) -> TracebackType | None:
    """Cut off a traceback after the user's last frame; None if it has no frame of the user.

    Frames of a library that stitchnb called are removed; frames of a user's function that stitchnb called are kept.
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
