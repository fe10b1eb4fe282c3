"""The logs of extractions: what a job writes down, and who may read it."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import recurly_facts as recurly
from destination_facts import with_properties

from stitchnb.sandbox import Sandbox

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR) +(job|tap|target) +\S")


def run(api: httpx.Client, sandbox: Sandbox, source: dict[str, Any]) -> str:
    name: str = api.post(f"/v4/sources/{source['id']}/sync").json()["job_name"]
    sandbox.wait_idle()
    return name


def link_to(api: httpx.Client, job_name: str) -> httpx.Response:
    return api.get(f"/v4/116078/extractions/{job_name}")


def log_of(api: httpx.Client, job_name: str) -> str:
    location = link_to(api, job_name).headers["location"]
    answer = httpx.get(location)
    assert answer.status_code == 200
    return answer.text


@pytest.fixture
def job_name(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> str:
    return run(api, sandbox, configured)


def test_a_log_is_a_redirect_to_a_download_that_needs_no_token(
    api: httpx.Client, sandbox: Sandbox, job_name: str
) -> None:
    answer = link_to(api, job_name)

    assert (answer.status_code, answer.content) == (302, b"")
    location = answer.headers["location"]
    assert location.startswith(sandbox.url)
    assert job_name not in location
    downloaded = httpx.get(location)
    assert (downloaded.status_code, downloaded.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert job_name in downloaded.text


def test_a_link_works_once(api: httpx.Client, job_name: str) -> None:
    location = link_to(api, job_name).headers["location"]

    assert [httpx.get(location).status_code for _ in range(2)] == [200, 403]
    assert httpx.get(link_to(api, job_name).headers["location"]).status_code == 200


def test_a_link_expires(api: httpx.Client, sandbox: Sandbox, job_name: str) -> None:
    location = link_to(api, job_name).headers["location"]

    sandbox.clock.advance(minutes=10)

    assert httpx.get(location).status_code == 403


@pytest.mark.parametrize("ticket", ["guess", "%00", "a" * 500])
def test_a_link_cannot_be_guessed(sandbox: Sandbox, ticket: str) -> None:
    assert httpx.get(f"{sandbox.url}/_sandbox/logs/{ticket}").status_code == 403


def test_a_link_cannot_be_made_from_the_state_file(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "acme.sandbox", pace_s=0) as sandbox, httpx.Client(base_url=sandbox.url) as api:
        api.headers["Authorization"] = f"Bearer {sandbox.token.reveal()}"
        created = api.post("/v4/sources", json=recurly.CREATE).json()
        location = link_to(api, run(api, sandbox, created)).headers["location"]
        ticket = urlsplit(location).path.rpartition("/")[2]

    for file in tmp_path.iterdir():
        assert ticket.encode() not in file.read_bytes(), file


def test_the_log_tells_every_stream_with_its_rows(api: httpx.Client, sandbox: Sandbox, job_name: str) -> None:
    lines = log_of(api, job_name).splitlines()

    assert all(LINE.match(line) for line in lines), lines
    told = [line.split(maxsplit=2)[2] for line in lines]
    accounts = len(sandbox.warehouse.table("recurly.accounts"))
    plans = len(sandbox.warehouse.table("recurly.plans"))
    assert told == [
        f"job    {job_name}: platform.recurly into schema recurly, 2 streams",
        "tap    accounts: INCREMENTAL by updated_at, 3 fields",
        "tap    plans: INCREMENTAL by updated_at, 2 fields",
        "tap    connected",
        f"tap    accounts: extracted {accounts:,} rows in 3 batches",
        f"target accounts: loaded {accounts:,} rows",
        f"tap    plans: extracted {plans:,} rows in 1 batch",
        f"target plans: loaded {plans:,} rows",
        "job    succeeded",
    ]


def test_a_stream_with_nothing_new_is_told(api: httpx.Client, sandbox: Sandbox) -> None:
    properties = {**recurly.CREATE["properties"], "start_date": "2026-03-21T00:00:00Z"}
    created = api.post("/v4/sources", json={**recurly.CREATE, "properties": properties}).json()
    sandbox.wait_idle()
    selection = {"tap_stream_id": "plans", "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}]}
    api.put(f"/v4/sources/{created['id']}/streams/metadata", json={"streams": [selection]})

    log = log_of(api, run(api, sandbox, created))

    assert "plans: no rows since the last bookmark" in log


def test_a_tap_that_fails_says_why_and_no_credential(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    api.put(f"/v4/sources/{configured['id']}", json={"properties": {"api_key": "bad-key"}})
    sandbox.wait_idle()

    log = log_of(api, run(api, sandbox, configured))

    assert "ERROR   tap    HTTP-error-code: 401, Error: stitchdata.recurly.com does not accept" in log
    assert log.endswith("job    failed\n")
    assert "bad-key" not in log


def test_a_credential_typed_into_another_property_is_hidden(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]
) -> None:
    api.put(f"/v4/sources/{configured['id']}", json={"properties": {"api_key": "bad-accounts"}})
    api.put(f"/v4/sources/{configured['id']}", json={"properties": {"api_key": "accounts"}})
    sandbox.wait_idle()

    log = log_of(api, run(api, sandbox, configured))

    assert "accounts" not in log
    assert "[hidden]: loaded" in log


def test_a_target_that_fails_says_why_and_no_credential(
    api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any], embedded: int
) -> None:
    api.delete(f"/v4/destinations/{embedded}")
    api.post("/v4/destinations", json=with_properties(password="bad-word", username="loader"))
    sandbox.wait_idle()

    log = log_of(api, run(api, sandbox, configured))

    assert 'ERROR   target FATAL: password authentication failed for user "loader"' in log
    assert "bad-word" not in log


def test_a_job_that_was_stopped_has_a_log(api: httpx.Client) -> None:
    with Sandbox(clock=recurly.NOON, pace_s=30) as slow, httpx.Client(base_url=slow.url) as slow_api:
        slow_api.headers["Authorization"] = f"Bearer {slow.token.reveal()}"
        created = slow_api.post("/v4/sources", json={**recurly.CREATE, "properties": {}}).json()
        name = slow_api.post(f"/v4/sources/{created['id']}/sync").json()["job_name"]
        slow_api.delete(f"/v4/sources/{created['id']}/sync")
        slow.wait_idle()

        assert log_of(slow_api, name).endswith("job    stopped\n")


def test_each_job_has_a_log_of_its_own(api: httpx.Client, sandbox: Sandbox, configured: dict[str, Any]) -> None:
    first, second = run(api, sandbox, configured), run(api, sandbox, configured)

    assert first in log_of(api, first)
    assert second not in log_of(api, first)
    assert second in log_of(api, second)


def test_an_unknown_job_is_404(api: httpx.Client, source: dict[str, Any]) -> None:
    assert link_to(api, "116078.233312.sync.none").status_code == 404
    assert link_to(api, source["check_job_name"]).status_code == 404, "a check is no extraction"


def test_another_accounts_job_is_401(api: httpx.Client, job_name: str) -> None:
    assert api.get(f"/v4/1/extractions/{job_name}").status_code == 401


def test_a_link_needs_the_token(sandbox: Sandbox, job_name: str) -> None:
    assert httpx.get(f"{sandbox.url}/v4/116078/extractions/{job_name}").status_code == 401
