"""The warehouse of each destination: the embedded one, or the one that its type is bound to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import catalog
from stitchnb.sandbox.pipeline import Warehouse, WarehouseType
from stitchnb.sandbox.warehouses.simulated import check_simulated_destination

if TYPE_CHECKING:
    from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse


class EmbeddedWarehouse:
    """Opens the embedded warehouse on first use, because its libraries take longer to load than the sandbox.

    Parameters
    ----------
    path
        The database file. None keeps rows in memory. A file is opened at once, to report at once if it is in use.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._opened: DuckDBWarehouse | None = None
        self._closed = False
        if path is not None:
            self.get()

    def get(self) -> DuckDBWarehouse:
        """Return the warehouse, and open it if necessary."""
        with self._lock:
            if self._opened is None:
                from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

                if self._path is not None and not self._path.exists():
                    _create_file(self._path)
                self._opened = DuckDBWarehouse(self._path)
                if self._closed:
                    self._opened.close()
            return self._opened

    def snapshot(self, name: str) -> bool:
        """Copy everything under a name. Return False if the warehouse is not open yet and has nothing to copy."""
        with self._lock:
            if self._opened is None:
                return False
            self._opened.snapshot(name)
            return True

    def restore(self, name: str | None) -> None:
        """Replace everything by a copy, or remove everything if the name is None."""
        with self._lock:
            if self._opened is not None:
                self._opened.restore(name)

    def drop_snapshot(self, name: str) -> None:
        """Delete a copy."""
        with self._lock:
            if self._opened is not None and not self._closed:
                self._opened.drop_snapshot(name)

    def close(self) -> None:
        """Close the warehouse, if it is open."""
        with self._lock:
            self._closed = True
            if self._opened is not None:
                self._opened.close()


def _create_file(path: Path) -> None:
    """Create a file that only this user can read, and rename it when complete: DuckDB cannot open half a file."""
    from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    DuckDBWarehouse(part).close()
    part.chmod(0o600)
    part.replace(path)


_METHODS = ("check", "open")


@dataclass(frozen=True, slots=True)
class DestinationSettings:
    """A destination as far as its warehouse depends on it.

    Attributes
    ----------
    is_embedded
        Whether it is the destination that every sandbox has at the start.
    properties
        Its form values, including credentials.
    """

    id: int
    type: str
    is_embedded: bool
    properties: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Simulated:
    """A destination type with a simulated server. Its rows are loaded into the embedded warehouse."""

    destination_type: str
    embedded: Callable[[], Warehouse] = field(repr=False)

    def check(self, properties: Mapping[str, Any]) -> None:
        check_simulated_destination(self.destination_type, properties)

    def open(self, properties: Mapping[str, Any]) -> Warehouse:
        return self.embedded()


class Warehouses:
    """Warehouses by destination type: the embedded one, until a type is bound to a real one.

    A binding lasts as long as the sandbox runs: it is not part of its state, and neither are the rows that have
    landed in a real warehouse, which keeps them when the sandbox is reset, restored or closed. Deleting one gives the
    type the embedded warehouse back. What is no destination type, or cannot be bound to, raises `InvalidInputError`.

    Each batch of a source that goes to several destinations is loaded into one after the other, those with a server of
    their own first, and its bookmark is kept once all have it. Where one fails the job ends, and the next begins with
    that batch again, for all of them: with a primary key it changes nothing where it has landed already, redact one
    it is appended there once more.

    Parameters
    ----------
    embedded
        Returns the embedded warehouse.
    find
        Finds a destination by its id. Raises `InvalidInputError` if there is none.

    Examples
    --------
    >>> from stitchnb.sandbox import Sandbox, warehouses
    >>> with Sandbox() as sandbox:
    ...     sandbox.warehouses["postgres"] = warehouses.Postgres()
    ...     sandbox.warehouses.bound
    {'postgres': Postgres()}
    """

    def __init__(self, embedded: Callable[[], Warehouse], find: Callable[[int], DestinationSettings]) -> None:
        self._embedded = embedded
        self._find = find
        self._bound: dict[str, WarehouseType] = {}

    @property
    def bound(self) -> dict[str, WarehouseType]:
        """The bound destination types, each with its warehouse type."""
        return dict(self._bound)

    def of(self, destination_id: int) -> Warehouse:
        """Return the warehouse that a destination's rows are loaded into.

        Returns
        -------
        Warehouse
            With ``tables()``, ``table("schema.table")`` and ``sql("…")``, which return DataFrames. It is the warehouse
            of the destination's current properties.

        Raises
        ------
        InvalidInputError
            There is no such destination. The message lists all destinations.
        """
        return self.opened(self._find(destination_id))

    def opened(self, destination: DestinationSettings) -> Warehouse:
        """Return the warehouse of a destination. Warehouses are equal if their rows are in the same place."""
        return self._type_of(destination).open(destination.properties)

    def check(self, destination: DestinationSettings) -> None:
        """Raise `WarehouseError` with the server's message if nothing can be loaded."""
        self._type_of(destination).check(destination.properties)

    def is_real(self, destination: DestinationSettings) -> bool:
        """Return whether a destination has a real server."""
        return destination.type in self._bound and not destination.is_embedded

    def __getitem__(self, destination_type: str) -> WarehouseType:
        bound = self._bound.get(_known(destination_type))
        return bound if bound is not None else _Simulated(destination_type, self._embedded)

    def __setitem__(self, destination_type: str, warehouse_type: WarehouseType) -> None:
        destination_type = _known(destination_type)
        missing = [name for name in _METHODS if not callable(getattr(warehouse_type, name, None))]
        # A class has the methods too, but they need an instance.
        if missing or isinstance(warehouse_type, type):
            what = (
                f"{warehouse_type.__name__} is a class"
                if isinstance(warehouse_type, type)
                else f"{warehouse_type!r} is not a warehouse type"
            )
            raise InvalidInputError(
                f"{destination_type} cannot be bound to this: {what}. Assign an object with the methods "
                f"{' and '.join(_METHODS)}, such as stitchnb.sandbox.warehouses.Postgres()."
            )
        self._bound[destination_type] = warehouse_type

    def __delitem__(self, destination_type: str) -> None:
        self._bound.pop(_known(destination_type), None)

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in ("opened", "check", "is_real")]

    def __repr__(self) -> str:
        return f"Warehouses({self._bound})"

    def _type_of(self, destination: DestinationSettings) -> WarehouseType:
        if self.is_real(destination):
            return self._bound[destination.type]
        return _Simulated(destination.type, self._embedded)


def _known(destination_type: str) -> str:
    if destination_type not in catalog.destination_types():
        raise InvalidInputError(
            f"There is no destination type {destination_type!r}. It must be one of: "
            f"{', '.join(catalog.destination_types())}."
        )
    return destination_type
