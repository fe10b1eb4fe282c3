"""Lists that come page by page, from an account that changes while they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from stitchnb.client._sansio import Async, Mode, Resource, Sender, Steps, Sync, endpoint_method, send
from stitchnb.models import Model

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient
    from stitchnb.client.requests import Request

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """One page of a paginated list; `total` counts the records of all pages."""

    records: RecordList[M]
    has_next: bool
    total: int | None = None


class RecordList(list[M]):
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


# More pages than any account has: a server that always names a next page must not be followed for ever.
_MOST_PAGES = 1000


class PageIterator(Generic[M]):
    """One way through the pages, each record once.

    A record that moves to a later page while they are read comes twice and is given once. When the list gets shorter
    meanwhile, a record may have moved to the page before: that one is read once more.

    Attributes
    ----------
    requests
        How many requests it took so far.
    """

    def __init__(
        self, sender: Sender, request: Callable[[int], Request[Page[M]]], key: Callable[[M], Hashable]
    ) -> None:
        self.requests = 0
        self._sender = sender
        self._request = request
        self._key = key
        self._seen: set[Hashable] = set()
        self._number = 1
        self._total: int | None = None
        self._ended = False

    def next_page(self) -> Steps[tuple[M, ...] | None]:
        """Read on: the records that were not there before, or None after the last page."""
        if self._ended:
            return None
        page = yield from self._page(self._number)
        fresh = self._fresh(page)
        if self._number > 1 and self._total is not None and page.total is not None and page.total < self._total:
            fresh += self._fresh((yield from self._page(self._number - 1)))
        self._total = page.total
        self._ended = not page.has_next or self._number >= _MOST_PAGES
        self._number += 1
        return fresh

    def _page(self, number: int) -> Steps[Page[M]]:
        self.requests += 1
        return (yield from send(self._sender, self._request(number)))

    def _fresh(self, page: Page[M]) -> tuple[M, ...]:
        fresh = {key: record for record in page.records if (key := self._key(record)) not in self._seen}
        self._seen.update(fresh)
        return tuple(fresh.values())


class Pages(Resource[Mode], Generic[M, Mode]):
    """The records of a paginated list: ``for`` (or ``async for``) fetches a page only when it is needed.

    Every iteration fetches everything again.
    """

    def __init__(
        self,
        client: BaseClient[Mode],
        kind: type[M],
        request: Callable[[int, int], Request[Page[M]]],
        key: Callable[[M], Hashable],
        client_id: int | None,
    ) -> None:
        self._client = client
        self._kind = kind
        self._request = request
        self._key = key
        self._client_id = client_id

    def page_iterator(self) -> Steps[PageIterator[M]]:
        """Begin to go through the pages, a step of an operation; for stitchnb itself to use."""
        client_id = yield from self._client.find_client_id(self._client_id)
        return PageIterator(self._client, lambda page: self._request(client_id, page), self._key)

    @endpoint_method
    def all(self) -> Steps[RecordList[M]]:
        """Fetch all pages.

        Returns
        -------
        RecordList
            Every record once, in the order of the API.
        """
        pages = yield from self.page_iterator()
        records: list[M] = []
        while (page := (yield from pages.next_page())) is not None:
            records += page
        return RecordList(self._kind, records)

    @endpoint_method
    def to_frame(self) -> Steps[pd.DataFrame]:
        """Fetch all pages and show them as a DataFrame: one row per record."""
        return (yield from self.all.as_steps()).to_frame()

    def __iter__(self: Pages[M, Sync]) -> Iterator[M]:
        pages = self._client.run(self.page_iterator())
        while (page := self._client.run(pages.next_page())) is not None:
            yield from page

    async def __aiter__(self: Pages[M, Async]) -> AsyncIterator[M]:
        pages = await self._client.run(self.page_iterator())
        while (page := await self._client.run(pages.next_page())) is not None:
            for record in page:
                yield record
