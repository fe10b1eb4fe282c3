"""Fixtures for the magic: a shell of IPython's with a client of a sandbox in it."""

from collections.abc import Iterator

import pytest
from magic_shell import CREATE, KEY, NOON, Shell

import stitchnb
from stitchnb.client import Source
from stitchnb.models import ImportToken


@pytest.fixture
def bare_shell(capsys: pytest.CaptureFixture[str]) -> Iterator[Shell]:
    """A shell with the magic, and no client."""
    shell = Shell(capsys)
    yield shell
    shell.close()


@pytest.fixture
def shell(bare_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """A shell with the magic, and a sandbox's client called ``client``."""
    monkeypatch.setenv("RECURLY_API_KEY", KEY)
    with stitchnb.Sandbox(clock=NOON, pace_s=0) as sandbox:
        bare_shell.names["client"] = sandbox.client()
        yield bare_shell


@pytest.fixture
def source(shell: Shell) -> Source:
    """A Recurly source, created by a cell and called ``source`` in the shell."""
    shell.run(CREATE + "\n")
    source: Source = shell.names["client"].sources.list()[0]
    shell.names["source"] = source
    source.check().wait()
    return source


@pytest.fixture
def token(shell: Shell) -> ImportToken:
    """A token that was made by a cell, called ``token`` in the shell."""
    shell.run('%%connect POST /v4/sources --to pushed\n{"type": "import_api", "display_name": "Pushed"}')
    shell.run("token = %connect POST /v4/sources/{pushed.id}/tokens")
    token: ImportToken = shell.names["token"]
    return token
