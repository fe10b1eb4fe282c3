"""Start the app: find the account, take a port, run the server until it is stopped.

Only the standard library and `stitchnb.errors` are imported before the server starts, so that errors are reported at
once.
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
    """Serve the account's page until stopped.

    Parameters
    ----------
    port
        A port on 127.0.0.1. 0 uses a free port, None uses 8866 or, if that is in use, a free port.
    open_browser
        Whether to open a browser tab. The address is always printed.
    state
        A file that keeps the sandbox's state; None keeps it in memory.

    Raises
    ------
    StitchError
        Voilà is not installed, the port is in use, or the state file can't be used.
    InvalidInputError
        A state file is passed although there is a token for a live account.
    CredentialsError
        A live account is configured, but there is no token for it.
    """
    if any(importlib.util.find_spec(name) is None for name in _NEEDED):
        raise StitchError('Voilà is not installed here. Install it with: pip install "stitchnb[app]"')
    port = usual_port(DEFAULT_PORT) if port is None else claim_port(port, command="stitchnb app")
    signal.signal(signal.SIGTERM, _interrupt)

    from stitchnb._app.account import find_account
    from stitchnb._app.rpc_server import SandboxCalls
    from stitchnb._app.server import PageServer, server_config

    if state is not None:
        # Only the owner may read the state, including files that libraries create.
        os.umask(0o077)
    account = find_account(state)
    with closing(account.client):
        token = secrets.token_hex(24)
        server = PageServer.instance(
            config=server_config(port=port, token=token, open_browser=open_browser),
            calls=SandboxCalls(account.client.sandbox) if account.client.sandbox is not None else None,
        )
        # Each page's process finds the account in these variables.
        os.environ.update(account.for_pages(server_url=f"http://{HOST}:{port}"))
        server.initialize([])
        _print_address(account.description, port, token)
        server.start()


def _interrupt(number: int, frame: types.FrameType | None) -> None:
    """Act like Ctrl-C until the server takes over, so that a starting sandbox is closed."""
    raise KeyboardInterrupt


def _print_address(description: str, port: int, token: str) -> None:
    lines = (description, "Open in a browser:", f"    http://{HOST}:{port}/?token={token}", "Stop it with Ctrl-C.")
    print("\n".join(lines), flush=True)  # noqa: T201 - the page's address with its token
