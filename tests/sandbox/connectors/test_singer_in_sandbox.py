"""A source type of a sandbox bound to a tap, or to a folder of files: from the form to the rows, over real HTTP."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pipeline_messages as messages
import pytest
import recurly_facts as recurly
from polling import wait_until
from singer_taps import SHOP, Taps

import stitchnb
from stitchnb.sandbox.connectors import CsvFiles, Singer

TYPE = "platform.recurly"
PROPERTIES: dict[str, Any] = {**recurly.CREATE["properties"], "api_key": "s3cr3t-key"}


@pytest.fixture
def sandbox() -> Iterator[Any]:
    with stitchnb.Sandbox(clock=recurly.NOON, pace_s=0) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Any) -> Iterator[Any]:
    with sandbox.client() as client:
        yield client


@pytest.fixture
def shop(sandbox: Any, taps: Taps) -> None:
    taps.orders((1, "first", "01"), (2, "second", "02"))
    sandbox.connectors[TYPE] = Singer(taps.write("tap-shop", SHOP))


def created(sandbox: Any, client: Any) -> Any:
    """A source whose check has ended, and which is paused: it only runs when it is told to."""
    source = client.sources.create(TYPE, display_name="Shop", properties=PROPERTIES)
    sandbox.wait_idle()
    return source.pause()


def ran(sandbox: Any, source: Any) -> Any:
    """One job of the source, which has ended."""
    job = source.start_job()
    sandbox.wait_idle()
    return job


def extraction(source: Any) -> Any:
    (found,) = source.extractions()
    return found


def orders(sandbox: Any) -> list[Any]:
    found = sandbox.warehouse.sql("SELECT id, note FROM shop.orders ORDER BY id")
    return [tuple(row) for row in found.to_numpy().tolist()]


@pytest.mark.usefixtures("shop")
def test_a_tap_s_rows_land_and_later_runs_go_on_where_it_said(sandbox: Any, client: Any, taps: Taps) -> None:
    source = created(sandbox, client)
    assert [stream.stream_name for stream in source.streams()] == ["orders", "countries"]
    source.select("orders", ["note"])
    source.select("countries", ["name"])
    ran(sandbox, source)

    assert orders(sandbox) == [(1, "first"), (2, "second")]
    assert sandbox.warehouse.table("shop.countries")["name"].tolist() == ["Spain", "New Zealand"]
    assert taps.runs[-1]["options"]["--config"]["api_key"] == "s3cr3t-key"

    taps.orders((1, "first", "01"), (2, "changed", "03"), (3, "third", "04"))
    job = ran(sandbox, source)

    assert orders(sandbox) == [(1, "first"), (2, "changed"), (3, "third")]
    assert len(sandbox.warehouse.table("shop.countries")) == 2, "a full table is replaced"
    assert taps.runs[-1]["options"]["--state"]["bookmarks"]["orders"] == {"updated_at": "2026-01-02T00:00:00Z"}
    assert extraction(source).tap_exit_status == 0
    assert "INFO orders since 2026-01-02T00:00:00Z" in job.log()


@pytest.mark.usefixtures("shop")
def test_only_the_selected_fields_of_a_tap_land(sandbox: Any, client: Any) -> None:
    source = created(sandbox, client)
    source.select("orders")
    ran(sandbox, source)

    fields = [name for name in sandbox.warehouse.table("shop.orders").columns if not name.startswith("_sdc_")]
    assert fields == ["id", "updated_at"]
    assert sandbox.warehouse.tables()["table"].tolist() == ["orders"]


def test_a_tap_that_refuses_fails_the_check_in_its_own_words(sandbox: Any, client: Any, taps: Taps) -> None:
    refusing = "log('401: key ' + config['api_key'] + ' was refused')\nsys.exit(1)"
    sandbox.connectors[TYPE] = Singer(taps.write("tap-refusing", refusing))
    source = created(sandbox, client)

    assert source.report_card.current_step_type == "discover_schema"
    check = source.check()
    assert check.discovery_exit_status == 1
    assert check.discovery_error_message.endswith("exit status 1.\n401: key [hidden] was refused")


def test_a_tap_that_is_not_there_fails_the_check(sandbox: Any, client: Any, taps: Taps) -> None:
    taps.write("tap-shop", SHOP)
    sandbox.connectors[TYPE] = Singer("tap-shp")
    check = created(sandbox, client).check()
    assert "There is no tap-shp on PATH. Did you mean tap-shop?" in check.discovery_error_message


@pytest.mark.usefixtures("shop", "silence_clock")
@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("log('CRITICAL quota used up for ' + config['api_key'])\nsys.exit(3)", "CRITICAL quota used up for [hidden]"),
        ("print('rubbish')", "text that is not JSON (line 6 of its output: 'rubbish')"),
        ("be_silent()", "it wrote nothing for 300 s and was ended"),
        ("sys.stdout.write('x' * 25_000_000)", "it wrote a line of more than 20 MB and was ended"),
    ],
)
def test_what_a_tap_said_before_it_failed_is_loaded_and_the_extraction_tells_why(
    sandbox: Any, client: Any, taps: Taps, end: str, message: str
) -> None:
    source = created(sandbox, client)
    source.select("orders", ["note"])
    taps.write("tap-shop", SHOP.partition('schema("countries"')[0] + "log('on the way')\n" + end)
    sandbox.connectors[TYPE] = Singer("tap-shop")
    job = ran(sandbox, source)

    found = extraction(source)
    assert found.tap_exit_status not in (0, None)
    assert message in found.tap_description
    assert "s3cr3t-key" not in found.tap_description
    assert message in job.log()
    assert "s3cr3t-key" not in job.log()
    assert orders(sandbox) == [(1, "first"), (2, "second")]

    taps.write("tap-shop", SHOP)
    ran(sandbox, source)
    assert extraction(source).tap_exit_status == 0, "the sandbox goes on"
    assert taps.runs[-1]["options"]["--state"]["bookmarks"]["orders"] == {"updated_at": "2026-01-02T00:00:00Z"}


@pytest.mark.usefixtures("shop")
def test_a_job_is_stopped_while_its_tap_says_nothing(sandbox: Any, client: Any, taps: Taps) -> None:
    source = created(sandbox, client)
    source.select("orders", ["note"])
    taps.write("tap-shop", SHOP + "time.sleep(600)")
    source.start_job()
    before = len(taps.runs)
    wait_until(lambda: len(taps.runs) > before and "--catalog" in taps.runs[-1]["options"])
    source.stop_job()
    sandbox.wait_idle()

    assert extraction(source).tap_description == "Terminated"
    assert taps.still_running() == []


def test_the_files_of_a_folder_land(sandbox: Any, client: Any, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text('id,note,price\n1,first,1.5\n2,"",\n')
    sandbox.connectors[TYPE] = CsvFiles(tmp_path, keys={"orders": ["id"]})
    source = created(sandbox, client)
    source.select("orders", ["note", "price"])
    ran(sandbox, source)
    assert orders(sandbox) == [(1, "first"), (2, "")]
    assert sandbox.warehouse.sql("SELECT sum(price) AS total FROM shop.orders")["total"].tolist() == [1.5]

    file.write_text("id,note,price\n")
    ran(sandbox, source)
    assert orders(sandbox) == [], "the file is empty now"


def test_a_file_with_a_broken_line_fails_the_job_with_the_line(sandbox: Any, client: Any, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("id,note\n1,first\n")
    sandbox.connectors[TYPE] = CsvFiles(tmp_path)
    source = created(sandbox, client)
    source.select("orders", ["id", "note"])
    file.write_text("id,note\n1,first\n2\n")
    ran(sandbox, source)
    assert extraction(source).tap_description == f"orders.csv: {messages.CSV_LINE_TOO_SHORT}."
