"""Which account a request is for: the client that is named, the user's own, or one that is made."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from stitchnb.client import AsyncClient, Client, ImportClient
from stitchnb.embedded import connect
from stitchnb.errors import InvalidInputError, near_names
from stitchnb.models import ImportToken

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
