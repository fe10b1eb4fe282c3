"""How an object of the API becomes a Python object, and back.

A model is a read-only view of one JSON object. Attributes are read from the wire when first asked for and kept; what
stitchnb does not know stays in `extra`, and `to_dict` gives back exactly what came. So an answer is never refused
because the API has grown.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NoReturn, Self, TypeVar, overload

if TYPE_CHECKING:
    import pandas as pd

MASK = "••••••••"


class Secret(str):
    """A string that travels as itself and shows as a mask.

    It equals, hashes, encodes and JSON-serialises like the string it holds, so that it can be sent; ``repr``, ``str``,
    f-strings, ``%`` and ``.format`` show a mask, and a pickle holds the mask only. `reveal` gives the plain string.
    """

    __slots__ = ()

    def __new__(cls, value: str = "") -> Self:
        """Make one of a string, or of another secret, whose own text is the mask."""
        return super().__new__(cls, value.reveal() if isinstance(value, Secret) else value)

    def __repr__(self) -> str:
        return f"'{MASK}'"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        return (Secret, (MASK,))

    def reveal(self) -> str:
        """Give the plain string."""
        return str.__str__(self)


def hidden(wire: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Copy a JSON object with the named strings as secrets, so that no way of showing it shows them."""
    return {key: Secret(value) if key in names and isinstance(value, str) else value for key, value in wire.items()}


def parse_time(text: object) -> datetime | None:
    """Read one of the API's times.

    Parameters
    ----------
    text
        Such as ``2020-03-20T16:06:19Z`` or ``2019-01-07T23:23:08.116Z``; any offset.

    Returns
    -------
    datetime or None
        Aware, in UTC. None for what is no time, because an answer is never refused for one odd value.
    """
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        # Overflow: at the edges of the calendar an offset leads out of it.
        return None


def format_time(moment: datetime) -> str:
    """Write an aware datetime as the API does: UTC, whole seconds, ``Z``.

    Raises
    ------
    ValueError
        For a naive datetime, whose instant nobody knows.
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone: give an aware datetime, such as {moment!r} with tzinfo=UTC")
    # Not by strftime, which writes years before 1000 with fewer digits than the format has.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


T = TypeVar("T")


class attr(Generic[T]):
    """One attribute of a model: its name on the wire, and how the wire's value becomes Python's.

    `read` must accept whatever JSON can hold. `default` is what an absent key means.
    """

    def __init__(
        self, wire_name: str, *, default: Any = None, read: Callable[[Any], T] | None = None, doc: str = ""
    ) -> None:
        self.wire_name = wire_name
        self._default = default
        self._read = read
        self.__doc__ = doc

    def raw(self, model: Model) -> Any:
        """Give the wire's value as it came: for a whole column of them, reading one by one is the slow way."""
        return model._wire.get(self.wire_name, self._default)

    def __set_name__(self, owner: type[Model], name: str) -> None:
        self.name = name
        # Each class has a table of its own: a subclass adds to it, its parent never sees the addition.
        if "_attrs" not in owner.__dict__:
            owner._attrs = dict(owner._attrs)
        owner._attrs[name] = self

    @overload
    def __get__(self, model: None, owner: type[Model]) -> Self: ...
    @overload
    def __get__(self, model: Model, owner: type[Model]) -> T: ...
    def __get__(self, model: Model | None, owner: type[Model]) -> Self | T:
        if model is None:
            return self
        value = model._wire.get(self.wire_name, self._default)
        if self._read is None:
            plain: T = value
            return plain
        if value is not None:
            value = self._read(value)
        # A non-data descriptor: from now on the instance's own dictionary answers.
        model.__dict__[self.name] = value
        result: T = value
        return result


class Model:
    """A read-only view of one JSON object of the API."""

    _attrs: ClassVar[dict[str, attr[Any]]] = {}
    _wire: Mapping[str, Any]

    def __init__(self, wire: Mapping[str, Any]) -> None:
        if not isinstance(wire, Mapping):
            raise TypeError(f"{type(self).__name__} takes a JSON object (a dict), not {type(wire).__name__}")
        self.__dict__["_wire"] = wire

    @classmethod
    def from_dict(cls, d: Mapping[str, Any]) -> Self:
        """Make one from a JSON object, which is copied.

        Raises
        ------
        TypeError
            When `d` is no JSON object at all; unknown and missing keys are fine.
        """
        return cls(copy.deepcopy(d))

    def to_dict(self) -> dict[str, Any]:
        """Give back the JSON object exactly as it came."""
        return copy.deepcopy(dict(self._wire))

    @property
    def extra(self) -> dict[str, Any]:
        """What came with it that stitchnb has no name for, by its name on the wire."""
        known = {a.wire_name for a in self._attrs.values()}
        return {k: copy.deepcopy(v) for k, v in self._wire.items() if k not in known}

    def to_frame(self) -> pd.DataFrame:
        """Show it as a DataFrame: two columns, ``attribute`` and ``value``, unless the class says otherwise."""
        frame: pd.DataFrame = _frames().attributes(self)
        return frame

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is read-only: it shows what Stitch answered")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is read-only: it shows what Stitch answered")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or not (isinstance(other, type(self)) or isinstance(self, type(other))):
            return NotImplemented
        return bool(self._wire == other._wire)

    def __hash__(self) -> int:
        return hash(repr(self._wire))

    _summary: ClassVar[tuple[str, ...]] = ()

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._summary)
        return f"{type(self).__name__}({shown})"

    def _repr_html_(self) -> str:
        return str(_frames().html(self))

    def __str__(self) -> str:
        return str(_frames().text(self))


def one(model: type[M]) -> Callable[[Any], M]:
    """Read a nested object; what is no object reads as an empty one."""
    return lambda value: model(value if isinstance(value, Mapping) else {})


def many(model: type[M]) -> Callable[[Any], tuple[M, ...]]:
    """Read an array of objects, leaving out what is no object."""
    return lambda value: (
        tuple(model(v) for v in value if isinstance(v, Mapping)) if isinstance(value, list | tuple) else ()
    )


M = TypeVar("M", bound=Model)


def frozen(value: Any) -> Mapping[str, Any] | None:
    """Read an object of free keys as a mapping that cannot be changed; what is no object reads as None."""
    return MappingProxyType(value) if isinstance(value, Mapping) else None


def frozen_or_empty(value: Any) -> Mapping[str, Any]:
    """Read an object of free keys as a mapping that cannot be changed; what is no object reads as an empty one."""
    return frozen(value) or MappingProxyType({})


def _frames() -> Any:
    # The one import that points down the house: a model is asked for its table, and pandas is only loaded then.
    from stitchnb import frames

    return frames
