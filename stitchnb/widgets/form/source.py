"""The form that creates a source, or changes one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb.client import requests
from stitchnb.errors import InvalidInputError
from stitchnb.models.report_card import ReportCard
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.widgets._argument_checks import require_client, require_type, source_of
from stitchnb.widgets.form import authorization as _authorization
from stitchnb.widgets.form import snippets as _snippets
from stitchnb.widgets.form.fields import DISPLAY_NAME, DisplayNameField
from stitchnb.widgets.form.form import ConnectionForm

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.client.requests import Request
    from stitchnb.models import Source


class SourceForm(ConnectionForm):
    """A form that creates a source, or changes one that is there.

    Parameters
    ----------
    client
        The account that the source is to be created in, or belongs to.
    type
        Source type, such as ``platform.recurly``; left out where `source` is given.
    source
        The source to change, or its id. The form begins with what Stitch tells of it, and sends what was changed.
    display_name
        The display name to begin with; None begins with the type's own title, such as Recurly, or the source's name.
    values
        Properties to begin with, by name. None clears a default.
    today
        The day, in UTC, from which a default start date is counted back. Left out: the client's own day where it has
        one (a sandbox whose clock was moved), else today.
    overrides, only, header
        How some properties are shown otherwise, which ones at all, and whether under a header; see `ConnectionForm`.

    Attributes
    ----------
    source
        The source that was created or is changed, as Stitch last answered; None until it is there. It can be observed:
        ``form.observe(callback, names="source")``.

    Raises
    ------
    UnknownSourceTypeError
        When there is no such source type; near ones are offered.
    NotFoundError
        When there is no source with that id.
    InvalidInputError
        When something else than a client, a type's name or a source was given, or both of the latter, or neither.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True)
    >>> form = stitchnb.SourceForm(client, "platform.recurly", values={"quota_limit": "30", "subdomain": "acme"})
    >>> form.errors
    {'api_key': 'Required: a credential.'}
    >>> form["api_key"].value = "a-key"
    >>> source = form.submit()
    >>> source.name
    'recurly'
    >>> form = stitchnb.SourceForm(client, source=source)
    >>> form["quota_limit"].value = "31"
    >>> form.changes
    {'quota_limit': '31'}
    >>> client.close()
    """

    source = traitlets.Any(None, allow_none=True)

    def __init__(
        self,
        client: Client,
        type: str | None = None,
        *,
        source: Source | int | None = None,
        display_name: str | None = None,
        values: Mapping[str, Any] | None = None,
        today: date | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        only: Collection[str] | None = None,
        header: bool = True,
    ) -> None:
        require_client(client, "SourceForm")
        require_type(type, "SourceForm", "source")
        if (type is None) == (source is None):
            raise InvalidInputError("Give either the type of a new source, or the source to change.")
        self._client = client
        self._asked_type = type
        found = source_of(client, source, "SourceForm")
        self._schema_name = found.name if found is not None else ""
        card = client.source_types.get(type) if type is not None else None
        super().__init__(
            card,
            values=values,
            today=today or _client_today(client),
            connection=found,
            overrides=overrides,
            only=only,
            header=header,
        )
        self.source = found
        if display_name is not None or found is None:
            self[DISPLAY_NAME].value = type_title(self.type) if display_name is None else display_name

    @property
    def _action(self) -> str:
        return "Create source" if self._connection is None else "Save changes"

    @property
    def _what(self) -> str:
        return "The source" if self._connection is None else f"The change of source {self._connection.id}"

    def _add_fields(self) -> None:
        super()._add_fields()
        # A property of the same name could not be told apart from it, and the source's own name is what is needed.
        self._fields.pop(DISPLAY_NAME, None)
        if self._only is not None and DISPLAY_NAME not in self._only:
            return
        field = DisplayNameField(
            example=type_title(self.report_card.type_name), owner=self, schema_name=self._schema_name
        )
        self._fields = {DISPLAY_NAME: field, **self._fields}

    def _take_over(self) -> None:
        super()._take_over()
        if self._connection is not None and DISPLAY_NAME in self:
            self._fields[DISPLAY_NAME].begin(self._connection.display_name, provided=True)

    def _now(self) -> datetime:
        sandbox = getattr(self._client, "sandbox", None)
        return super()._now() if sandbox is None else sandbox.clock.now()

    def _explanation(self) -> _authorization.Explanation | None:
        is_sandbox = getattr(self._client, "sandbox", None) is not None
        base_url = getattr(self._client, "base_url", "")
        source: Any = self.source or self._connection
        return self._explained(source, base_url=base_url, in_sandbox=is_sandbox)

    def submit(self) -> Source:
        """Create the source, or send what was changed.

        Returns
        -------
        Source
            As Stitch answered; also kept as `source`.

        Raises
        ------
        InvalidValuesError
            When something stands in the way: each field is named. Nothing was sent.
        InvalidInputError
            When nothing was changed. Nothing was sent.
        APIError
            When Stitch refused; what belongs to a field is also shown there.
        OutcomeUnknownError
            When the connection broke: look whether the source is there before sending again.
        """
        source: Source = super().submit()
        return source

    def _deliver(self) -> Source:
        return self._create() if self._connection is None else self._update(self._connection.id)

    def _create(self) -> Source:
        # The form has held everything against the report card already.
        source: Source = self._client.sources.create(
            str(self._asked_type),
            display_name=self[DISPLAY_NAME].value,
            properties=dict(self.values),
            validate=False,
        )
        notice = f"Created source {source.id}: {source.display_name}, schema {source.name} in the destination."
        if _authorization.awaits_authorization(source.report_card):
            notice += " Next, somebody has to grant access: open the source in Stitch and authorize it."
        self._finish(notice)
        self.source = source
        return source

    def _update(self, source_id: int) -> Source:
        name = self._fields.get(DISPLAY_NAME)
        renamed = name.value if name is not None and name.changed else None
        properties = dict(self.changes)
        if renamed is None and not properties:
            raise InvalidInputError("Nothing was changed, so nothing was sent.")
        source: Source = self._client.sources.update(source_id, display_name=renamed, properties=properties or None)
        names = [*([DISPLAY_NAME] if renamed is not None else []), *properties]
        self._saved(source, names)
        self.source = source
        return source

    def _progress(self) -> ReportCard | None:
        return self.source.report_card if self.source is not None else super()._progress()

    def _summary(self) -> str:
        if self._connection is None and self.source is not None:
            return f"created source {self.source.id}"
        return super()._summary()

    def as_python(self) -> str:
        """Write the form as a Python program; credentials come from environment variables, such as RECURLY_API_KEY."""
        arguments = self._arguments()
        if self._connection is None:
            arguments = {"type": self._asked_type, **arguments}
            first = arguments.pop("type")
            return _snippets.as_python("client.sources.create", arguments, positional=[first], result="source")
        return _snippets.as_python(
            "client.sources.update", arguments, positional=[self._connection.id], result="source"
        )

    def _arguments(self) -> dict[str, Any]:
        """Give what would be sent, with variables for credentials."""
        properties = _snippets.open_values(self.type, self._sent_fields())
        name = self._fields.get(DISPLAY_NAME)
        if self._connection is None:
            return {"display_name": (name.value if name else "") or "", "properties": properties}
        return {
            **({"display_name": name.value} if name is not None and name.changed else {}),
            **({"properties": properties} if properties else {}),
        }

    def _request(self) -> tuple[Request[Any], str] | None:
        base_url = getattr(self._client, "base_url", None)
        if base_url is None:
            return None
        arguments = self._arguments()
        if self._connection is not None:
            return requests.update_source(self._connection.id, arguments), base_url
        return requests.create_source(str(self._asked_type), **arguments), base_url


def _client_today(client: Any) -> date | None:
    today = getattr(client, "today", None)
    return today() if callable(today) else None
