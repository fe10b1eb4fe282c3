"""The connector of each source type: a seeded one, or the one that the type is bound to."""

from __future__ import annotations

from stitchnb.errors import InvalidInputError, UnknownSourceTypeError
from stitchnb.sandbox import catalog
from stitchnb.sandbox.connectors.seeded.connector import seeded_connector
from stitchnb.sandbox.pipeline import Connector

_METHODS = ("check", "discover", "extract")


class Connectors:
    """Connectors by source type. A type uses generated data until you bind it to another connector.

    A binding lasts while the sandbox runs and is not part of its state. Delete it to use generated data again. An
    unknown type raises `UnknownSourceTypeError` with similar names. An object that is not a connector raises
    `InvalidInputError`.

    Parameters
    ----------
    seed
        Seed of the generated data.

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
        """The bound source types, each with its connector."""
        return dict(self._bound)

    def __getitem__(self, source_type: str) -> Connector:
        bound = self._bound.get(source_type)
        return bound if bound is not None else seeded_connector(self._known(source_type), self._seed)

    def __setitem__(self, source_type: str, connector: Connector) -> None:
        source_type = self._known(source_type)
        missing = [name for name in _METHODS if not callable(getattr(connector, name, None))]
        # A class has the methods too, but they need an instance.
        if missing or isinstance(connector, type):
            what = (
                f"{connector.__name__} is a class"
                if isinstance(connector, type)
                else f"{connector!r} is not a connector"
            )
            raise InvalidInputError(
                f"{source_type} cannot be bound to this: {what}. Assign an object with the methods "
                f"{', '.join(_METHODS)}, such as stitchnb.sandbox.connectors.Postgres()."
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
