"""A load into PostgreSQL that fails leaves nothing behind, says why, and the next one does what it did not."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pipeline_messages as messages
import psycopg
import pytest
from postgres_server import PASSWORD, PostgresServer

from stitchnb.errors import InvalidInputError
from stitchnb.sandbox.pipeline import WarehouseError
from stitchnb.sandbox.warehouses.postgres.warehouse import Postgres
from stitchnb.sandbox.warehouses.tables import Writer

pytestmark = pytest.mark.parametrize("kind", ["postgres"], indirect=True)

Connection = psycopg.Connection[Any]
RECORDS = [{"id": 1, "name": "Ada", "tags": ["b"]}, {"id": 3, "name": "Cy"}]


@pytest.fixture
def owner(warehouse: Any, postgres_server: PostgresServer) -> Iterator[Connection]:
    """A connection of the database's owner, who goes in between."""
    with postgres_server.connect(warehouse.database.name) as connection:
        yield connection


@contextmanager
def at_the_insert(act: Callable[[], object]) -> Iterator[None]:
    """Let something happen in the middle of a load, once rows are deleted and before the new ones are inserted."""
    insert = Writer.insert_top

    def act_first(writer: Writer, top: Any) -> None:
        act()
        insert(writer, top)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Writer, "insert_top", act_first)
        yield


def test_a_locked_table_is_waited_for_and_then_said(load: Any, warehouse: Any, owner: Connection) -> None:
    load([{"id": 1}, {"id": 2}])
    with owner.transaction():
        owner.execute("LOCK TABLE recurly.people IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(WarehouseError, match=f"lock timeout\n{messages.LOCKED}"):
            load(RECORDS)
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]
    assert load(RECORDS).rows_loaded == 2


def test_a_connection_that_is_lost_in_the_middle(load: Any, warehouse: Any, owner: Connection) -> None:
    load([{"id": 1}, {"id": 2}])
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stitchnb'"
    with (
        at_the_insert(lambda: owner.execute(end)),
        pytest.raises(WarehouseError, match=messages.NOTHING_LOADED.format(".*people of database .*: .*connection")),
    ):
        load(RECORDS)
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]
    load(RECORDS)
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2, 3]


def test_a_disk_that_is_full(load: Any, warehouse: Any) -> None:
    load([{"id": 1}, {"id": 2}])
    warehouse.sql(
        "CREATE FUNCTION recurly.fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION "
        "'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$; "
        "CREATE TRIGGER full_disk AFTER INSERT ON recurly.people EXECUTE FUNCTION recurly.fill()"
    )
    with pytest.raises(WarehouseError, match="No space left on device"):
        load(RECORDS)
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2]
    assert "people__tags" not in warehouse.tables()["table"].tolist()


CHILD = """
import sys
from datetime import UTC, datetime
from stitchnb.sandbox.pipeline import Batch, LoadBatch, SelectedStream
from stitchnb.sandbox.warehouses.postgres.warehouse import Postgres
from stitchnb.sandbox.warehouses.tables import Writer
insert = Writer.insert_top
def halt(writer, top):
    insert(writer, top); print("halfway", flush=True); sys.stdin.read()
Writer.insert_top = halt
now = datetime(2026, 3, 1, tzinfo=UTC)
stream = SelectedStream("people", "people", {}, ("id",))
batch = Batch(stream, [{"id": n} for n in range(1000)], now)
Postgres().open(%r).load(LoadBatch("recurly", "people", batch, 2_000_000_000_000_000_000, now, now, 1))
"""


def test_a_process_that_is_killed_in_the_middle(load: Any, warehouse: Any, database_properties: dict[str, str]) -> None:
    load([{"id": 1}, {"id": 5000}])
    with subprocess.Popen(
        [sys.executable, "-c", CHILD % database_properties], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "halfway\n"
        child.kill()
    load([{"id": n} for n in range(1000)])
    assert warehouse.table("recurly.people")["id"].tolist() == [*range(1000), 5000]


def test_a_reader_sees_the_rows_of_before_while_a_load_is_under_way(load: Any, warehouse: Any) -> None:
    load([{"id": 1}, {"id": 2}])
    seen: list[list[int]] = []
    with at_the_insert(lambda: seen.append(warehouse.table("recurly.people")["id"].tolist())):
        load([{"id": 1}, {"id": 3}])
    assert seen == [[1, 2]]
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2, 3]


@pytest.fixture
def impatient(warehouse: Any, owner: Connection) -> Iterator[None]:
    """The database gives up at once where something is locked, unless a session says otherwise."""
    change = f"ALTER DATABASE {warehouse.database.name}"
    owner.execute(f"{change} SET lock_timeout = 1".encode())
    yield
    owner.execute(f"{change} RESET lock_timeout".encode())


@pytest.mark.usefixtures("impatient")
def test_loads_into_one_schema_wait_for_each_other_and_others_do_not(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    second = threading.Thread(target=load, args=([{"id": 2}],))

    def meanwhile() -> None:
        if not second.ident:
            second.start()
            second.join(0.5)
            assert second.is_alive(), "longer than somebody else's lock is waited for"
            load([{"id": 1}], source="shop")

    with at_the_insert(meanwhile):
        load([{"id": 3}])
        second.join()
    assert warehouse.table("recurly.people")["id"].tolist() == [1, 2, 3]
    assert warehouse.table("shop.people")["id"].tolist() == [1]


@pytest.fixture
def reader(owner: Connection) -> Iterator[dict[str, str]]:
    """A user who may connect and make nothing."""
    owner.execute("CREATE ROLE reader LOGIN PASSWORD 'r3ad-only'")
    yield {"username": "reader", "password": "r3ad-only"}
    owner.execute("DROP OWNED BY reader")
    owner.execute("DROP ROLE reader")


def test_a_user_without_the_right_is_told_of_it(
    load: Any, warehouse: Any, reader: dict[str, str], database_properties: dict[str, str], owner: Connection
) -> None:
    with pytest.raises(WarehouseError, match=r"^ERROR:  permission denied for database \w+$"):
        Postgres().check({**database_properties, **reader})
    load([{"id": 1}])
    owner.execute("GRANT USAGE ON SCHEMA recurly, _stitchnb TO reader")
    load.warehouse = Postgres().open({**database_properties, **reader})
    with pytest.raises(
        WarehouseError, match=messages.NOTHING_LOADED.format(".*: ERROR:  permission denied for table tables")
    ):
        load([{"id": 2}])
    assert warehouse.table("recurly.people")["id"].tolist() == [1]


REFUSED = [
    ({"password": "wr0ng-word"}, r"^FATAL:  password authentication failed for user \"postgres\"$"),
    ({"database": "nowhere"}, r"^FATAL:  database \"nowhere\" does not exist$"),
    ({"port": "1"}, "Connection refused"),
    ({"ssl": "true"}, "server does not support SSL, but SSL was required"),
    ({"ssl": "true", "sslrootcert": "no certificate"}, "server does not support SSL, but SSL was required"),
    ({"encryption_type": "ssh"}, messages.NO_SSH_TUNNEL),
]


@pytest.mark.parametrize(("bad", "message"), REFUSED, ids=[" ".join(bad) for bad, _ in REFUSED])
def test_what_does_not_connect_is_told_in_the_server_s_words(
    warehouse: Any, database_properties: dict[str, str], bad: dict[str, str], message: str
) -> None:
    properties = {**database_properties, **bad}
    with pytest.raises(WarehouseError, match=message) as caught:
        Postgres().check(properties)
    assert properties["password"] not in str(caught.value)


def test_a_good_check_leaves_nothing_behind(facts: Any, database_properties: dict[str, str]) -> None:
    before = facts.warehouse.sql("SELECT nspname FROM pg_namespace ORDER BY 1")["nspname"].tolist()
    Postgres().check(database_properties)
    assert facts.warehouse.sql("SELECT nspname FROM pg_namespace ORDER BY 1")["nspname"].tolist() == before


def test_a_password_in_an_error_is_hidden(load: Any, warehouse: Any) -> None:
    load([{"id": 1}])
    with pytest.raises(WarehouseError, match=r"\[hidden\]") as caught:
        warehouse.sql(f"""DO $$ BEGIN RAISE EXCEPTION '%', $word${PASSWORD}$word$; END $$""")
    assert PASSWORD not in str(caught.value)


def test_without_psycopg_it_says_how_to_install_it(
    load: Any, database_properties: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for use in (lambda: load([]), lambda: Postgres().check(database_properties)):
        with pytest.raises(WarehouseError, match=messages.INSTALL_PSYCOPG):
            use()


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_lock_timeout_is_more_than_nothing(warehouse: Any, seconds: float) -> None:
    with pytest.raises(InvalidInputError, match="lock_timeout_s"):
        Postgres(lock_timeout_s=seconds)


def test_a_key_that_no_index_holds_fails_the_load_in_the_server_s_words(load: Any, warehouse: Any) -> None:
    load([{"id": "a"}])
    long = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))
    with pytest.raises(WarehouseError, match="index row requires"):
        load([{"id": long}, {"id": "b"}])
    assert warehouse.table("recurly.people")["id"].tolist() == ["a"]
