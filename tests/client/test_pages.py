"""A list that changes while it is read gives every record once, and asks for no page before it is needed."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from both_modes import MODES, TOKEN, URL, call, sync_client
from hypothesis import given
from hypothesis import strategies as st

from stitchnb.client import AsyncClient
from stitchnb.errors import InvalidInputError

SIZE = 100


class Account:
    """An account's extractions in pages; `between` may change them before a page is answered."""

    def __init__(
        self, *source_ids: int, between: Callable[["Account", int], None] = lambda account, page: None
    ) -> None:
        self.source_ids = list(source_ids)
        self.between = between
        self.pages: list[int] = []
        self.others: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith(("/extractions", "/loads")):
            self.others.append(request.url.path)
            return httpx.Response(200, json=[{"id": 1, "stitch_client_id": 116078}])
        number = int(request.url.params["page"])
        self.between(self, number)
        self.pages.append(number)
        start = (number - 1) * SIZE
        links = {"next": "…"} if start + SIZE < len(self.source_ids) else {}
        data = [
            {"source_id": one, "source_name": f"s{one}", "stream_name": "x"}
            for one in self.source_ids[start : start + SIZE]
        ]
        return httpx.Response(200, json={"data": data, "page": number, "total": len(self.source_ids), "links": links})


def ids(records: Any) -> list[int]:
    return [record.source_id for record in records]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_all_pages_are_read(mode: str, count: int) -> None:
    account = Account(*range(count))

    found = call(mode, account, lambda c: c.extractions.list(7))

    assert ids(found) == list(range(count))
    assert account.pages == list(range(1, max(1, -(-count // SIZE)) + 1))
    assert len(found.to_frame()) == count


def test_a_page_is_only_asked_for_when_it_is_needed() -> None:
    account = Account(*range(250))

    with sync_client(account, client_id=7) as client:
        walk = iter(client.extractions.iterate())
        assert account.pages == []
        assert [next(walk).source_id for _ in range(100)] == list(range(100))
        assert account.pages == [1]
        next(walk)
        assert account.pages == [1, 2]


def test_the_same_can_be_walked_through_again() -> None:
    account = Account(1, 2)

    with sync_client(account) as client:
        pages = client.loads.iterate(7)
        assert len(list(pages)) == len(list(pages)) == len(pages.all()) == len(pages.to_frame()) == 2
    assert account.pages == [1, 1, 1, 1]


def test_an_event_loop_walks_through_pages_too() -> None:
    account = Account(*range(150))

    async def main() -> list[int]:
        async with AsyncClient(TOKEN, base_url=URL, transport=httpx.MockTransport(account)) as client:
            assert len(await client.extractions.iterate(7).all()) == 150
            return [one.source_id async for one in client.extractions.iterate(7)]

    assert asyncio.run(main()) == list(range(150))


def test_a_record_that_moved_to_the_next_page_comes_once() -> None:
    def one_more_in_front(account: Account, page: int) -> None:
        if page == 2:
            account.source_ids.insert(0, -1)

    found = call("sync", Account(*range(150), between=one_more_in_front), lambda c: c.extractions.list(7))

    assert ids(found) == list(range(150))


def test_a_record_that_moved_to_the_page_before_is_not_lost() -> None:
    def one_less_in_front(account: Account, page: int) -> None:
        if page == 2 and not account.pages.count(2):
            account.source_ids.remove(0)

    account = Account(*range(150), between=one_less_in_front)
    found = call("sync", account, lambda c: c.extractions.list(7))

    assert sorted(ids(found)) == list(range(150))
    assert account.pages == [1, 2, 1]


@given(
    count=st.integers(0, 350),
    changes=st.lists(st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 400)), max_size=6),
)
def test_no_record_ever_comes_twice(count: int, changes: list[tuple[int, bool, int]]) -> None:
    left = list(changes)

    def change(account: Account, page: int) -> None:
        while left and left[0][0] <= page:
            _, adds, place = left.pop(0)
            if adds:
                account.source_ids.insert(min(place, len(account.source_ids)), 10_000 + len(left))
            elif account.source_ids:
                account.source_ids.pop(place % len(account.source_ids))

    found = ids(call("sync", Account(*range(count), between=change), lambda c: c.extractions.list(7)))

    assert len(found) == len(set(found))


def test_a_server_that_always_names_a_next_page_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stitchnb.client.pages._MOST_PAGES", 5)
    body = {"data": [{"source_id": 1}], "page": 1, "total": 1, "links": {"next": "…"}}

    assert len(call("sync", lambda request: httpx.Response(200, json=body), lambda c: c.extractions.list(7))) == 1


@pytest.mark.parametrize("mode", MODES)
def test_the_accounts_id_is_found_by_itself_and_once(mode: str) -> None:
    account = Account(1)

    def both(client: Any) -> Any:
        if mode == "sync":
            return [client.extractions.list(), client.loads.list()]

        async def main() -> Any:
            return [await client.extractions.list(), await client.loads.list()]

        return main()

    assert [len(found) for found in call(mode, account, both)] == [1, 1]
    assert account.others == ["/v4/sources"]


def test_a_source_or_a_job_tells_the_accounts_id() -> None:
    account = Account(1)

    with sync_client(account) as client:
        client.sources.list()
        client.loads.list()
        assert client.account.client_id() == 116078
    assert account.others == ["/v4/sources"]

    started = httpx.Response(200, json={"job_name": "9.1.sync.x"})
    with sync_client(lambda request: started) as client:
        client.jobs.start(1)
        assert client.client_id == 9


def test_a_new_account_does_not_tell_its_id() -> None:
    with pytest.raises(InvalidInputError, match="Pass client_id="):
        call("sync", lambda request: httpx.Response(200, json=[]), lambda c: c.extractions.list())


def test_a_destination_tells_it_where_there_is_no_source() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        there = request.url.path == "/v4/destinations"
        return httpx.Response(200, json=[{"id": 1, "stitch_client_id": 5}] if there else [])

    with sync_client(server) as client:
        assert client.account.client_id() == 5
