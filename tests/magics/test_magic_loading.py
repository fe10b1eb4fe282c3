"""The magic is loaded, explains itself, and is unloaded without a trace."""

from magic_shell import Shell

import stitchnb
from stitchnb.magics.line import FLAGS, NAMING


def test_alone_it_says_how_it_is_used(shell: Shell) -> None:
    assert shell.run("%connect") is None
    assert "%connect GET /v4/sources" in shell.output()


def test_its_help_names_every_option(shell: Shell) -> None:
    told = shell.shell.object_inspect("%connect")["docstring"]

    assert [name for name in (*FLAGS, *NAMING) if f"\n{name}" not in told] == []
    assert "%%connect" in told


def test_unloaded_it_is_gone_and_loaded_twice_it_is_there_once(shell: Shell) -> None:
    before = len(shell.shell.Completer.custom_matchers)
    shell.shell.run_line_magic("reload_ext", "stitchnb")
    stitchnb.load_ipython_extension(shell.shell)
    assert len(shell.shell.Completer.custom_matchers) == before
    shell.shell.run_line_magic("unload_ext", "stitchnb")

    assert len(shell.shell.Completer.custom_matchers) == before - 1
    assert shell.shell.find_line_magic("connect") is None
    assert shell.shell.find_cell_magic("connect") is None
    assert "/v4/sources" not in shell.completions("%connect GET /v4/so")
    stitchnb.unload_ipython_extension(shell.shell)
