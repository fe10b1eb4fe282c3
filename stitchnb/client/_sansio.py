"""One definition of what a client does, for a `Client` and for an `AsyncClient`.

A resource's method is a generator of steps (it is *sans I/O*): it yields each attempt of a request and each sleep, gets
the outcome back, and returns its result. It never waits itself, so the same steps run with and without an event loop.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
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

Steps = Generator[Any, Any, T]


@dataclass(frozen=True)
class Sleep:
    """A step: wait that many seconds."""

    seconds: float


@dataclass(frozen=True)
class Gather:
    """A step: run many others at the same time.

    Attributes
    ----------
    max_concurrency
        How many run at a time at most.
    on_done
        Called, where the steps themselves run, with how many are done.
    """

    steps: Sequence[Steps[Any]]
    max_concurrency: int
    on_done: Callable[[int], None]


class Sender(Protocol):
    """Something that can carry out a request in steps: a client, or the transport of one."""

    def execute(self, request: Request[T]) -> Steps[T]:
        """Return the steps of a request."""


def send(sender: Sender, request: Request[T]) -> Steps[T]:
    """Send one request and read its response."""
    return sender.execute(request)


def sleep(seconds: float) -> Steps[None]:
    """Wait that many seconds."""
    yield Sleep(seconds)


def gather(
    steps: Sequence[Steps[T]], *, max_concurrency: int, on_done: Callable[[int], None] = lambda count: None
) -> Steps[list[T]]:
    """Run many steps at the same time.

    The first error ends all of them and is raised; an interruption or cancellation ends them too. In either case
    nothing is left running in the background.

    Parameters
    ----------
    max_concurrency
        How many run at a time at most.
    on_done
        Called after each with how many are done.

    Returns
    -------
    list
        Their results in their order.
    """
    results: list[T] = yield Gather(steps, max_concurrency, on_done)
    return results


def drive(steps: Steps[T], perform: Callable[[Any], Any]) -> T:
    """Run steps to their end.

    Parameters
    ----------
    perform
        Does one step and returns its outcome. An error of it is raised inside the steps, which may handle it.
    """
    try:
        step = next(steps)
        while True:
            try:
                outcome = perform(step)
            except BaseException as error:  # noqa: BLE001 - raised again inside the steps, which may handle any of them
                step = steps.throw(error)
            else:
                step = steps.send(outcome)
    except StopIteration as end:
        result: T = end.value
        return result


async def drive_async(steps: Steps[T], perform: Callable[[Any], Awaitable[Any]]) -> T:
    """Run steps to their end, awaiting each. See `drive`."""
    try:
        step = next(steps)
        while True:
            try:
                outcome = await perform(step)
            except BaseException as error:  # noqa: BLE001 - raised again inside the steps, which may handle any of them
                step = steps.throw(error)
            else:
                step = steps.send(outcome)
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


class HasSteps(Protocol[P, T_co]):
    """A method whose steps can become part of others."""

    def as_steps(self, *args: P.args, **kwargs: P.kwargs) -> Steps[T_co]:
        """Return the steps, for ``yield from``."""


class Method(HasSteps[P, T_co], Protocol[P, T_co]):
    """A method of what belongs to a `Client`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """Call it."""


class AsyncMethod(HasSteps[P, T_co], Protocol[P, T_co]):
    """A method of what belongs to an `AsyncClient`."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T_co]:
        """Call it, to be awaited."""


class endpoint_method(Generic[P, T]):
    """Makes a generator into a method: a plain one for a `Client`, an awaitable one for an `AsyncClient`."""

    def __init__(self, function: Callable[Concatenate[Any, P], Steps[T]]) -> None:
        self._function = function
        functools.update_wrapper(self, function)  # type: ignore[arg-type]  # a descriptor is documented like a function

    @overload
    def __get__(self, resource: Resource[Sync], owner: Any) -> Method[P, T]: ...
    @overload
    def __get__(self, resource: Resource[Async], owner: Any) -> AsyncMethod[P, T]: ...
    @overload
    def __get__(self, resource: object, owner: Any) -> HasSteps[P, T]: ...
    def __get__(self, resource: Any, owner: Any = None) -> Any:
        function: Callable[..., Steps[T]] = self._function
        if resource is None:
            return function

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return resource._client.run(function(resource, *args, **kwargs))

        method: Any = call
        method.as_steps = functools.partial(function, resource)
        method.__signature__ = self._signature
        return call

    @functools.cached_property
    def _signature(self) -> inspect.Signature:
        """Describe what a caller passes and gets, rather than the generator behind it."""
        signature = inspect.signature(self._function)
        returned = str(signature.return_annotation).removeprefix("Steps[").removesuffix("]").replace("[Mode]", "")
        return signature.replace(parameters=list(signature.parameters.values())[1:], return_annotation=returned)


_SLICE_S = 0.1


class GatherStopped(BaseException):
    """Raised in a thread that must stop; no handler of errors may delay it."""


class StopFlag:
    """Keeps threads from starting another step; a request that was sent is still answered."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Stop the threads."""
        self._event.set()

    def check(self) -> None:
        """Raise `GatherStopped` if the threads must stop."""
        if self._event.is_set():
            raise GatherStopped

    def slices(self, seconds: float) -> Iterator[float]:
        """Cut a sleep into short ones, and raise `GatherStopped` between two of them if the threads must stop."""
        while seconds > 0:
            self.check()
            yield min(seconds, _SLICE_S)
            seconds -= _SLICE_S


class Perform(Protocol):
    """Does one step in a thread, unless the threads must stop."""

    def __call__(self, step: Any, stop: StopFlag | None = None) -> Any:
        """Do the step."""


def run_gather(gather: Gather, perform: Perform) -> list[Any]:
    """Run steps in threads. See `stitchnb.client._sansio.gather`."""
    if not gather.steps:
        return []
    stop = StopFlag()

    def work(steps: Steps[Any]) -> Any:
        return drive(steps, partial(perform, stop=stop))

    def ended(future: Future[Any]) -> None:
        # Set right where it happens: until the waiting thread is awake, others would start more.
        if not future.cancelled() and future.exception() is not None:
            stop.set()

    with ThreadPoolExecutor(min(gather.max_concurrency, len(gather.steps)), "stitchnb-gather") as pool:
        futures = [pool.submit(work, steps) for steps in gather.steps]
        for future in futures:
            future.add_done_callback(ended)
        try:
            for count, future in enumerate(as_completed(futures), start=1):
                future.result()
                gather.on_done(count)
        except BaseException:
            # Also after Ctrl-C: leaving the block waits for the requests that were sent.
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


async def await_gather(gather: Gather, perform: Callable[[Any], Awaitable[Any]]) -> list[Any]:
    """Run steps in tasks. See `stitchnb.client._sansio.gather`."""
    results: list[Any] = [None] * len(gather.steps)
    waiting = iter(enumerate(gather.steps))
    done = 0

    async def work() -> None:
        nonlocal done
        for index, steps in waiting:
            results[index] = await drive_async(steps, perform)
            done += 1
            gather.on_done(done)

    tasks = [asyncio.create_task(work()) for _ in range(min(gather.max_concurrency, len(gather.steps)))]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return results
