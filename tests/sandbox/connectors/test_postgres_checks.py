"""What a real PostgreSQL says to a form's values, in its own words and without a credential."""

import sys
from typing import Any

import httpx
import pipeline_messages as messages
import pytest
from postgres_server import PASSWORD, Database, PostgresServer

from stitchnb.sandbox import Sandbox, connectors
from stitchnb.sandbox.connectors.postgres.connector import Postgres
from stitchnb.sandbox.pipeline import ConnectorError


def refusal(properties: dict[str, str]) -> str:
    with pytest.raises(ConnectorError) as refused:
        Postgres().check(properties)
    return str(refused.value)


def test_values_that_connect_pass(database: Database) -> None:
    Postgres().check(database.properties())


def test_a_wrong_password_is_told_as_documented_and_not_repeated(postgres_server: PostgresServer) -> None:
    message = refusal(postgres_server.properties(password="hunter2 hunter2"))

    assert message == 'FATAL:  password authentication failed for user "postgres"'


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            {"user": "nobody"}, 'FATAL:  password authentication failed for user "nobody"', id="an unknown user"
        ),
        pytest.param({"dbname": "nowhere"}, 'FATAL:  database "nowhere" does not exist', id="an unknown database"),
        pytest.param({"ssl": "true"}, "server does not support SSL, but SSL was required", id="TLS refused"),
        pytest.param({"port": "1"}, "Connection refused", id="nobody listens"),
        pytest.param({"port": "70000"}, 'invalid port number: "70000"', id="no port"),
        # An address of this machine on an interface that it does not have: nothing asks outside.
        pytest.param({"host": "::1%nowhere"}, "Name or service not known", id="an unknown host"),
        pytest.param({"filter_dbs": "postgres, nowhere"}, 'database "nowhere" does not exist', id="one more database"),
        pytest.param({"ssh": "true"}, messages.NO_SSH_TUNNEL, id="a tunnel"),
    ],
)
def test_what_does_not_connect_says_why(
    postgres_server: PostgresServer, changed: dict[str, str], expected: str
) -> None:
    message = refusal(postgres_server.properties(**changed))

    assert expected in message
    assert PASSWORD not in message


def test_a_password_that_was_typed_as_a_name_too_is_hidden(postgres_server: PostgresServer) -> None:
    message = refusal(postgres_server.properties(user="twice the same", password="twice the same"))

    assert message == 'FATAL:  password authentication failed for user "[hidden]"'


def test_nothing_is_taken_from_the_environment(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)

    assert "no password supplied" in refusal(postgres_server.properties(password=""))


def test_without_psycopg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)

    assert "pip install 'stitchnb[postgres]'" in refusal({"host": "127.0.0.1"})


def test_a_failed_check_shows_in_the_api_as_documented(
    api: httpx.Client, sandbox: Sandbox, postgres_server: PostgresServer
) -> None:
    sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
    body = {
        "type": "platform.hp-postgres",
        "display_name": "Shop",
        "properties": {**postgres_server.properties(password="wrong horse"), "frequency_in_minutes": "30"},
    }
    created: dict[str, Any] = api.post("/v4/sources", json=body).json()
    sandbox.wait_idle()

    check = api.get(f"/v4/sources/{created['id']}/last-connection-check").json()
    assert (check["status"], check["check_exit_status"], check["discovery_exit_status"]) == ("failed", None, 1)
    assert check["discovery_error_message"] == 'FATAL:  password authentication failed for user "postgres"'
    assert api.get(f"/v4/sources/{created['id']}").json()["report_card"]["current_step_type"] == "discover_schema"
