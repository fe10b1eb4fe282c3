"""Starting the app: the account, the port, and the server until it is stopped.

Only the standard library and `stitchnb.errors` are imported until the server itself starts, so that every mistake that
can be told early is told at once.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import signal
import types
from contextlib import closing
from pathlib import Path

from stitchnb.errors import StitchError
from stitchnb.lab import HOST, claim_port, usual_port

DEFAULT_PORT = 8866
_NEEDED = ("voila", "ipykernel")


def start_app(*, port: int | None = None, open_browser: bool = True, state: Path | None = None) -> None:
    """Serve the account's page and stay until it is stopped.

    Parameters
    ----------
    port
        A port on 127.0.0.1; 0 takes a free one, None takes 8866 or, where that is in use, a free one.
    open_browser
        Whether a browser tab opens by itself; the address is printed in any case.
    state
        A file in which the sandbox is kept; None keeps it in memory.

    Raises
    ------
    StitchError
        Voilà is not installed, the port is taken, or the sandbox's state cannot be kept there.
    InvalidInputError
        A state file is named though there is a token, and so a real account.
    CredentialsError
        A real account is clearly meant, and there is no token for it.
    """
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise StitchError('Voilà is not installed here. Install it with: pip install "stitchnb[app]"')
    port = usual_port(DEFAULT_PORT) if port is None else claim_port(port, command="stitchnb app")
    signal.signal(signal.SIGTERM, _interrupt)

    from stitchnb._app.account import find_account
    from stitchnb._app.rpc_server import SandboxCalls
    from stitchnb._app.server import PageServer, server_config

    if state is not None:
        # What is kept is its owner's alone, files that libraries make included.
        os.umask(0o077)
    account = find_account(state)
    with closing(account.client):
        token = secrets.token_hex(24)
        server = PageServer.instance(
            config=server_config(port=port, token=token, open_browser=open_browser),
            calls=SandboxCalls(account.client.sandbox) if account.client.sandbox is not None else None,
        )
        # Each page is a process of its own: which account it is it finds here.
        os.environ.update(account.for_pages(server_url=f"http://{HOST}:{port}"))
        server.initialize([])
        _tell(account.words, port, token)
        server.start()


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    """End as by Ctrl-C until the server takes over, so that a sandbox that is being made is closed."""
    raise KeyboardInterrupt


def _tell(words: str, port: int, token: str) -> None:
    lines = (words, "Open in a browser:", f"    http://{HOST}:{port}/?token={token}", "Stop it with Ctrl-C.")
    print("\n".join(lines), flush=True)  # noqa: T201 - where the page is, with the token that it asks for
