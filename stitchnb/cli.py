"""The command ``stitchnb``: JupyterLab with the guides, the account as a page, a sandbox, the tests."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stitchnb import __version__, _bootstrap
from stitchnb.errors import StitchError
from stitchnb.lab import DEFAULT_PORT, FIRST_NOTEBOOK

if TYPE_CHECKING:
    from stitchnb.sandbox import Sandbox


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv
        The arguments after the program's name; None uses this process's.

    Returns
    -------
    int
        The exit status: 0 for success, 2 for an error (one message on stderr), 130 for Ctrl-C before anything was
        started.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    parser = _parser()
    try:
        if words[:1] == ["test"]:
            # All further options are pytest's, including --help.
            return _run_tests(words[1:])
        arguments = parser.parse_args(words)
        if arguments.command == "lab":
            from stitchnb.lab import start_lab

            start_lab(arguments.notebook, port=arguments.port, open_browser=not arguments.no_browser)
        elif arguments.command == "app":
            from stitchnb._app.start import start_app

            start_app(port=arguments.port, open_browser=not arguments.no_browser, state=arguments.state)
        elif arguments.command == "sandbox":
            _serve_sandbox(arguments)
        else:
            parser.print_help()
    except StitchError as error:
        print(f"stitchnb: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stitchnb", description="Stitch Connect in a notebook.")
    parser.add_argument("--version", action="version", version=f"stitchnb {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="command")

    lab = commands.add_parser("lab", help="open the guides in JupyterLab", description=_LAB)
    lab.add_argument("notebook", nargs="?", help=f"a path, or the name of a guide (default: {FIRST_NOTEBOOK})")
    lab.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    lab.add_argument("--port", type=_port, help=f"default: {DEFAULT_PORT}, or a free port if that is in use")

    app = commands.add_parser("app", help="show the account as a page, without code", description=_APP)
    app.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    app.add_argument("--port", type=_port, help="default: 8866, or a free port if that is in use")
    app.add_argument("--state", type=Path, metavar="FILE", help="keep the sandbox's state in FILE")

    commands.add_parser("test", help="run the tests, in a clone; accepts pytest's options")

    sandbox = commands.add_parser("sandbox", help="serve a sandbox", description=_SANDBOX)
    sandbox.add_argument("--json", action="store_true", help="print one line of JSON: base_url, token, client_id")
    sandbox.add_argument("--port", type=_port, default=0, help="default: a free port")
    sandbox.add_argument("--state", type=Path, metavar="FILE", help="keep the state in FILE")
    sandbox.add_argument("--seed", type=int, help="seed for ids and rows (default: the state's seed, or 0)")
    return parser


_LAB = (
    "Start JupyterLab on this machine and open the first guide in a browser. Ctrl-C stops it. The guides need no "
    "account: each runs in its own sandbox."
)
_APP = (
    "Show an account's sources as a page in a browser, for people who don't code: find, create, change and run them. "
    "The account is live if there is a token (STITCH_ACCESS_TOKEN, a .env file, the keyring), else a sandbox. "
    "Ctrl-C stops it."
)
_SANDBOX = (
    "Serve a sandbox of the Connect API on 127.0.0.1 until Ctrl-C or SIGTERM. It needs no account and no network. "
    "Without --state, all data is lost when it stops."
)


def _port(text: str) -> int:
    if text.isdecimal() and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port. Use a whole number from 0 to 65535")


def _run_tests(options: list[str]) -> int:
    """Replace this process with pytest in the clone, which must be the first to import stitchnb."""
    clone = _bootstrap.find_clone()
    if clone is None:
        raise StitchError(
            f"The tests are not part of an installed stitchnb, such as the one in {Path(__file__).parent}. "
            "Clone the repository, and run there: python3 -m stitchnb test"
        )
    if importlib.util.find_spec("pytest") is None:
        raise StitchError(
            f"The tests need packages that are not installed for {sys.executable}. "
            f"Install them in {clone} with: pip install --group dev --editable ."
        )
    os.chdir(clone)
    return _bootstrap.replace_process([sys.executable, "-P", "-m", "pytest", *options], dict(os.environ))


def _serve_sandbox(arguments: argparse.Namespace) -> None:
    from stitchnb.sandbox import Sandbox

    # Only the owner may read the state, including files that libraries create.
    os.umask(0o077)
    with (
        _until_stopped() as stopped,
        Sandbox(arguments.state, seed=arguments.seed, port=arguments.port) as sandbox,
    ):
        print(_as_json(sandbox) if arguments.json else _in_words(sandbox, arguments.state), flush=True)
        stopped.wait()


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """Turn Ctrl-C and SIGTERM into an event, until the sandbox has closed its state."""
    stopped = threading.Event()
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _as_json(sandbox: Sandbox) -> str:
    return json.dumps({"base_url": sandbox.url, "token": sandbox.token.reveal(), "client_id": sandbox.client_id})


def _in_words(sandbox: Sandbox, state: Path | None) -> str:
    kept = f"kept in {state}" if state is not None else "lost when it stops (keep it with --state FILE)"
    return "\n".join(
        (
            f"Sandbox of the Connect API at {sandbox.url}",
            f"  access token  {sandbox.token.reveal()}",
            f"  client id     {sandbox.client_id}",
            f"  state         {kept}",
            "Try it:",
            f'  curl -H "Authorization: Bearer {sandbox.token.reveal()}" {sandbox.url}/v4/sources',
            "Stop it with Ctrl-C.",
        )
    )
