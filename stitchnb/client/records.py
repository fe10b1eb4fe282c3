"""Lists of the API's objects that know how to show themselves as a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

from stitchnb.models import Model

if TYPE_CHECKING:
    import pandas as pd

M = TypeVar("M", bound=Model)


class Records(list[M]):
    """A list of one kind of object; an empty one still has its kind's columns."""

    def __init__(self, kind: type[Model], records: Iterable[M] = ()) -> None:
        super().__init__(records)
        self.kind = kind

    def to_frame(self) -> pd.DataFrame:
        """Show it as a DataFrame: one row per object, in order, with the columns of its kind (see `frames`)."""
        from stitchnb import frames

        return frames.records(self.kind, self)

    def _repr_html_(self) -> str:
        from stitchnb import frames

        return frames.html_table(self.to_frame())

    def __repr__(self) -> str:
        return str(self.to_frame()) if self else f"no {self.kind.__name__}"
