"""Taps that are missing, die, hang, flood or say rubbish: each ends with its process, and a message that says which."""

import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pipeline_messages as messages
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polling import wait_until
from singer_taps import NOW, Taps, records, run, selected

from stitchnb.sandbox.connectors.singer import process as singer_process
from stitchnb.sandbox.connectors.singer.connector import Singer
from stitchnb.sandbox.connectors.singer.process import SecretRedactor, TapError
from stitchnb.sandbox.pipeline import Batch, ConnectorError, Context

# What is not ended would go on for 600 seconds.
AT_ONCE_S = 300
ONE_ROW = """
    discover()
    schema("things", THINGS)
    record("things", id=1)
    say(type="STATE", value=1)
"""


def failing(tap: Singer, properties: dict[str, Any] | None = None) -> tuple[list[Batch], TapError]:
    """What a run gives before it fails, and how it fails."""
    properties = properties or {}
    streams = [selected(found) for found in tap.discover(properties)]
    come: list[Batch] = []
    with pytest.raises(TapError) as caught:
        come.extend(tap.extract(properties, streams, {}, NOW))
    return come, caught.value


@pytest.mark.parametrize(
    ("body", "message", "status"),
    [
        ("sys.exit(3)", f"{messages.TAP_FAILED.format(3)}. {messages.TAP_WROTE_NO_STDERR}", 3),
        ("log('CRITICAL quota used up')\nsys.exit(1)", messages.TAP_FAILED.format(1) + ".\nCRITICAL quota used up", 1),
        ("os.kill(os.getpid(), 9)", "it was killed by SIGKILL. It wrote nothing", -9),
        ("raise ValueError('no such thing')", "ValueError: no such thing", 1),
        ("print('Loading...')", f"it wrote {messages.TAP_TEXT_NOT_JSON} (line 4 of its output: 'Loading...')", None),
        (
            "print('{\"type\": \"REC')",
            f"it wrote {messages.TAP_TEXT_NOT_JSON} (line 4 of its output: '{{\"type\": \"REC')",
            None,
        ),
        ("sys.stdout.buffer.write(b'\\xff\\n')", "it wrote text that is not UTF-8", None),
        ("say(type='BATCH', stream='things')", messages.TAP_BATCH_MESSAGE, None),
        ("record('others', id=1)", "of the stream 'others', which is not in its catalog: it has things", None),
        ("record('thing', id=1)", "of the stream 'thing', which is not in its catalog: it has things", None),
        ("sys.stdout.write('x' * 3_000_000)", "it wrote a line of more than 1 MB and was ended", None),
        ("be_silent()", messages.TAP_SILENT, None),
        ("os.close(1)\nos.close(2)\nbe_silent()", "it closed its output, did not end within 300 s", None),
        ("while True: log('x' * 1_000)", "it wrote more than 1 MB to standard error between two messages", None),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("silence_clock")
def test_what_came_before_a_failure_is_delivered_and_then_the_failure_told(
    taps: Taps, monkeypatch: pytest.MonkeyPatch, body: str, message: str, status: int | None
) -> None:
    monkeypatch.setattr(singer_process, "MAX_LINE_BYTES", 1_000_000)
    monkeypatch.setattr(singer_process, "_MAX_STDERR_BYTES", 1_000_000)
    lines = "\n".join("    " + line for line in body.split("\n"))
    tap = Singer(taps.write("tap-bad", ONE_ROW + lines))
    before = time.monotonic()
    come, error = failing(tap)

    assert time.monotonic() - before < AT_ONCE_S
    assert records(come) == [{"id": 1}]
    assert come[0].bookmark["singer_state"] == 1
    assert str(error).startswith("tap-bad, extraction: ")
    assert message in str(error)
    assert error.exit_status == status


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("print('Hello')", "its discovery did not print JSON"),
        ("", "its discovery did not print JSON"),
        ("print('[]')", "without a list of 'streams'"),
        ("log('FATAL: password authentication failed')\nsys.exit(1)", "exit status 1.\nFATAL: password authentication"),
        ("be_silent()", messages.TAP_SILENT),
        ("while True: print('x' * 100_000)", "it wrote more than 1 MB and was ended"),
    ],
)
@pytest.mark.usefixtures("silence_clock")
def test_a_discovery_that_fails_is_a_failed_check(
    taps: Taps, monkeypatch: pytest.MonkeyPatch, body: str, message: str
) -> None:
    monkeypatch.setattr("stitchnb.sandbox.connectors.singer.connector._MAX_CATALOG_BYTES", 1_000_000)
    tap = Singer(taps.write("tap-bad", body))
    with pytest.raises(ConnectorError) as caught:
        tap.check({})
    assert str(caught.value).startswith("tap-bad, discovery: ")
    assert message in str(caught.value)


@pytest.mark.usefixtures("silence_clock")
def test_a_discovery_that_speaks_without_end_is_ended(taps: Taps) -> None:
    body = """
        import threading
        log("still busy")
        threading.Thread(target=be_silent).start()
        while True:
            log("still busy")
            time.sleep(0.1)
    """
    with pytest.raises(ConnectorError, match=r"it did not finish within 900 s and was ended\.\nstill busy"):
        Singer(taps.write("tap-bad", body), silence_s=1_000_000).check({})


def test_a_record_before_its_schema_is_refused(taps: Taps) -> None:
    _, error = failing(Singer(taps.write("tap-bad", 'discover()\nrecord("things", id=1)')))
    assert "a RECORD of the stream 'things' before its SCHEMA (line 1 of its output:" in str(error)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("tap-shpo", messages.TAP_NOT_FOUND.format("tap-shpo") + " Did you mean tap-shop?"),
        ("shop", "Did you mean tap-shop?"),
        ("tap-qqq", "There are tap-"),
    ],
)
def test_a_tap_that_is_not_on_path_is_told_with_the_near_ones(taps: Taps, name: str, message: str) -> None:
    taps.write("tap-shop", "discover()")
    taps.write("tap-weather", "discover()")
    with pytest.raises(ConnectorError) as caught:
        Singer(name).check({})
    assert message in str(caught.value)
    assert 'python=".../bin/python"' in str(caught.value)


def test_no_tap_at_all_is_told_too(taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(taps.folder))
    with pytest.raises(ConnectorError, match="No program on PATH begins with tap-"):
        Singer("tap-shop").check({})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#!/nowhere/python\n", "could not be run: No such file or directory"),
        ("\0\0\0\0", "could not be run: Exec format error"),
    ],
)
def test_a_program_that_cannot_be_run_is_told(taps: Taps, text: str, message: str) -> None:
    with pytest.raises(ConnectorError, match=message):
        Singer(taps.program("tap-bad", text)).check({})


def test_a_path_without_a_program_is_told(taps: Taps) -> None:
    with pytest.raises(ConnectorError, match="There is no program /nowhere/tap-shop"):
        Singer("/nowhere/tap-shop").check({})


FAMILY = """
    discover()
    import subprocess
    child = subprocess.Popen([sys.executable, "-c", "import signal, sys, time\\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\\nprint('up', file=sys.stderr, flush=True)\\ntime.sleep(600)",
        HERE])
    schema("things", THINGS)
"""


def wait_for_one(taps: Taps) -> None:
    wait_until(taps.running, what="the start of the tap")


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ("sys.exit(2)", "exit status 2"),
        ("be_silent()", messages.TAP_SILENT),
        ("say(rubbish=1); time.sleep(600)", messages.TAP_NO_MESSAGE_TYPE),
    ],
)
@pytest.mark.usefixtures("silence_clock")
def test_what_a_tap_has_started_ends_with_it(taps: Taps, end: str, message: str) -> None:
    tap = Singer(taps.write("tap-family", FAMILY + "    " + end))
    _, error = failing(tap)
    assert message in str(error)
    assert taps.still_running() == []


def test_what_a_good_tap_leaves_running_does_not_hold_the_run_up(taps: Taps) -> None:
    before = time.monotonic()
    assert records(run(Singer(taps.write("tap-family", FAMILY + '    record("things", id=1)')))) == [{"id": 1}]
    assert time.monotonic() - before < AT_ONCE_S
    assert taps.still_running() == []


def extraction(tap: Singer, context: Context | None = None) -> Iterator[Batch]:
    streams = [selected(found) for found in tap.discover({})]
    tap.check({})
    return tap.extract({}, streams, {}, NOW, context)


def test_closing_the_generator_ends_the_tap_at_once(taps: Taps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stitchnb.sandbox.connectors.singer.messages.BATCH_SIZE", 1)
    tap = Singer(taps.write("tap-long", ONE_ROW + '    record("things", id=2)\n    time.sleep(600)'))
    batches = extraction(tap)
    next(batches)
    before = time.monotonic()
    batches.close()  # type: ignore[attr-defined]
    assert time.monotonic() - before < AT_ONCE_S
    assert taps.still_running() == []


@pytest.mark.parametrize("deafness", ["", "    import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"])
def test_a_stop_from_another_thread_breaks_off_the_waiting(taps: Taps, deafness: str) -> None:
    tap = Singer(taps.write("tap-long", "    discover()\n" + deafness + '    log("up")\n    time.sleep(600)'))
    context = Context()
    batches = extraction(tap, context)
    timer = threading.Thread(target=lambda: (wait_for_one(taps), context.stop.set()))
    timer.start()
    before = time.monotonic()
    assert list(batches) == []
    timer.join()
    assert time.monotonic() - before < AT_ONCE_S
    assert taps.still_running() == []


def test_a_discovery_can_be_stopped_too(taps: Taps) -> None:
    tap = Singer(taps.write("tap-long", "time.sleep(600)"))
    context = Context()
    timer = threading.Thread(target=lambda: (wait_for_one(taps), context.stop.set()))
    timer.start()
    with pytest.raises(ConnectorError, match="it was stopped"):
        tap.check({}, context)
    timer.join()


def test_a_tap_that_is_stopped_before_it_begins_says_nothing(taps: Taps) -> None:
    tap = Singer(taps.write("tap-long", ONE_ROW + "    time.sleep(600)"))
    context = Context()
    batches = extraction(tap, context)
    context.stop.set()
    assert list(batches) == []


def test_memory_does_not_grow_with_the_rows(taps: Taps) -> None:
    tap = Singer(
        taps.write(
            "tap-much",
            """
            discover()
            schema("things", THINGS)
            line = json.dumps({"type": "RECORD", "stream": "things", "record": {"id": 1, "name": "x" * 2_000}}) + "\\n"
            for _ in range(int(config["thousands"])):
                sys.stdout.write(line * 1_000)
            """,
        )
    )

    def peak(thousands: int) -> int:
        (found,) = tap.discover({"thousands": thousands})
        process, most, rows = psutil.Process(), 0, 0
        for batch in tap.extract({"thousands": thousands}, [selected(found)], {}, NOW):
            rows += len(batch.records)
            most = max(most, process.memory_info().rss)
        assert rows == thousands * 1_000
        return most

    few, many = peak(30), peak(120)
    assert many - few < 50_000_000, "180 MB of text more"


SECRETS = {"api_key": "s3cr3t/key+", "nested": {"refresh_token": ["t0ken one", 123456]}, "username": "someone"}


@pytest.mark.parametrize(
    "said",
    [
        "401 for key s3cr3t/key+",
        "GET /?key=s3cr3t%2Fkey%2B HTTP/1.1",
        "token=t0ken+one",
        "the number 123456",
        "Authorization: Basic " + b64encode(b"s3cr3t/key+:").decode(),
        "Authorization: Basic " + b64encode(b"someone:s3cr3t/key+").decode(),
    ],
)
@pytest.mark.parametrize("where", ["log({0!r})\nsys.exit(1)", "discover()\nprint({0!r})"])
def test_no_message_holds_a_credential(taps: Taps, said: str, where: str) -> None:
    tap = Singer(taps.write("tap-bad", where.format(said)))
    with pytest.raises(ConnectorError) as caught:
        run(tap, SECRETS)
    told = str(caught.value)
    assert "[hidden]" in told
    for secret in ("s3cr3t", "t0ken", "123456", "c2VjcjN0", b64encode(b"s3cr3t").decode()[:7]):
        assert secret not in told


def test_a_key_of_several_lines_is_hidden_line_by_line() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n9w0BAQEFAASCBKcwggSj\n-----END PRIVATE KEY-----\n"
    told = SecretRedactor([{"private_key": key}]).hide("cannot read\n9w0BAQEFAASCBKcwggSj\n-----END")
    assert "9w0BAQ" not in told


@pytest.mark.parametrize(
    ("name", "is_secret"),
    [
        *(
            (name, True)
            for name in ("api_key", "APIKey", "db_password", "key", "private_keys", "Authorization", "pat_token")
        ),
        *((name, False) for name in ("replication_key", "primary_keys", "author", "keywords", "auth_method", "host")),
    ],
)
def test_a_credential_is_told_by_its_name(name: str, is_secret: bool) -> None:
    assert (SecretRedactor([{name: "updated_at"}]).hide("by updated_at") == "by [hidden]") is is_secret


@given(st.text(min_size=4, max_size=30), st.text(max_size=10), st.text(max_size=10))
def test_no_credential_is_left_in_any_text(secret: str, before: str, after: str) -> None:
    told = SecretRedactor([{"password": secret}]).hide(before + secret + after)
    assert secret not in told.replace("[hidden]", "")


def test_the_tail_of_much_that_was_written_is_told(taps: Taps) -> None:
    tap = Singer(taps.write("tap-bad", 'for number in range(50_000): log(f"line {number}")\nsys.exit(1)'))
    with pytest.raises(ConnectorError) as caught:
        tap.check({})
    lines = str(caught.value).split("\n")
    assert lines[-1] == "line 49999"
    assert len(lines) < 30


def test_the_end_of_a_credential_whose_beginning_is_cut_off_is_not_told(taps: Taps) -> None:
    tap = Singer(taps.write("tap-bad", 'log("k3y" * 40_000)\nlog("and then")\nsys.exit(1)'))
    with pytest.raises(ConnectorError) as caught:
        tap.check({"api_key": "k3y" * 40_000})
    assert str(caught.value).endswith("exit status 1.\nand then")
