"""The page at the other end of a panel: it sends what a user does."""

import threading
from typing import Any

from polling import wait_until

from stitchnb.widgets._bridge import Panel


def watchers() -> int:
    """How many looks in the background have not ended."""
    return sum(thread.name == "stitchnb-watch" for thread in threading.enumerate())


def wait_until_unwatched() -> None:
    """Wait until every look has ended, so that none is under way while its client or sandbox is closed."""
    wait_until(watchers, lambda count: count == 0, what="the end of every watcher")


def say(panel: Panel, kind: str, **content: Any) -> None:
    """Send a message the way a page does."""
    send(panel, {"type": kind, "view": "view-1", **content})


def send(panel: Panel, content: Any) -> None:
    """Send any message, even one that no page of ours would."""
    panel._handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


def told(panel: Panel) -> str:
    """All words that a panel of blocks shows, one block a line."""
    return "\n".join(block["text"] for block in panel._content["blocks"] if "text" in block)
