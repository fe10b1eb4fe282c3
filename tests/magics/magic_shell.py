"""An IPython shell of one's own, in which cells are run as a notebook runs them."""

import sys
import types
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

NOON = "2026-03-20T12:00:00Z"
KEY = "k-very-secret-key"


CREATE = """%%connect POST /v4/sources
{
  "type": "platform.recurly",
  "display_name": "Recurly",
  "properties": {
    "start_date": "2018-01-10T00:00:00Z",
    "api_key": "[RECURLY_API_KEY]",
    "frequency_in_minutes": "60",
    "quota_limit": "30",
    "subdomain": "stitchdata"
  }
}"""
SELECT = """%%connect PUT /v4/sources/{source.id}/streams/metadata
{"streams": [{"tap_stream_id": "accounts", "metadata": [
  {"breadcrumb": [], "metadata": {"selected": true}},
  {"breadcrumb": ["properties", "email"], "metadata": {"selected": true}}]}]}"""
BATCH = """
{"table_name": "people", "schema": {"properties": {"id": {"type": "integer"}}}, "key_names": ["id"],
 "messages": [{"action": "upsert", "sequence": 1, "data": {"id": 1}}]}"""


class Shell:
    """Runs cells, and keeps everything that could be seen of them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        # Under a name of its own: the shell would put its variables in the place of __main__.
        self.shell = InteractiveShell(config=config, user_module=types.ModuleType("stitchnb_tests_user"))
        self.names: dict[str, Any] = self.shell.user_ns
        self.seen = ""
        self._capsys = capsys
        self.shell.run_line_magic("load_ext", "stitchnb")

    def close(self) -> None:
        self.shell.run_line_magic("unload_ext", "stitchnb")
        self.shell.configurables.clear()
        sys.modules.pop("stitchnb_tests_user", None)

    def run(self, cell: str) -> Any:
        """Run a cell that must not fail; give its value."""
        result = self.try_(cell)
        if result.error_in_exec is not None:
            raise result.error_in_exec
        return result.result

    def try_(self, cell: str) -> Any:
        """Run a cell, and give IPython's result of it."""
        result = self.shell.run_cell(cell)
        assert result.error_before_exec is None
        self._see(result.result)
        return result

    def error(self, cell: str) -> Exception:
        """Run a cell that must fail; give its error."""
        error = self.try_(cell).error_in_exec
        assert error is not None, f"it did not fail: {cell}"
        return error

    def output(self) -> str:
        """Everything that was printed since the last time."""
        captured = self._capsys.readouterr()
        self.seen += captured.out + captured.err
        return captured.out + captured.err

    def completions(self, text: str, at: int | None = None) -> dict[str, str]:
        """What Tab offers, at the end of a text or behind so many characters of it, with the kind of each."""
        with provisionalcompleter():
            offered = self.shell.Completer.completions(text, len(text) if at is None else at)
            return {one.text: one.type for one in offered}

    def _see(self, value: Any) -> None:
        formats, _ = self.shell.display_formatter.format(value)
        self.seen += repr(value) + "".join(str(part) for part in formats.values())


def sent(shell: Shell) -> list[str]:
    """What the shell's client was made to send, by method and path."""
    return [f"{one.method} {one.path}" for one in shell.names["client"].journal]
