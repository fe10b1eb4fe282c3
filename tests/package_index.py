"""What tells a package index that cannot be reached from everything else that can go wrong with an installation."""

import re

# What pip and uv print when there is no way to an index, as opposed to something wrong with what was asked of it.
NO_WAY_OUT = re.compile(
    r"error sending request|dns error|name resolution|Connection refused|timed out|unreachable|"
    r"NewConnectionError|Network connectivity is disabled|Tunnel connection failed",
    re.IGNORECASE,
)
