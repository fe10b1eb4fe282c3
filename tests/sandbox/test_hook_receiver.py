"""The receiver of hooks that the sandbox brings along: what comes is told as it came, and nobody else gets in."""

import gc
import http.client
import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pandas as pd
import pytest

from stitchnb.errors import InvalidInputError, PortInUseError, WaitTimeoutError
from stitchnb.sandbox import HookReceiver, Sandbox

HOOKS = "/notifications/public/v1/api/hooks"
COLUMNS = {
    "source": "string",
    "stream": "string",
    "table": "string",
    "rows": "Int64",
    "rows_rejected": "Int64",
    "primary_keys": "string",
    "new_version": "boolean",
    "loaded_at": "datetime64[us, UTC]",
    "status": "int64",
}


@pytest.fixture
def receiver() -> Iterator[HookReceiver]:
    with HookReceiver() as made:
        yield made


def body(table: str = "orders", **change: Any) -> dict[str, Any]:
    told = {
        "source_table_name": table,
        "destination_table_name": table,
        "num_rows": 3,
        "num_rows_rejected": 1,
        "primary_keys": ["id", "line"],
    }
    return {
        "version": "1.0",
        "minimum_sdc_batched_at": "2026-03-20T12:00:02.000Z",
        "integration_name": "shop",
        "new_version": False,
        "source_root_table_name": table,
        "tables": [told],
        **change,
    }


def send(receiver: HookReceiver, content: Any) -> int:
    with httpx.Client(trust_env=False, verify=False) as client:
        return client.post(receiver.url, json=content).status_code


def dtypes(frame: pd.DataFrame) -> dict[str, str]:
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def test_a_sandbox_delivers_to_it(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    destination_id = api.get("/v4/destinations").json()[0]["id"]
    with HookReceiver() as receiver:
        hook = {"type": "post_load", "destination_id": destination_id, "config": {"url": receiver.url}}
        assert api.post(HOOKS, json=hook).status_code == 200
        api.post(f"/v4/sources/{configured['id']}/sync")
        received = receiver.wait(2).sort_values("table", ignore_index=True)

    assert received["table"].tolist() == ["accounts", "plans"]
    assert received["rows"].tolist() == [len(sandbox.warehouse.table(f"recurly.{t}")) for t in received["table"]]
    assert received["status"].tolist() == [200, 200]
    sandbox.wait_idle()
    assert [one["status"] for one in sandbox.hook_deliveries()] == ["delivered"] * 2


def test_each_table_that_a_hook_tells_of_is_a_row(receiver: HookReceiver) -> None:
    child = {"destination_table_name": "orders__lines", "num_rows": 7, "num_rows_rejected": 0, "primary_keys": []}
    whole = body()
    send(receiver, {**whole, "tables": [*whole["tables"], child]})

    received = receiver.received
    assert dtypes(received) == COLUMNS
    assert received["table"].tolist() == ["orders", "orders__lines"]
    assert received["stream"].tolist() == ["orders", "orders"]
    assert received["rows"].tolist() == [3, 7]
    assert received["rows_rejected"].tolist() == [1, 0]
    assert received["primary_keys"].tolist() == ["id, line", ""]
    assert received["loaded_at"].tolist() == [pd.Timestamp("2026-03-20T12:00:02Z")] * 2
    assert received["new_version"].tolist() == [False, False]


def test_nothing_received_has_the_same_columns(receiver: HookReceiver) -> None:
    assert dtypes(receiver.received) == COLUMNS
    assert len(receiver.received) == len(receiver) == 0
    assert receiver, "it is there, and no empty list"


def test_what_a_body_does_not_tell_is_missing(receiver: HookReceiver) -> None:
    assert send(receiver, {"tables": [{}, "no table"], "minimum_sdc_batched_at": "soon", "later": 1}) == 200

    (row,) = receiver.received.drop(columns="status").isna().to_numpy().tolist()
    assert all(row)
    assert receiver.bodies[0]["later"] == 1


def test_it_answers_as_it_is_told_to_and_the_last_answer_holds() -> None:
    with HookReceiver([500, 204, 301]) as receiver:
        assert [send(receiver, body()) for _ in range(4)] == [500, 204, 301, 301]
        assert receiver.received["status"].tolist() == [500, 204, 301, 301]
        receiver.status = [503, 200]
        assert [send(receiver, body()) for _ in range(2)] == [503, 200]
        assert receiver.status == (503, 200)
        receiver.status = 418
        assert receiver.status == 418


@pytest.mark.parametrize("status", [199, 600, "200", [], [200, True], True, None, 200.0])
def test_what_is_no_status_is_refused(status: Any) -> None:
    with pytest.raises(InvalidInputError, match="from 200 to 599"):
        HookReceiver(status)


def test_a_status_that_is_refused_later_changes_nothing(receiver: HookReceiver) -> None:
    with pytest.raises(InvalidInputError):
        receiver.status = 99

    assert send(receiver, body()) == 200


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"headers": {"Origin": "https://example.com"}}, 403),
        ({"headers": {"Host": "example.com"}}, 403),
        ({"path": "/other"}, 404),
        ({"content": b"no json"}, 400),
        ({"content": b"\xff\xfe"}, 400),
        ({"content": b"[1]"}, 400),
        ({"content": iter([b"{}"])}, 411),
        ({"method": "GET"}, 501),
    ],
    ids=["a page", "another host", "another path", "no JSON", "no text", "a list", "no length", "GET"],
)
def test_what_is_no_hook_is_turned_down_and_not_kept(
    receiver: HookReceiver, change: dict[str, Any], status: int
) -> None:
    request = {"method": "POST", "path": "/loaded", "content": b"{}", **change}
    method, path = request.pop("method"), request.pop("path")
    url = httpx.URL(receiver.url).copy_with(path=path)
    with httpx.Client(trust_env=False, verify=False) as client:
        assert client.request(method, url, **request).status_code == status

    assert receiver.bodies == []


def test_a_large_body_is_turned_down_before_it_is_read(receiver: HookReceiver) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port)
    connection.putrequest("POST", "/loaded")
    connection.putheader("Content-Length", str(1024 * 1024 + 1))
    connection.endheaders()

    assert connection.getresponse().status == 413
    connection.close()


def test_it_is_reached_by_this_machine_alone(receiver: HookReceiver) -> None:
    # An address of this machine as well, which only a server for all addresses answers at.
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.2", receiver.port)) != 0
    assert receiver.url == f"http://127.0.0.1:{receiver.port}/loaded"


def test_waiting_ends_when_enough_have_come(receiver: HookReceiver) -> None:
    send(receiver, body("orders"))
    later = threading.Timer(0.05, send, (receiver, body("customers")))
    later.start()

    assert receiver.wait(2)["table"].tolist() == ["orders", "customers"]
    later.join()


def test_waiting_in_vain_says_how_many_came(receiver: HookReceiver) -> None:
    send(receiver, body())

    with pytest.raises(WaitTimeoutError, match=r"1 of 2 hooks came within 0\.01 seconds.*hook_deliveries"):
        receiver.wait(2, timeout_s=0.01)


def test_waiting_for_a_closed_receiver_ends_at_once() -> None:
    receiver = HookReceiver()
    closing = threading.Timer(0.05, receiver.close)
    closing.start()

    with pytest.raises(InvalidInputError, match="closed, and 0 of 1 hooks came"):
        receiver.wait()
    closing.join()


def test_what_came_can_be_looked_at_after_closing_and_be_forgotten() -> None:
    with HookReceiver() as receiver:
        send(receiver, body())
    assert receiver.received["table"].tolist() == ["orders"]
    assert receiver.to_frame().equals(receiver.received)
    assert repr(receiver) == "HookReceiver(closed, 1 hook received)"
    receiver.close()

    receiver.clear()
    assert len(receiver) == 0


def test_bodies_are_copies(receiver: HookReceiver) -> None:
    send(receiver, body())
    receiver.bodies[0]["tables"].clear()

    assert len(receiver.received) == 1


def test_closing_lets_go_of_port_and_thread() -> None:
    with HookReceiver() as receiver:
        port = receiver.port
    with HookReceiver(port=port) as again:
        assert again.port == port
    assert not [thread for thread in threading.enumerate() if thread.name == "stitchnb-hook-receiver"]


def test_one_that_nobody_holds_any_more_closes_itself() -> None:
    receiver = HookReceiver()
    port = receiver.port
    del receiver
    gc.collect()

    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_a_port_in_use_is_told(receiver: HookReceiver) -> None:
    with pytest.raises(PortInUseError, match=f"Port {receiver.port} on 127.0.0.1 cannot be used"):
        HookReceiver(port=receiver.port)


def test_what_is_no_port_is_told() -> None:
    with pytest.raises(InvalidInputError, match="99999 is no port"):
        HookReceiver(port=99999)


def test_its_text_holds_no_address(receiver: HookReceiver) -> None:
    assert repr(receiver) == "HookReceiver(open, 0 hooks received)"
