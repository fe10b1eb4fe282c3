"""What pictures are drawn from: a DataFrame, or anything that gives one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from stitchnb.errors import InvalidInputError


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
