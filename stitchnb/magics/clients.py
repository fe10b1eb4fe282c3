"""Which account a request is for: the client that is named, the user's own, or one that is made."""

from __future__ import annotations

import contextlib
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from stitchnb.client import AsyncClient, Client, ImportClient
from stitchnb.embedded import connect
from stitchnb.errors import InvalidInputError, StitchError, near_names
from stitchnb.models import ImportToken, Property, ReportCard, Source

THREAD = "stitchnb-known-ids"
"""The name of the threads that ask."""

Known = tuple[tuple[str, str], ...]

_EMAILS, _HOOKS = "/notifications/public/v1/api/custom-emails", "/notifications/public/v1/api/hooks"


def _given(prop: Property) -> tuple[str | None, str]:
    """Tell a property that somebody gives, and whether it must be."""
    return None if prop.is_read_only else prop.name, "required" if prop.is_user_required else "optional"


# Where each is listed, and what of an object is its id and its name.
_LISTS: Mapping[str, tuple[str, Callable[[Any], tuple[Any, str]]]] = {
    "source_id": ("/v4/sources", lambda s: (None if s.state == "deleted" else s.id, s.name or s.display_name)),
    "destination_id": ("/v4/destinations", lambda d: (d.id, d.name or d.type)),
    "source_type": ("/v4/source-types", lambda c: (c.type_name, "source type")),
    "destination_type": ("/v4/destination-types", lambda c: (c.type_name, "destination type")),
    "stream_id": ("/v4/sources/{source_id}/streams", lambda s: (s.stream_id, s.stream_name)),
    "tap_stream_id": ("/v4/sources/{source_id}/streams", lambda s: (s.tap_stream_id, "stream")),
    "property of source_type": ("/v4/source-types/{source_type}", _given),
    "property of destination_type": ("/v4/destination-types/{destination_type}", _given),
    "property of source_id": ("/v4/sources/{source_id}", _given),
    "token_id": ("/v4/sources/{source_id}/tokens", lambda t: (t.id, "token")),
    "email": (_EMAILS, lambda e: (e.id, e.email_address)),
    "hook": (_HOOKS, lambda h: (h.id, h.type)),
}


@dataclass
class _Entry:
    known: Known = ()
    asked_at: float = float("-inf")
    thread: threading.Thread | None = None


@dataclass
class _Book:
    entries: dict[tuple[str, str], _Entry] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)


class KnownIds:
    """What is known of each client's account.

    Parameters
    ----------
    fresh_s
        Seconds for which an answer is not asked for again.
    patience_s
        The longest that somebody waits for one; what comes later is there the next time.
    clock
        Gives seconds that only ever go up.
    """

    def __init__(
        self, *, fresh_s: float = 60.0, patience_s: float = 0.8, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fresh_s = fresh_s
        self._patience_s = patience_s
        self._clock = clock
        self._books: weakref.WeakKeyDictionary[Client, _Book] = weakref.WeakKeyDictionary()

    def of(self, client: Client, what: str, parts: Mapping[str, str]) -> Known:
        """List the ids that a part of a path may have, each with the name of what it is.

        Parameters
        ----------
        what
            The part, such as ``source_id``; ``email`` and ``hook`` for those that are only called ``id``; and
            ``property of source_type`` and the like for what a body may give.
        parts
            The path's parts before it.
        """
        book = self._books.setdefault(client, _Book())
        if what == "client_id":
            return ((str(client.client_id), "account"),) if client.client_id is not None else ()
        if what == "job_name":
            return tuple(book.jobs.items())
        if what not in _LISTS:
            return ()
        path = _LISTS[what][0].format_map({"source_id": "", **parts})
        entry = book.entries.setdefault((what, path), _Entry())
        if entry.thread is None and self._clock() - entry.asked_at >= self._fresh_s:
            entry.thread = threading.Thread(
                target=self._ask, args=(client, what, path, entry), name=THREAD, daemon=True
            )
            entry.thread.start()
        if (thread := entry.thread) is not None:
            thread.join(self._patience_s)
        return entry.known

    def forget(self, client: Client) -> None:
        """Forget what may be different now, after something was changed."""
        self._books.pop(client, None)

    def learn_jobs(self, client: Client, job_names: Mapping[str, str]) -> None:
        """Keep names of jobs that came by: to ask for them would count against Stitch's limit."""
        self._books.setdefault(client, _Book()).jobs.update(job_names)

    def _ask(self, client: Client, what: str, path: str, entry: _Entry) -> None:
        tell = _LISTS[what][1]
        try:
            answer = client.request("GET", path, typed=True)
            found = [tell(one) for one in _listed(answer)]
            entry.known = tuple((str(id_), name) for id_, name in found if id_)
        except StitchError:
            # Completion is a help: what cannot be had now is told when the request itself is sent.
            entry.known = ()
        finally:
            entry.asked_at = self._clock()
            entry.thread = None


def _listed(answer: Any) -> Iterable[Any]:
    """Give what an answer lists; of a report card, or what has one, the properties."""
    card = answer.report_card if isinstance(answer, Source) else answer
    return card.properties if isinstance(card, ReportCard) else answer


NONE: Mapping[str, Any] = MappingProxyType({})
_IPYTHONS = ("In", "Out")

VARIABLE = "client"
"""The variable that is looked at where no other is named."""


class Clients:
    """Finds clients among the user's variables.

    Parameters
    ----------
    namespace
        The user's variables.
    """

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace
        self._kept: Client | None = None

    def there_is(self, name: str | None = None, local: Mapping[str, Any] = NONE) -> Client | None:
        """Give the client that would be used, if there is one already."""
        found = self._variables(local).get(name or VARIABLE)
        return found if isinstance(found, Client) else None if name else self._kept

    def of_account(self, name: str | None = None, local: Mapping[str, Any] = NONE) -> Client:
        """Give the client to use; where there is none at all, one is made, kept and told of.

        Parameters
        ----------
        local
            The variables of the function that the line stands in; they come before the user's other ones.

        Raises
        ------
        InvalidInputError
            When the named variable holds none.
        CredentialsError
            When a real account is meant, and there is no token for it.
        """
        if name is not None:
            return self._named(name, self._variables(local))
        found = self.there_is(local=local)
        if found is not None:
            return found
        made = connect()
        if VARIABLE not in self._variables(local):
            self._namespace[VARIABLE] = made
            print(f"It is kept as {VARIABLE}.")  # noqa: T201 - a variable that appears is told of
        else:
            self._kept = made
            print(f"It is kept for %connect alone, as {VARIABLE} holds something else.")  # noqa: T201 - as above
        return made

    def let_go(self) -> None:
        """Close the client that was made and that nobody else has."""
        if self._kept is not None:
            self._kept.close()
        self._kept = None

    @contextlib.contextmanager
    def of_imports(
        self, name: str | None, token: str | None, local: Mapping[str, Any] = NONE
    ) -> Iterator[ImportClient]:
        """Give a client of the Import API: the named one, one for a variable with a token, or the only one there is.

        Raises
        ------
        InvalidInputError
            When there is none, or more than one.
        """
        variables = self._variables(local)
        if token is not None:
            base_url = self.of_account(name, local).base_url
            with ImportClient(_token(token, variables), base_url=base_url) as made:
                yield made
            return
        if name is not None:
            found = variables.get(name)
            if not isinstance(found, ImportClient):
                raise InvalidInputError(
                    f"{name} holds {_kind(found)}, and the Import API takes an ImportClient. {_HOW}"
                )
            yield found
            return
        there = names_of(variables, ImportClient)
        distinct = {id(variables[one]): variables[one] for one in there}
        if len(distinct) != 1:
            why = f"there are several clients of it ({', '.join(there)})" if there else "no variable holds its client"
            raise InvalidInputError(f"The Import API takes a source's own token, and {why}. {_HOW}")
        yield next(iter(distinct.values()))

    def _variables(self, local: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self._namespace, **local} if local else self._namespace

    def _named(self, name: str, variables: Mapping[str, Any]) -> Client:
        found = variables.get(name)
        if isinstance(found, Client):
            return found
        if isinstance(found, AsyncClient):
            raise InvalidInputError(f"{name} is an AsyncClient, which has to be awaited: %connect takes a Client.")
        known = names_of(variables, Client)
        near = near_names(name, known) or known[:3]
        there = f"{name} holds {_kind(found)}" if name in variables else f"There is no variable {name}"
        other = f" There is {', '.join(near)}." if near else " client = stitchnb.connect() makes one."
        raise InvalidInputError(f"{there}: --client takes a variable with a stitchnb client.{other}")


def _token(name: str, variables: Mapping[str, Any]) -> str | ImportToken:
    found = variables.get(name)
    if isinstance(found, ImportToken | str):
        return found
    if isinstance(found, Mapping) and isinstance(found.get("access_token"), str):
        found_token: str = found["access_token"]
        return found_token
    there = f"{name} holds {_kind(found)}" if name in variables else f"There is no variable {name}"
    raise InvalidInputError(f"{there}: --token takes a variable with an Import API token. {_HOW}")


_HOW = (
    "token = client.import_tokens.create(source_id) makes a token, --token token sends with it, and so does importer = "
    "stitchnb.ImportClient(token, base_url=client.base_url)."
)


def names_of(namespace: Mapping[str, Any], kind: type | tuple[type, ...]) -> list[str]:
    """List the user's own variables of a kind."""
    own = [(name, value) for name, value in list(namespace.items()) if name[:1] != "_" and name not in _IPYTHONS]
    return [name for name, value in own if isinstance(value, kind)]


def _kind(value: Any) -> str:
    name = type(value).__name__
    return "nothing" if value is None else f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
