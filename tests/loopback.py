"""Refuses, while the tests run, every connection and every name look-up that would leave this machine.

A Python audit hook sees them all, whichever library makes them. Kernels are processes of their own: they run this very
file at start (see `kernel_startup`).
"""

import ipaddress
import socket
import sys

ATTEMPTS: list[str] = []


class ForeignConnectionError(BaseException):
    """Not an `Exception`: code that turns connection errors into others must not be able to hide it."""


def is_local(host: object) -> bool:
    """Tell whether a host, by name or number, is this machine; what is no host at all (a Unix socket's) is."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or host in ("", "localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _watch(event: str, arguments: tuple) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    if not is_local(host):
        ATTEMPTS.append(f"{event} to {host!r}")
        raise ForeignConnectionError(f"tests stay on this machine, but this was tried: {event} to {host!r}")


def install() -> None:
    """Start refusing; there is no way back within a process, which is the point."""
    sys.addaudithook(_watch)


def kernel_startup() -> str:
    """Write the IPython startup file that installs the guard in a kernel and leaves no name in the user's namespace."""
    return f"exec(compile(open({__file__!r}).read(), {__file__!r}, 'exec'), {{'__name__': '__main__'}})\n"


if __name__ == "__main__":
    install()
