"""Hooks that are refused: Stitch's words say little, the client's say what to look at."""

from collections.abc import Iterator

import pytest

import stitchnb
from stitchnb.client import Client
from stitchnb.errors import BadRequestError


@pytest.fixture
def client() -> Iterator[Client]:
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        yield sandbox.client()


def test_a_hook_for_no_destination_is_refused_and_the_id_is_named(client: Client) -> None:
    with pytest.raises(BadRequestError, match=r"Invalid POST body\n.*there is no destination 5 ") as refused:
        client.notifications.hooks.create("https://hooks.example.com/", destination_id=5)
    assert (refused.value.code, refused.value.status_code) == ("InvalidBody", 400)
    assert client.notifications.hooks.list() == []


def test_other_refusals_of_a_hook_stay_as_they_are(client: Client) -> None:
    (destination,) = client.destinations.list()
    for number in range(10):
        client.notifications.hooks.create(f"https://hooks.example.com/{number}", destination_id=destination.id)
    with pytest.raises(BadRequestError, match=r"exceeded the limit of 10 hooks\.$"):
        client.notifications.hooks.create("https://hooks.example.com/10", destination_id=destination.id)
