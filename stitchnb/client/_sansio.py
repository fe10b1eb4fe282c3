"""One definition of what a client does, carried out by a `Client` at once and by an `AsyncClient` when awaited.

A resource's method is a generator: it yields the requests and pauses that it needs, gets their outcomes back, and
returns its result. It never waits itself, so the same steps run with and without an event loop.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

from stitchnb.rules.offered import offered

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVarWithDefault

    from stitchnb.client.client import BaseClient
    from stitchnb.client.requests import Request


class Sync:
    """Marks what belongs to a `Client`: its methods give results."""


class Async:
    """Marks what belongs to an `AsyncClient`: its methods give awaitables."""


if TYPE_CHECKING:
    # Only type checkers know of defaults before Python 3.13: a bare `Source` is one of a `Client`.
    Mode = TypeVarWithDefault("Mode", default=Sync)
else:
    Mode = TypeVar("Mode")

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Operation = Generator[Any, Any, T]


@dataclass(frozen=True)
class Pause:
    """A step of an operation: let that many seconds go by."""

    seconds: float


@dataclass(frozen=True)
class Together:
    """A step of an operation: carry out many others at the same time, so many at most.

    Attributes
    ----------
    done
        Called where the operation itself runs, with how many are through.
    """

    operations: Sequence[Operation[Any]]
    at_most: int
    done: Callable[[int], None]


def ask(request: Request[T]) -> Operation[T]:
    """Send one request and get what its answer says; a step of an operation."""
    answer: T = yield request
    return answer


def pause(seconds: float) -> Operation[None]:
    """Let that many seconds go by; a step of an operation."""
    yield Pause(seconds)


def together(
    operations: Sequence[Operation[T]], *, at_most: int, done: Callable[[int], None] = lambda count: None
) -> Operation[list[T]]:
    """Carry out many operations at the same time; a step of an operation.

    The first error ends all of them and is raised; an interruption or cancellation ends them too. In either case
    nothing goes on in the background.

    Parameters
    ----------
    at_most
        That many at a time.
    done
        Told after each how many are through.

    Returns
    -------
    list
        Their results in their order.
    """
    results: list[T] = yield Together(operations, at_most, done)
    return results


def run(operation: Operation[T], perform: Callable[[Any], Any]) -> T:
    """Carry out an operation step by step.

    Parameters
    ----------
    perform
        Does one step and gives its outcome. What it raises is raised inside the operation, which may handle it.
    """
    try:
        step = next(operation)
        while True:
            try:
                outcome = perform(step)
            except BaseException as error:  # noqa: BLE001 - raised again inside the operation, whoever it is for
                step = operation.throw(error)
            else:
                step = operation.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result


async def run_async(operation: Operation[T], perform: Callable[[Any], Awaitable[Any]]) -> T:
    """Carry out an operation step by step, awaiting each. See `run`."""
    try:
        step = next(operation)
        while True:
            try:
                outcome = await perform(step)
            except BaseException as error:  # noqa: BLE001 - raised again inside the operation, whoever it is for
                step = operation.throw(error)
            else:
                step = operation.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result


class Resource(Generic[Mode]):
    """What belongs to a client: a part of the API, or one object of it."""

    _client: BaseClient[Mode]

    def __dir__(self) -> list[str]:
        return offered(self)

    def __repr__(self) -> str:
        """Say what it is and what one does with it, as its class does; nothing is asked."""
        written = (type(self).__doc__ or "").partition("\n")[0].replace("``", "").removesuffix(".")
        methods = [name for kind in type(self).__mro__[:-1] for name in vars(kind) if not name.startswith("_")]
        calls = ", ".join(f"{name}()" for name in methods if name in dir(self))
        told = f"{written[:1].lower()}{written[1:]}"
        return f"<{type(self).__name__}: {told}; {calls}>" if calls else f"<{type(self).__name__}: {told}>"


class Steps(Protocol[P, T_co]):
    """An operation that can become part of another one."""

    def steps(self, *args: P.args, **kwargs: P.kwargs) -> Operation[T_co]:
        """Give the operation itself, for ``yield from``."""


class Call(Steps[P, T_co], Protocol[P, T_co]):
    """A method of what belongs to a `Client`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Do it."""


class AsyncCall(Steps[P, T_co], Protocol[P, T_co]):
    """A method of what belongs to an `AsyncClient`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T_co]:
        """Do it when awaited."""


class operation(Generic[P, T]):
    """Makes a generator into a method: a plain one for a `Client`, one to await for an `AsyncClient`."""

    def __init__(self, function: Callable[Concatenate[Any, P], Operation[T]]) -> None:
        self._function = function
        functools.update_wrapper(self, function)  # type: ignore[arg-type]  # a descriptor is documented like a function

    @overload
    def __get__(self, resource: Resource[Sync], owner: Any) -> Call[P, T]: ...
    @overload
    def __get__(self, resource: Resource[Async], owner: Any) -> AsyncCall[P, T]: ...
    @overload
    def __get__(self, resource: object, owner: Any) -> Steps[P, T]: ...
    def __get__(self, resource: Any, owner: Any = None) -> Any:
        function: Callable[..., Operation[T]] = self._function
        if resource is None:
            return function

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return resource._client.run(function(resource, *args, **kwargs))

        described: Any = call
        described.steps = functools.partial(function, resource)
        described.__signature__ = self._signature
        return call

    @functools.cached_property
    def _signature(self) -> inspect.Signature:
        """Say what a caller gives and gets, rather than that there is a generator behind it."""
        told = inspect.signature(self._function)
        returned = str(told.return_annotation).removeprefix("Operation[").removesuffix("]").replace("[Mode]", "")
        return told.replace(parameters=list(told.parameters.values())[1:], return_annotation=returned)
