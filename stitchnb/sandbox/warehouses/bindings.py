"""Which warehouse the rows of each destination of one sandbox land in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import catalog
from stitchnb.sandbox.pipeline import Warehouse
from stitchnb.sandbox.warehouses.simulated import check_destination

_METHODS = ("check", "open")


@dataclass(frozen=True, slots=True)
class Destination:
    """What a destination's warehouse is made from.

    Attributes
    ----------
    is_embedded
        It is the one that every sandbox has from the start.
    properties
        Its form's values, credentials included.
    """

    id: int
    type: str
    is_embedded: bool
    properties: Mapping[str, Any] = field(repr=False)


class WarehouseType(Protocol):
    """What a destination type is bound to: checks a destination, and gives its warehouse."""

    def check(self, properties: Mapping[str, Any]) -> None:
        """Test a form's values; raise `WarehouseError` with the server's own words when they do not do."""

    def open(self, properties: Mapping[str, Any]) -> Warehouse:
        """Give the warehouse that a form's values lead to; equal values give equal warehouses."""


@dataclass(frozen=True, slots=True)
class _Simulated:
    """A destination type whose server is made up, and whose rows land in the embedded warehouse."""

    destination_type: str
    embedded: Callable[[], Warehouse] = field(repr=False)

    def check(self, properties: Mapping[str, Any]) -> None:
        check_destination(self.destination_type, properties)

    def open(self, properties: Mapping[str, Any]) -> Warehouse:
        return self.embedded()


class Warehouses:
    """Warehouses by destination type: the embedded one, until a type is bound to a real one.

    A binding lasts as long as the sandbox runs: it is not part of its state, and neither are the rows that have
    landed in a real warehouse, which keeps them when the sandbox is reset, restored or closed. Deleting one gives the
    type the embedded warehouse back. What is no destination type, or cannot be bound to, raises `InvalidInputError`.

    Each batch of a source that goes to several destinations is loaded into one after the other, those with a server of
    their own first, and its bookmark is kept once all have it. Where one fails the job ends, and the next begins with
    that batch again, for all of them: with a primary key it changes nothing where it has landed already, without one
    it is appended there once more.

    Parameters
    ----------
    embedded
        Gives the embedded warehouse.
    find
        Finds a destination by its id; raises `InvalidInputError` where there is none.

    Examples
    --------
    >>> from stitchnb.sandbox import Sandbox, warehouses
    >>> with Sandbox() as sandbox:
    ...     sandbox.warehouses["postgres"] = warehouses.Postgres()
    ...     sandbox.warehouses.bound
    {'postgres': Postgres()}
    """

    def __init__(self, embedded: Callable[[], Warehouse], find: Callable[[int], Destination]) -> None:
        self._embedded = embedded
        self._find = find
        self._bound: dict[str, WarehouseType] = {}

    @property
    def bound(self) -> dict[str, WarehouseType]:
        """The types that were bound, each with what it is bound to."""
        return dict(self._bound)

    def of(self, destination_id: int) -> Warehouse:
        """Give the warehouse that a destination's rows land in; for stitchnb itself to use.

        Returns
        -------
        Warehouse
            With ``tables()``, ``table("schema.table")`` and ``sql("…")``, which give DataFrames. It holds what the
            destination's properties are now.

        Raises
        ------
        InvalidInputError
            There is no such destination; the message lists those that there are.
        """
        return self.opened(self._find(destination_id))

    def opened(self, destination: Destination) -> Warehouse:
        """Give the warehouse of a destination, equal ones where rows land in one place; for stitchnb itself to use."""
        return self._type_of(destination).open(destination.properties)

    def check(self, destination: Destination) -> None:
        """Raise `WarehouseError`, in its server's words, where nothing can be loaded; for stitchnb itself to use."""
        self._type_of(destination).check(destination.properties)

    def is_real(self, destination: Destination) -> bool:
        """Whether a destination has a server of its own; for stitchnb itself to use."""
        return destination.type in self._bound and not destination.is_embedded

    def __getitem__(self, destination_type: str) -> WarehouseType:
        bound = self._bound.get(_known(destination_type))
        return bound if bound is not None else _Simulated(destination_type, self._embedded)

    def __setitem__(self, destination_type: str, warehouse_type: WarehouseType) -> None:
        destination_type = _known(destination_type)
        missing = [name for name in _METHODS if not callable(getattr(warehouse_type, name, None))]
        # A class has the methods as well, but nobody to call them on.
        if missing or isinstance(warehouse_type, type):
            what = (
                f"{warehouse_type.__name__} is a class" if isinstance(warehouse_type, type) else f"{warehouse_type!r}"
            )
            raise InvalidInputError(
                f"{destination_type} cannot be bound to this ({what}): give an object with {' and '.join(_METHODS)}, "
                "such as stitchnb.sandbox.warehouses.Postgres()"
            )
        self._bound[destination_type] = warehouse_type

    def __delitem__(self, destination_type: str) -> None:
        self._bound.pop(_known(destination_type), None)

    def __repr__(self) -> str:
        return f"Warehouses({self._bound})"

    def _type_of(self, destination: Destination) -> WarehouseType:
        if self.is_real(destination):
            return self._bound[destination.type]
        return _Simulated(destination.type, self._embedded)


def _known(destination_type: str) -> str:
    if destination_type not in catalog.destination_types():
        raise InvalidInputError(
            f"There is no destination type {destination_type!r}. There are: {', '.join(catalog.destination_types())}."
        )
    return destination_type
