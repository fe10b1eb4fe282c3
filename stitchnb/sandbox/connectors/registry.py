"""Which connector serves which source type of one sandbox."""

from __future__ import annotations

from stitchnb.errors import InvalidInputError, UnknownSourceTypeError
from stitchnb.sandbox import catalog
from stitchnb.sandbox.connectors.seeded.connector import seeded_connector
from stitchnb.sandbox.pipeline import Connector

_METHODS = ("check", "discover", "extract")


class Connectors:
    """Connectors by source type: the seeded ones, until a type is bound to another.

    Every type of the catalogue has a connector; deleting one that was bound gives the type its seeded one back.
    A binding lasts as long as the sandbox runs: it is not part of its state. A type that is none raises
    `UnknownSourceTypeError` with near names, and what is no connector `InvalidInputError`.

    Parameters
    ----------
    seed
        What the seeded connectors make their rows from.

    Examples
    --------
    >>> from stitchnb.sandbox import Sandbox, connectors
    >>> with Sandbox() as sandbox:
    ...     sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
    ...     sandbox.connectors.bound
    {'platform.hp-postgres': Postgres()}
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._bound: dict[str, Connector] = {}

    @property
    def bound(self) -> dict[str, Connector]:
        """The types that were bound, each with its connector."""
        return dict(self._bound)

    def __getitem__(self, source_type: str) -> Connector:
        bound = self._bound.get(source_type)
        return bound if bound is not None else seeded_connector(self._known(source_type), self._seed)

    def __setitem__(self, source_type: str, connector: Connector) -> None:
        source_type = self._known(source_type)
        missing = [name for name in _METHODS if not callable(getattr(connector, name, None))]
        # A class has the methods as well, but nobody to call them on.
        if missing or isinstance(connector, type):
            what = f"{connector.__name__} is a class" if isinstance(connector, type) else f"{connector!r} is none"
            raise InvalidInputError(
                f"{source_type} needs a connector, and {what}: give an object with {', '.join(_METHODS)}, "
                "such as stitchnb.sandbox.connectors.Postgres()"
            )
        self._bound[source_type] = connector

    def __delitem__(self, source_type: str) -> None:
        self._bound.pop(self._known(source_type), None)

    def __repr__(self) -> str:
        return f"Connectors({self._bound})"

    @staticmethod
    def _known(source_type: str) -> str:
        if source_type not in catalog.source_types():
            raise UnknownSourceTypeError(source_type, catalog.source_types())
        return source_type
