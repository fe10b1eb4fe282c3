"""In a real kernel the magic is loaded, runs, shows and completes as in a notebook."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

_TIMEOUT_S = 120

SETUP = """
import os, stitchnb
os.environ["RECURLY_API_KEY"] = "k-very-secret-key"
client = stitchnb.connect(clock="2026-03-20T16:00:00Z", pace_s=0, quiet=True)
"""
CREATE = """%%connect POST /v4/sources --to source
{"type": "platform.recurly", "display_name": "Recurly",
 "properties": {"start_date": "2018-01-10T00:00:00Z", "api_key": "[RECURLY_API_KEY]", "quota_limit": "30",
                "subdomain": "acme"}}"""


class Kernel:
    """A kernel, and everything that it was seen to say."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client
        self.seen = ""

    def run(self, cell: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run a cell; give the reply and the outputs."""
        outputs: list[dict[str, Any]] = []

        def keep(message: dict[str, Any]) -> None:
            if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
                outputs.append({"type": message["msg_type"], **message["content"]})

        reply = self._client.execute_interactive(cell, output_hook=keep, timeout=_TIMEOUT_S)
        self.seen += json.dumps(outputs)
        return reply["content"], outputs

    def complete(self, code: str, at: int | None = None) -> dict[str, str]:
        """Ask as JupyterLab asks; give what stands there with each of the offers, and its kind."""
        content = self._client.complete(code, at, reply=True, timeout=_TIMEOUT_S)["content"]
        start, end = content["cursor_start"], content["cursor_end"]
        kinds = content["metadata"]["_jupyter_types_experimental"]
        return {code[:start] + one["text"] + code[end:]: one["type"] for one in kinds}


@pytest.fixture(scope="module")
def kernel() -> Iterator[Kernel]:
    """A kernel with the extension loaded, and a client of a sandbox."""
    manager = KernelManager()
    manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=_TIMEOUT_S)
        kernel = Kernel(client)
        for cell in ("%load_ext stitchnb", SETUP):
            reply, _ = kernel.run(cell)
            assert reply["status"] == "ok", reply
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()


def test_a_source_is_created_and_listed_and_completed(kernel: Kernel) -> None:
    reply, outputs = kernel.run(CREATE)
    assert reply["status"] == "ok"
    assert outputs[0]["text"].startswith("source: Source(id=")
    id_ = outputs[0]["text"].partition("id=")[2].partition(",")[0]

    _, (shown,) = kernel.run("%connect GET /v4/sources")
    assert "<table" in shown["data"]["text/html"]
    _, (raw,) = kernel.run("%connect GET /v4/sources/{source.id} --raw")
    assert json.loads(raw["data"]["text/plain"])["id"] == int(id_)
    assert "var(--jp-mirror-editor-string-color" in raw["data"]["text/html"]

    assert kernel.complete("%connect GET /v4/sources/") == {f"%connect GET /v4/sources/{id_}": "recurly"}
    assert f"x = %connect GET /v4/sources/{id_}/streams" in kernel.complete(f"x = %connect GET /v4/sources/{id_}/str")
    assert "k-very-secret-key" not in kernel.seen


def test_the_cursor_in_the_middle_of_a_cell_is_where_it_completes(kernel: Kernel) -> None:
    code = "import os\nfound = %connect GET /v4/source-ty\nprint(found)"
    at = code.index("\nprint")
    content = kernel._client.complete(code, cursor_pos=at, reply=True, timeout=_TIMEOUT_S)["content"]

    assert "/v4/source-types" in content["matches"]
    assert code[content["cursor_start"] : at] == "/v4/source-ty"


def test_names_types_and_properties_of_a_body_are_completed(kernel: Kernel) -> None:
    head = "%%connect POST /v4/sources\n"
    assert kernel.complete(head + '{\n  "dis') == {head + '{\n  "display_name": ': "required"}
    code = head + '{"type": "platform.recur"}'
    assert kernel.complete(code, len(code) - 2) == {head + '{"type": "platform.recurly"}': "source_type"}
    code = head + '{"type": "platform.recurly", "properties": {"sub"}}'
    assert kernel.complete(code, len(code) - 3) == {code.replace("sub", "subdomain"): "required"}


def test_the_magic_itself_and_its_methods_are_completed(kernel: Kernel) -> None:
    assert "%connect" in kernel.complete("%conn")
    assert kernel.complete("%%connect PO") == {"%%connect POST": "method"}


def test_an_error_stops_the_cells_that_follow_and_shows_no_frames(kernel: Kernel) -> None:
    reply, outputs = kernel.run("%connect DELETE /v4/sources/7\nprint('went on')")

    assert reply["status"] == "error"
    (error,) = outputs
    assert (error["type"], error["ename"]) == ("error", "NotFoundError")
    assert error["traceback"] == [
        "NotFoundError: DELETE /v4/sources/7 was refused (400 InvalidId): source not found (7)\n"
        "There is no source 7 in this account. client.sources.list() shows all."
    ]


def test_its_help_is_shown(kernel: Kernel) -> None:
    reply, _ = kernel.run("%connect?")

    assert "--dry-run" in reply["payload"][0]["data"]["text/plain"]
