"""A sandbox whose destinations are real: from the form over the check to the rows, read back with psycopg."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import counting_jobs
import httpx
import pipeline_messages as messages
import psycopg
import pytest
from import_requests import batch, message
from postgres_server import PASSWORD, USER, Database

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox import Sandbox, connectors, warehouses
from stitchnb.sandbox.jobs.loading import DestinationWarehouses
from stitchnb.sandbox.warehouses.duckdb.warehouse import DuckDBWarehouse

COUNTS = "SELECT (SELECT count(*) FROM recurly.accounts), (SELECT count(DISTINCT id) FROM recurly.accounts)"


def form(database: Database, **changes: str) -> dict[str, str]:
    own = {"host": "127.0.0.1", "port": str(database.server.port), "database": database.name}
    return {**own, "username": USER, "password": PASSWORD, "encryption_type": "none", "ssl": "false", **changes}


@pytest.fixture
def create(api: httpx.Client, sandbox: Sandbox) -> Callable[..., int]:
    """Creates a destination, waits for its check, and gives its id."""
    sandbox.warehouses["postgres"] = warehouses.Postgres(lock_timeout_s=0.2)

    def created(properties: dict[str, str], name: str = "Reporting") -> int:
        answer = api.post("/v4/destinations", json={"type": "postgres", "name": name, "properties": properties})
        assert answer.status_code == 200, answer.text
        sandbox.wait_idle()
        found: int = answer.json()["id"]
        return found

    return created


def run(api: httpx.Client, sandbox: Sandbox, source: dict[str, Any]) -> dict[str, Any]:
    """Run a job of a source; gives its extraction."""
    assert api.post(f"/v4/sources/{source['id']}/sync").status_code == 200
    sandbox.wait_idle()
    found: dict[str, Any] = api.get("/v4/116078/extractions").json()["data"][0]
    return found


def error_of(api: httpx.Client, stream: str) -> str | None:
    """What a stream's last load says went wrong."""
    (load,) = [load for load in api.get("/v4/116078/loads").json()["data"] if load["stream_name"] == stream]
    state = load["error_state"]
    return state and state["notification_data"]["warehouse_message"]


def check_of(api: httpx.Client, destination: int) -> tuple[str, int, str | None]:
    check = api.get(f"/v4/destinations/{destination}/last-connection-check").json()
    return check["status"], check["target_exit_status"], check["target_error_message"]


def landed(database: Database) -> int:
    """How many numbers are there by now."""
    with contextlib.suppress(psycopg.errors.UndefinedTable):
        ((count,),) = database.connection.execute("SELECT count(*) FROM counting.numbers").fetchall()
        return int(count)
    return 0


def test_rows_land_in_the_server_that_the_form_names(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int, create: Any, database: Database
) -> None:
    api.delete(f"/v4/destinations/{embedded}")
    destination = create(form(database))
    assert check_of(api, destination) == ("succeeded", 0, None)

    extraction = run(api, sandbox, configured)

    assert (extraction["tap_exit_status"], extraction["target_exit_status"]) == (0, 0)
    assert error_of(api, "accounts") is None
    ((rows, ids),) = database.connection.execute(COUNTS).fetchall()
    assert rows == ids > 100
    assert sandbox.warehouse.tables().empty
    there = sandbox.warehouses.of(destination)
    assert there.tables()["schema"].unique().tolist() == ["recurly"]
    assert len(there.table("recurly.accounts", ["id", "email"])) == rows
    assert there.sql("SELECT count(*) AS n FROM recurly.accounts")["n"].tolist() == [rows]


def test_the_next_job_updates_what_has_changed_and_doubles_nothing(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int, create: Any, database: Database
) -> None:
    create(form(database))
    run(api, sandbox, configured)
    sandbox.clock.advance(hours=3)
    run(api, sandbox, configured)

    ((rows, ids),) = database.connection.execute(COUNTS).fetchall()
    assert rows == ids == len(sandbox.warehouse.table("recurly.accounts"))


def test_an_unmapped_source_loads_into_every_destination_the_same(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int, create: Any, database: Database
) -> None:
    destination = create(form(database))
    create(form(database), name="The same once more")
    run(api, sandbox, configured)

    assert len(DestinationWarehouses(sandbox._ctx, configured["id"]).open()) == 2, "two destinations share a database"
    real, own = sandbox.warehouses.of(destination), sandbox.warehouses.of(embedded)
    assert own is sandbox.warehouse
    assert real.tables().equals(own.tables())
    for schema, table in own.tables()[["schema", "table"]].to_numpy():
        assert real.table(f"{schema}.{table}").astype("str").equals(own.table(f"{schema}.{table}").astype("str"))


def test_a_mapped_source_loads_into_its_destination_alone(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int, create: Any, database: Database
) -> None:
    destination = create(form(database))
    api.put(f"/v4/sources/{configured['id']}", json={"destination_id": embedded})
    run(api, sandbox, configured)
    assert sandbox.warehouses.of(destination).tables().empty

    api.put(f"/v4/sources/{configured['id']}", json={"destination_id": destination})
    sandbox.clock.advance(hours=2)
    run(api, sandbox, configured)
    assert not sandbox.warehouses.of(destination).tables().empty


def test_a_check_tells_the_server_s_words_and_never_the_password(
    api: httpx.Client, sandbox: Sandbox, create: Any, database: Database
) -> None:
    destination = create(form(database, password="wr0ng-word"))
    assert check_of(api, destination) == ("failed", 1, f'FATAL:  password authentication failed for user "{USER}"')
    api.put(f"/v4/destinations/{destination}", json={"properties": {"password": PASSWORD}})
    sandbox.wait_idle()
    assert check_of(api, destination) == ("succeeded", 0, None)


def test_a_destination_that_fails_keeps_the_bookmark_and_the_next_job_tries_again(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int, create: Any, database: Database
) -> None:
    create(form(database))
    database.run("CREATE SCHEMA recurly; CREATE TABLE recurly.accounts (mine int)")

    extraction = run(api, sandbox, configured)

    message = messages.NOT_MADE_BY_A_LOAD.format("recurly.accounts")
    assert (extraction["tap_exit_status"], extraction["target_exit_status"]) == (0, 1)
    assert extraction["target_description"] == error_of(api, "accounts") == message
    assert sandbox.warehouse.tables().empty, "the one with a server is asked first"

    database.run("DROP TABLE recurly.accounts")
    assert run(api, sandbox, configured)["target_exit_status"] == 0
    assert error_of(api, "accounts") is None
    ((rows, ids),) = database.connection.execute(COUNTS).fetchall()
    assert rows == ids == len(sandbox.warehouse.table("recurly.accounts"))


def test_a_server_that_is_gone_fails_the_load_with_its_place(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int, create: Any, database: Database
) -> None:
    api.delete(f"/v4/destinations/{embedded}")
    create(form(database, port="1"))

    extraction = run(api, sandbox, configured)

    message = extraction["target_description"]
    assert message.startswith(
        messages.NOTHING_LOADED.format(f"recurly.accounts of database {database.name} at 127.0.0.1:1: ")
    )
    assert "Connection refused" in message
    assert error_of(api, "accounts") == message
    log = httpx.get(api.get(f"/v4/116078/extractions/{extraction['job_name']}").headers["location"]).text
    assert "Connection refused" in log
    assert PASSWORD not in log


def test_what_comes_out_of_a_server_lands_in_another_as_it_was(
    api: httpx.Client, sandbox: Sandbox, create: Any, database: Database
) -> None:
    database.run(
        "CREATE TABLE goods (id int PRIMARY KEY, price numeric, rate float8, at timestamptz, name text, tags text[]);"
        "INSERT INTO goods VALUES (1, 123456789012345678901234567890123456789012345.5, 'Infinity', "
        "'2026-01-01 00:00+02', E'a\\tb\\\\c', '{x,y}'), (2, 'NaN', -0.0, NULL, '', '{}'), "
        "(3, 0, 0, 'infinity', NULL, NULL)"
    )
    sandbox.connectors["platform.hp-postgres"] = connectors.Postgres()
    destination = create(form(database))
    source = {**database.properties(), "frequency_in_minutes": "30"}
    body = {"type": "platform.hp-postgres", "display_name": "Shop", "properties": source, "destination_id": destination}
    created = api.post("/v4/sources", json=body).json()
    sandbox.wait_idle()
    told = {"selected": True, "replication-method": "FULL_TABLE"}
    stream = {
        "tap_stream_id": f"{database.name}-public-goods",
        "metadata": [{"breadcrumb": [], "metadata": told}],
    }
    api.put(f"/v4/sources/{created['id']}/streams/metadata", json={"streams": [stream]})

    assert run(api, sandbox, created)["target_exit_status"] == 0

    query = "SELECT id, price::text, rate::text, ({})::text, name FROM {}.goods WHERE id < 3 ORDER BY id"
    before = database.connection.execute(query.format("at AT TIME ZONE 'UTC'", "public").encode()).fetchall()
    assert database.connection.execute(query.format("at", "shop").encode()).fetchall() == before
    there = sandbox.warehouses.of(destination)
    assert there.table("shop.goods__tags")["value"].tolist() == ["x", "y"]
    assert there.table("shop._sdc_rejected")["reason"].tolist() == ["'infinity' is out of range for TIMESTAMP"]


def test_imports_land_in_it_as_well(
    sandbox: Sandbox, importing: dict[str, Any], gate: httpx.Client, create: Any, database: Database
) -> None:
    destination = create(form(database))
    messages = [message({"id": n % 2, "name": str(n), "tags": [n]}, n) for n in range(1, 5)]
    assert gate.post("/v2/import/batch", json=batch(*messages)).status_code == 201

    there = sandbox.warehouses.of(destination)
    schema = importing["name"]
    assert there.table(f"{schema}.people", ["id", "name"]).to_numpy().tolist() == [[0, "4"], [1, "3"]]
    assert there.table(f"{schema}.people__tags")["value"].tolist() == [4, 3]
    assert there.tables().equals(sandbox.warehouse.tables())


def test_a_reset_forgets_the_destination_and_leaves_its_rows(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], create: Any, database: Database
) -> None:
    create(form(database))
    run(api, sandbox, configured)
    sandbox.reset()
    ((rows, _),) = database.connection.execute(COUNTS).fetchall()
    assert rows > 100
    assert list(sandbox.warehouses.bound) == ["postgres"]


@pytest.mark.slow
def test_a_sandbox_killed_at_any_moment_loses_no_row_and_doubles_none(tmp_path: Path, database: Database) -> None:
    path = tmp_path / "acme.sandbox"
    source = {**database.properties(), "frequency_in_minutes": "30"}
    counting_jobs.create(path, form(database), source)
    command = [sys.executable, counting_jobs.__file__, path]
    left = [0]
    while left[-1] < counting_jobs.ROWS / 2:
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "running\n"
            while landed(database) < left[-1] + 200 and child.poll() is None:
                pass
            child.kill()
        left.append(landed(database))
    assert left[-1] < counting_jobs.ROWS, "it is still under way"

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "running\n0\n"
    for column, table in (("id", "numbers"), ("_sdc_source_key_id", "numbers__tags"), ("value", "numbers__tags")):
        found = database.connection.execute(f"SELECT {column} FROM counting.{table} ORDER BY 1".encode())
        assert [number for (number,) in found] == list(range(counting_jobs.ROWS))


class TestBindings:
    def test_an_unbound_type_and_the_embedded_destination_stay_with_the_embedded_warehouse(
        self, api: httpx.Client, sandbox: Sandbox, embedded: int, create: Any, database: Database
    ) -> None:
        destination = create(form(database))
        assert not isinstance(sandbox.warehouses.of(destination), DuckDBWarehouse)
        assert sandbox.warehouses.of(embedded) is sandbox.warehouse
        assert repr(sandbox.warehouses) == "Warehouses({'postgres': Postgres()})"

        del sandbox.warehouses["postgres"]
        assert sandbox.warehouses.of(destination) is sandbox.warehouse
        assert sandbox.warehouses["postgres"].open({}) is sandbox.warehouse
        assert sandbox.warehouses.bound == {}

    @pytest.mark.parametrize(
        "bad", [warehouses.Postgres, object(), None, "postgres"], ids=lambda bad: type(bad).__name__
    )
    def test_what_is_no_warehouse_cannot_be_bound(self, sandbox: Sandbox, bad: Any) -> None:
        with pytest.raises(InvalidInputError, match=r"the methods check and open, such as .*Postgres\(\)"):
            sandbox.warehouses["postgres"] = bad
        assert sandbox.warehouses.bound == {}

    def test_only_destination_types_can_be_bound(self, sandbox: Sandbox) -> None:
        with pytest.raises(
            InvalidInputError, match=r"There is no destination type 'mysql'\. It must be one of: .*postgres"
        ):
            sandbox.warehouses["mysql"] = warehouses.Postgres()

    def test_an_unknown_destination_is_named_with_those_that_there_are(self, sandbox: Sandbox, embedded: int) -> None:
        with pytest.raises(InvalidInputError, match=rf"There is no destination 7\. There are: {embedded} \("):
            sandbox.warehouses.of(7)
