"""``%connect`` and ``%%connect``: the API's documented requests as cells of a notebook."""

from __future__ import annotations

from typing import Any

from stitchnb.magics.clients import Clients, KnownIds
from stitchnb.magics.completion import BodyCompletion, Completion, cell_of, line_of
from stitchnb.magics.magic import Magic

__all__ = ["load", "unload"]

_NAME = "connect"
_MATCHER = "stitchnb.connect"
_KEPT = "_stitchnb_magic"

_HELP = """Send a request of the Connect API as its documentation writes it.

    %connect GET /v4/sources
    %connect GET /v4/sources/{source.id}/streams
    sources = %connect GET /v4/sources

A list comes as a DataFrame, a single object as the client gives it. With a body:

    %%connect POST /v4/sources
    {"type": "platform.recurly", "display_name": "Recurly",
     "properties": {"api_key": "[RECURLY_API_KEY]", ...}}

or a curl command, copied from the documentation as it is:

    %%connect
    curl -X POST https://api.stitchdata.com/v4/sources/45612/sync \\
      -H "Authorization: Bearer <ACCESS_TOKEN>"

Parameters
----------
METHOD
    GET, POST, PUT or DELETE; a path alone is asked for with GET.
PATH
    Below the server's name; Tab offers the paths there are, with the account's own ids, and in the JSON of a cell the
    names that the body takes, types, and the properties of the type that stands there. What is in braces is a Python
    expression, as in every line magic. Of a whole address only the path counts: the request goes to the client's own
    server, with the client's own token.
--client NAME
    The variable with the client to send it with. Else it is the variable client; else one is made with
    stitchnb.connect(), which says what it is, and kept as client.
--body NAME
    The variable with the body, such as a dict. Nothing in the JSON of a cell is filled in, braces and dollars
    included, but a value that is the name of an environment variable in brackets, such as "[RECURLY_API_KEY]": it
    is replaced by what the variable holds, so that no secret has to be written into the notebook. In a curl command
    $NAME is an environment variable, as in a shell.
--token NAME
    For /v2/import/...: the variable with the source's own token. Else --client names an ImportClient, or it is the
    only one there is.
--to NAME
    Keep the answer in a variable, and show nothing but its size.
--raw
    Give the answer's JSON as it came, as a dict or a list.
--dry-run
    Show what would be sent, secrets as the names of variables, and send nothing.
--no-validate
    Send it without a look. Otherwise the method, the path, its ids, the query and the JSON are looked at first, the
    body is held against the documentation, properties against the type's report card, and a selection against the
    source's streams; what cannot be right is not sent.

Tokens in an answer are masked wherever they are shown: answer.access_token.reveal() gives the value. An error is
raised as the package's own, without the frames between. Every request is in client.journal.
"""


def load(shell: Any) -> None:
    """Give a shell of IPython's the magic and its completion. Loading it again does nothing."""
    from IPython.core.completer import SimpleCompletion, context_matcher
    from IPython.core.magic import needs_local_scope, no_var_expand

    if hasattr(shell, _KEPT):
        return
    clients, ids = Clients(shell.user_ns), KnownIds()
    magic, completion = Magic(shell.user_ns, clients, ids), Completion(shell.user_ns, clients, ids)
    in_body = BodyCompletion(shell.user_ns, clients, ids)

    def connect(line: str, cell: str | None = None, local_ns: Any = None) -> Any:
        return magic.run(line, cell, local_ns or {})

    def offer(context: Any) -> Any:
        cell = cell_of(context.full_text) if context.cursor_line else None
        line = line_of(context.text_until_cursor)
        if cell is not None:
            above = context.full_text.split("\n")[: context.cursor_line]
            word, offers = in_body.offers(*cell, sum(len(one) + 1 for one in above[1:]) + context.cursor_position)
        elif line is not None and not (context.cursor_line and context.full_text.lstrip().startswith("%%")):
            word, offers = completion.offers(line)
        else:
            return {"completions": [], "suppress": False}
        return {
            "completions": [SimpleCompletion(one.text, type=one.kind) for one in offers],
            "matched_fragment": word,
            "suppress": bool(offers),
            "ordered": True,
        }

    connect.__doc__ = _HELP
    shell.register_magic_function(needs_local_scope(no_var_expand(connect)), magic_kind="line_cell", magic_name=_NAME)
    matcher = context_matcher(identifier=_MATCHER, priority=1000)(offer)
    shell.Completer.custom_matchers.append(matcher)
    setattr(shell, _KEPT, (clients, matcher))


def unload(shell: Any) -> None:
    """Take the magic and its completion from a shell. A client that only the magic has is closed."""
    if not hasattr(shell, _KEPT):
        return
    clients, matcher = getattr(shell, _KEPT)
    delattr(shell, _KEPT)
    clients.let_go()
    shell.Completer.custom_matchers.remove(matcher)
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(_NAME, None)
