"""In a notebook an error shows the user's own frames and its words, and none of stitchnb's own frames."""

import asyncio
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest
from connection_properties import recurly_properties
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import stitchnb
import stitchnb.sandbox
from stitchnb._tracebacks import users_part
from stitchnb.errors import InvalidInputError, UnknownSourceTypeError
from stitchnb.magics import load, unload

SENTENCE = "There is no source type 'platform.recurli'. Did you mean 'platform.recurly'?"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell of IPython's, with a client of a sandbox in it."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell(config=config, user_module=types.ModuleType("stitchnb_tests_user"))
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: shell)
    with stitchnb.Sandbox(pace_s=0) as sandbox:
        shell.user_ns["client"] = sandbox.client()
        yield shell
    shell.configurables.clear()
    sys.modules.pop("stitchnb_tests_user", None)


def shown(shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]) -> str:
    """What a cell that fails shows."""
    capsys.readouterr()
    assert shell.run_cell(cell).error_in_exec is not None
    return capsys.readouterr().out


def test_a_wrong_name_shows_the_cell_and_the_message(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    told = shown(shell, "client.source_types.get('platform.recurli')", capsys)

    assert "----> 1 client.source_types.get('platform.recurli')" in told
    assert f"UnknownSourceTypeError: {SENTENCE}" in told
    assert "stitchnb" not in told.replace(SENTENCE, "")
    assert len(told.splitlines()) <= 8


def test_a_closed_client_shows_no_cause(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    told = shown(shell, "client.close()\nclient.sources.list()", capsys)

    assert "TransportError: GET /v4/sources was not sent: this client is closed." in told
    assert "During handling" not in told
    assert "direct cause" not in told
    assert len(told.splitlines()) <= 8


def test_frames_of_the_users_own_modules_are_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "ours.py").write_text("def card(client):\n    return client.source_types.get('platform.recurli')\n")
    told = shown(shell, f"import sys; sys.path.insert(0, {str(tmp_path)!r})\nimport ours\nours.card(client)", capsys)
    sys.path.remove(str(tmp_path))

    assert "----> 3 ours.card(client)" in told
    assert "----> 2     return client.source_types.get('platform.recurli')" in told
    assert "_sansio.py" not in told


def test_what_is_awaited_is_shown_as_shortly(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    cell = "other = client.sandbox.async_client()\nawait other.source_types.get('platform.recurli')"
    told = shown(shell, cell, capsys)
    asyncio.run(shell.user_ns["other"].close())

    assert f"UnknownSourceTypeError: {SENTENCE}" in told
    assert len(told.splitlines()) <= 9


def test_with_verbose_tracebacks_everything_is_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_line_magic("xmode", "Verbose")
    told = shown(shell, "client.source_types.get('platform.recurli')", capsys)

    assert "_sansio.py" in told
    assert "BadRequestError" in told
    assert SENTENCE in told


def test_what_was_shown_in_short_can_be_looked_at_in_full(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    result = shell.run_cell("client.source_types.get('platform.recurli')")
    capsys.readouterr()
    error = result.error_in_exec
    assert isinstance(error, UnknownSourceTypeError)
    assert error.__cause__ is not None
    shell.run_line_magic("tb", "Verbose")
    assert "_sansio.py" in capsys.readouterr().out


def test_the_magic_still_shows_one_line(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    load(shell)
    try:
        told = shown(shell, "%connect DELETE /v4/sources/7", capsys)
    finally:
        unload(shell)
    assert told.startswith("NotFoundError: DELETE /v4/sources/7 was refused")


def test_frames_of_libraries_that_stitchnb_calls_are_not_shown(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    # What goes wrong in one of several requests under way comes by way of a thread.
    client = shell.user_ns["client"]
    given = recurly_properties(start_date="2025-09-01T00:00:00Z")
    source = shell.user_ns["source"] = client.sources.create("platform.recurly", display_name="R", properties=given)
    source.check().wait()
    with client.sandbox.faults.add(status=400, path="/v4/sources/{id}/streams/{stream}"):
        told = shown(shell, "source.catalog()", capsys)

    assert "BadRequestError" in told
    assert len(told.splitlines()) <= 8


def test_an_error_of_python_keeps_its_frames(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    assert "stitchnb" in shown(shell, "import stitchnb.models\nstitchnb.models.Model(1)", capsys)


def test_without_a_shell_an_error_is_its_name_and_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    assert InvalidInputError("No.")._render_traceback_() == ["InvalidInputError: No."]


def test_a_function_that_stitchnb_calls_is_the_users_own() -> None:
    def count(_: int) -> None:
        stitchnb.rules.cron_words("no")

    schedule = stitchnb.sandbox.Clock("2026-03-20T12:00:00Z")
    schedule.on_advance(count)
    with pytest.raises(InvalidInputError) as raised:
        schedule.advance(hours=1)

    part, names = users_part(raised.value.__traceback__), []
    while part is not None:
        names.append(part.tb_frame.f_code.co_name)
        part = part.tb_next
    assert names == ["test_a_function_that_stitchnb_calls_is_the_users_own", "advance", "advance_to", "count"]
