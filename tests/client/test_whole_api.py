"""What a client can do beside the guide, over a real socket."""

from collections.abc import Iterator
from typing import Any

import pytest
from test_journey import RECURLY

import stitchnb
from stitchnb.client import Client, ImportClient, create_account
from stitchnb.errors import (
    AuthenticationError,
    BadRequestError,
    InvalidInputError,
    InvalidValuesError,
    NotFoundError,
)

POSTGRES = {
    "host": "db.example.com",
    "port": "5432",
    "database": "db",
    "username": "u",
    "password": "p",
    "encryption_type": "none",
    "ssl": "false",
}
SCHEMA = {"properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}


@pytest.fixture
def client() -> Iterator[Client]:
    with stitchnb.Sandbox(clock="2026-03-20T12:00:00Z", pace_s=0) as sandbox:
        yield sandbox.client()


def test_a_destination_is_created_checked_changed_and_deleted(client: Client) -> None:
    (embedded,) = client.destinations.list()
    assert embedded.check().wait().succeeded
    with pytest.raises(InvalidValuesError, match="host"):
        client.destinations.create("postgres", name="Mine")
    with pytest.raises(InvalidInputError, match="Did you mean 'postgres'"):
        client.destinations.create("postgress", name="Mine")
    embedded.delete()
    assert len(client.destinations.list()) == 0

    mine = client.destinations.create("postgres", name="Mine", properties=POSTGRES)

    assert client.connection_checks.wait(destination_id=mine.id).succeeded
    assert mine.update(properties={"port": "5433"}).refresh().properties["port"] == "5433"
    assert "password" not in mine.refresh().properties
    with pytest.raises(InvalidValuesError, match="ssl"):
        mine.update(properties={"ssl": "perhaps"})
    assert client.destinations.to_frame()["name"].tolist() == ["Mine"]


def test_a_jobs_log_is_had_and_an_unknown_jobs_is_not(client: Client) -> None:
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    source.check().wait()
    job = source.select("accounts").start_job()
    job.wait()

    assert "accounts" in job.log()
    with pytest.raises(NotFoundError):
        client.extractions.log(f"{client.client_id}.1.sync.nothing")
    token = client.sandbox.token.reveal()
    assert token not in job.log()


def test_an_address_is_told_until_it_is_not(client: Client) -> None:
    emails = client.notifications.emails
    with pytest.raises(BadRequestError, match="valid email address"):
        emails.create("nobody")

    created = emails.create("someone@example.com")

    assert not emails.disable(created.id).enabled
    assert emails.to_frame()["enabled"].tolist() == [False]
    assert emails.enable(created.id).enabled
    assert emails.list()[0].email_address == "someone@example.com"
    emails.delete(created.id)
    assert emails.list() == []
    with pytest.raises(NotFoundError):
        emails.delete(created.id)


def test_a_hook_is_called_until_it_is_not(client: Client) -> None:
    hooks = client.notifications.hooks
    destination_id = client.destinations.list()[0].id

    created = hooks.create("https://hooks.example.com/load", destination_id=destination_id)

    assert not hooks.disable(created.id).enabled
    assert hooks.to_frame()["enabled"].tolist() == [False]
    assert hooks.enable(created.id).enabled
    assert hooks.list()[0].url == "https://hooks.example.com/load"
    hooks.delete(created.id)
    assert hooks.list() == []


def test_the_eleventh_address_and_hook_are_refused(client: Client) -> None:
    destination_id = client.destinations.list()[0].id
    for number in range(10):
        client.notifications.emails.create(f"person{number}@example.com")
        client.notifications.hooks.create(f"https://hooks.example.com/{number}", destination_id=destination_id)

    with pytest.raises(BadRequestError, match="not authorized to create additional"):
        client.notifications.emails.create("one-more@example.com")
    with pytest.raises(BadRequestError, match="limit of 10 hooks"):
        client.notifications.hooks.create("https://hooks.example.com/x", destination_id=destination_id)


def test_rows_are_pushed_with_a_token_of_their_own(client: Client) -> None:
    source = client.sources.create("import_api", display_name="Imported")
    token = client.import_tokens.create(source.id)
    assert client.import_tokens.to_frame(source.id)["id"].tolist() == [token.id]
    with pytest.raises(InvalidInputError, match="shows a token only once"):
        ImportClient(client.import_tokens.list(source.id)[0])

    with ImportClient(token, base_url=client.base_url) as importer:
        assert importer.status().is_ok
        assert importer.batch("people", [{"id": 1, "name": "A"}], schema=SCHEMA, key_names=["id"]).status == "OK"
        message = {
            "client_id": client.client_id,
            "table_name": "people",
            "key_names": ["id"],
            "action": "upsert",
            "sequence": 7,
            "data": {"id": 2},
        }
        assert importer.validate([message]).status == "OK"
        assert importer.push([message]).status == "OK"
        with pytest.raises(BadRequestError, match="Record 0 did not conform to schema"):
            importer.batch("people", [{"id": "x"}], schema=SCHEMA)
        assert client.import_tokens.delete(source.id, token.id).refresh().id == source.id
        with pytest.raises(AuthenticationError, match=r"import_tokens\.create"):
            importer.push([message])
        assert token.access_token.reveal() not in repr([vars(one) for one in importer.journal])  # type: ignore[union-attr]


def test_many_streams_are_selected_in_one_request(client: Client) -> None:
    source = client.sources.create("platform.recurly", display_name="Recurly", properties=RECURLY)
    source.check().wait()
    names = [stream.tap_stream_id for stream in source.streams()]
    chosen = [stitchnb.models.Selection.of(name, {(): {"selected": True}}) for name in names]

    client.streams.update(source.id, chosen)

    assert all(stream.selected for stream in source.streams())


def test_an_account_is_created_and_its_token_works(client: Client) -> None:
    form: dict[str, Any] = {
        "partner_id": "p",
        "partner_secret": "s",
        "first_name": "A",
        "last_name": "B",
        "company": "C",
        "email": "a@example.com",
    }

    account = create_account(**form, base_url=client.base_url)

    with Client(account.access_token, base_url=client.base_url) as other:
        assert other.sources.list() == []
    with pytest.raises(BadRequestError, match="already associated"):
        client.account.create(**form)
    with Client(client.account.create_ephemeral_token().ephemeral_token, base_url=client.base_url) as brief:
        assert brief.sources.list() == []
