"""A sandbox's client, and one of the Import API for a source of it."""

from collections.abc import Iterator

import pytest

import stitchnb
from stitchnb.client import Client, ImportClient


@pytest.fixture
def client() -> Iterator[Client]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox.client()


@pytest.fixture
def importer(client: Client) -> Iterator[ImportClient]:
    source = client.sources.create("import_api", display_name="Shop")
    with ImportClient(client.import_tokens.create(source.id), base_url=client.base_url) as made:
        yield made
