"""The magic itself: a line or a cell becomes a request, and its answer the cell's value."""

from __future__ import annotations

import html
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from stitchnb._tracebacks import shown_alone
from stitchnb.client import Client
from stitchnb.client.addresses import is_loopback
from stitchnb.client.journal import Snippet, encoded
from stitchnb.client.pages import Page
from stitchnb.client.requests import RawRequest, parse
from stitchnb.errors import InvalidInputError, InvalidValuesError, StitchError
from stitchnb.magics import curl as _curl
from stitchnb.magics import json_cursor as _json_text
from stitchnb.magics import json_view as _json_view
from stitchnb.magics import line as _line
from stitchnb.magics import line as _words
from stitchnb.magics.bodies import body_errors
from stitchnb.magics.clients import Clients, KnownIds
from stitchnb.magics.display import in_short, notes_on, value_of
from stitchnb.magics.line import Asked
from stitchnb.magics.validate import ANYWAY, JUDGED, below_host, refuse_undocumented, refuse_wrong_values
from stitchnb.models import Model


@dataclass(frozen=True)
class Draft:
    """What would be sent, each secret as the name of an environment variable; nothing was sent.

    Attributes
    ----------
    method, path, server
        Where it would go; of a sandbox the server is told in words, as its port is another one each time.
    notes
        What was not looked at, and why.
    """

    method: str
    path: str
    server: str
    snippet: Snippet
    notes: tuple[str, ...] = ()

    def as_curl(self) -> str:
        """Write it as a line to paste into a shell."""
        return self.snippet.curl()

    def as_python(self) -> str:
        """Write it as a Python program that needs httpx only."""
        return self.snippet.python()

    def _head(self) -> str:
        lines = [f"{self.method} {self.path}", f"Host: {self.server}"]
        if self.snippet.token:
            lines.append(f"Authorization: Bearer ${self.snippet.token}")
        if self.snippet.body is not None or self.snippet.body_in_file:
            lines.append("Content-Type: application/json")
        return "\n".join(lines)

    def _body(self) -> str:
        if self.snippet.body_in_file:
            return "(a body over 64 KiB)"
        return "" if self.snippet.body is None else _json_view.as_text(_named(self.snippet.body))

    def __repr__(self) -> str:
        parts = ["Not sent:", self._head(), *filter(None, [self._body()]), *self.notes]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        body = self._body()
        inner = html.escape(self._head(), quote=False) + (f"\n\n{_json_view.coloured(body)}" if body else "")
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self.notes)
        return f"<p><strong>Not sent</strong></p>{_json_view.as_block(inner, label='The request')}{notes}"


def _named(value: Any) -> Any:
    """Write what stands for a secret by its name, as ``$NAME``."""
    if isinstance(value, dict):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float | bool) else repr(value)


USAGE = """%connect METHOD PATH [options]     such as  %connect GET /v4/sources
%%connect METHOD PATH [options]    with a JSON body below
%%connect [options]                with a curl command below
%connect? tells more."""


class Magic:
    """What ``%connect`` and ``%%connect`` do.

    Parameters
    ----------
    namespace
        The user's variables.
    """

    def __init__(self, namespace: dict[str, Any], clients: Clients, ids: KnownIds) -> None:
        self._namespace = namespace
        self._clients = clients
        self._ids = ids

    def run(self, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
        """Carry out a line, or a cell; give its value.

        Parameters
        ----------
        local
            The variables of the function that the line stands in; they come before the user's other ones.

        Raises
        ------
        StitchError
            What the client raises; it shows itself in a few lines. Where it is an `InvalidInputError`, nothing was
            sent.
        """
        try:
            return self._run(line, cell, local)
        except StitchError as error:
            raise _told_in_short(error)  # noqa: B904 - the very same error

    def _run(self, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:
        variables = {**self._namespace, **local}
        asked = _line.read(line, variables)
        if cell is None and asked == Asked():
            print(USAGE)  # noqa: T201 - who asks for nothing is told how to ask
            return None
        curl = _curl_of(asked, cell)
        method, target = self._method_and_target(asked, curl, cell, variables)
        is_import = "/v2/import/" in target and not target.partition("?")[0].endswith("/v2/import/status")
        body = self._body(asked, curl, cell, variables)
        if curl is not None:
            _tell_of_curl(curl)
        if is_import:
            with self._clients.of_imports(asked.client, asked.token, local) as importer:
                return self._carried_out(asked, importer, method, target, body)
        return self._carried_out(asked, self._clients.of_account(asked.client, local), method, target, body)

    def _method_and_target(
        self, asked: Asked, curl: _curl.Curl | None, cell: str | None, variables: Mapping[str, Any]
    ) -> tuple[str, str]:
        if curl is not None:
            if asked.method or asked.target:
                raise InvalidInputError(
                    "The line says what to send, and the curl command does too: leave the method and the path to the "
                    "command, or write its JSON alone below the line."
                )
            return curl.method, _words.filled(curl.target, variables)
        if asked.target is None and asked.method is not None and asked.method.upper() not in _line.METHODS:
            raise InvalidInputError(
                f"{asked.method!r} is no method, and no path, which begins with a slash, such as /v4/sources.\n{USAGE}"
            )
        if asked.target is None:
            given = f" after {asked.method}" if asked.method else ""
            raise InvalidInputError(f"A path is missing{given}, such as /v4/sources.\n{USAGE}")
        if asked.method is not None:
            return asked.method.upper(), asked.target
        if cell is not None or asked.body is not None:
            raise InvalidInputError(f"There is a body for {asked.target}: say POST or PUT before the path.")
        return "GET", asked.target

    def _body(self, asked: Asked, curl: _curl.Curl | None, cell: str | None, variables: Mapping[str, Any]) -> Any:
        if asked.body is not None:
            if cell is not None:
                raise InvalidInputError("There are two bodies, --body and the cell: leave one of them.")
            if asked.body not in variables:
                raise InvalidInputError(f"There is no variable {asked.body} for --body: make it first.")
            found = variables[asked.body]
            body = found.to_dict() if isinstance(found, Model) else found
        elif curl is not None:
            body = None if curl.body is None else _json_text.read(curl.body, what="The data of the curl command")
        elif cell is not None and cell.strip():
            body = _json_text.read(cell)
        else:
            body = None
        return _json_text.from_environment(body, os.environ, strict=asked.validate)

    def _carried_out(self, asked: Asked, client: Any, method: str, target: str, body: Any) -> Any:
        path = below_host(target, client.base_url)
        request = parse(method, path, body=body)
        unlooked = self._look(asked, client, request, path.partition("?")[2]) if asked.validate else ()
        if asked.dry_run:
            return self._kept(asked, _draft(client, request, unlooked))
        typed = not asked.raw
        try:
            answer = client.request(method, path, body=body, typed=typed)
        finally:
            # Even one that failed may have changed something.
            if method != "GET" and isinstance(client, Client):
                self._ids.forget(client)
        if isinstance(answer, Page) and isinstance(client, Client):
            named = {one.job_name: str(one.source_id) for one in answer.records if hasattr(one, "job_name")}
            self._ids.learn_jobs(client, named)
        for note in notes_on(request, answer, kept_as=asked.to):
            print(note)  # noqa: T201 - what the value itself does not show
        return self._kept(asked, value_of(request, answer, raw=asked.raw))

    def _look(self, asked: Asked, client: Any, request: RawRequest, raw_query: str) -> tuple[str, ...]:
        refuse_undocumented(request, raw_query)
        if request.endpoint is None or request.body is None:
            return ()
        errors = body_errors(request.method, request.endpoint.path, request.body)
        if errors:
            raise InvalidValuesError(errors, what=f"{request.method} {request.path}")
        if not isinstance(client, Client) or (request.method, request.endpoint.path) not in JUDGED:
            return ()
        if asked.dry_run:
            return ("Its values were not held against the account's own: that would take requests.",)
        refuse_wrong_values(client, request)
        return ()

    def _kept(self, asked: Asked, value: Any) -> Any:
        if asked.to is None:
            return value
        self._namespace[asked.to] = value
        print(f"{asked.to}: {in_short(value)}")  # noqa: T201 - a variable that appears is told of
        return None


def _curl_of(asked: Asked, cell: str | None) -> _curl.Curl | None:
    if asked.curl is not None:
        if cell is not None and cell.strip():
            raise InvalidInputError("The curl command goes on below: put all of it below %%connect.")
        return _curl.read(asked.curl, os.environ)
    return _curl.read(cell, os.environ) if cell is not None and _curl.is_curl(cell) else None


def _tell_of_curl(curl: _curl.Curl) -> None:
    if curl.holds_token:
        told = (
            "There is a token in this cell, and it was not used: the request goes with the client's own. Take it out, "
            "and if the notebook was saved or shared with it, revoke it in Stitch."
        )
        print(told, file=sys.stderr)  # noqa: T201 - a warning, where warnings go
    if curl.left_out:
        print(f"Not sent along: {', '.join(curl.left_out)}.", file=sys.stderr)  # noqa: T201 - as above


def _draft(client: Any, request: RawRequest, notes: tuple[str, ...]) -> Draft:
    made = request.to_request(typed=True)
    query = str(httpx.QueryParams(dict(request.params))) if request.params else ""
    size = 0 if request.body is None else len(encoded(request.body))
    snippet = client.journal.snippet(
        request.method,
        request.path,
        query=query,
        json_body=request.body,
        body_size=size,
        with_token=made.with_token,
        follows=made.returns_file,
    )
    on_this_machine = is_loopback(client.base_url)
    server = "a sandbox on this machine" if on_this_machine else httpx.URL(client.base_url).netloc.decode()
    return Draft(request.method, snippet.url.removeprefix(client.base_url), server, snippet, notes)


def _told_in_short(error: StitchError) -> StitchError:
    """Let an error show itself as its name and its words: the frames between are not the user's."""
    told = shown_alone(error)
    if isinstance(error, InvalidValuesError):
        told.append(ANYWAY)
    error._render_traceback_ = lambda: told  # type: ignore[method-assign]  # what IPython asks an exception for
    return error
