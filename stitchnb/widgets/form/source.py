"""The form that creates a source, or changes one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb.client import requests
from stitchnb.errors import InvalidInputError
from stitchnb.rules.report_cards.labels import type_title
from stitchnb.widgets._argument_checks import require_client, require_type, source_of
from stitchnb.widgets.form import snippets as _snippets
from stitchnb.widgets.form.authorization import Explanation, awaits_authorization
from stitchnb.widgets.form.fields import DISPLAY_NAME, DisplayNameField, FormField
from stitchnb.widgets.form.form import ConnectionForm
from stitchnb.widgets.form.submitter import Submission, Submitter, explain, sent_values

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.client.requests import Request
    from stitchnb.models import Destination, Source
    from stitchnb.widgets.form.model import FormModel


class SourceSubmitter(Submitter):
    """Creates a source of a type, or updates `source`."""

    def __init__(self, client: Client, type: str | None, source: Source | None) -> None:
        self._client = client
        self._type = str(type)
        self._source_id = source.id if source is not None else None
        self._schema_name = source.name if source is not None else ""
        self.action = "Create source" if source is None else "Save changes"
        self.subject = "The source" if source is None else f"The change of source {source.id}"

    def now(self) -> datetime:
        """Return the current time of the sandbox's clock, or of this machine."""
        sandbox = getattr(self._client, "sandbox", None)
        return super().now() if sandbox is None else sandbox.clock.now()

    def fields(self, model: FormModel) -> tuple[list[FormField], list[FormField]]:
        """Return the display name, which comes first."""
        title = type_title(model.card.type_name)
        return [DisplayNameField(example=title, owner=model, schema_name=self._schema_name)], []

    def submit(self, model: FormModel) -> Submission:
        """Create or update the source."""
        return self._create(model) if self._source_id is None else self._update(model, self._source_id)

    def _create(self, model: FormModel) -> Submission:
        # The form has validated the values already.
        source: Source = self._client.sources.create(
            self._type,
            display_name=model.fields[DISPLAY_NAME].value,
            properties=dict(model.values),
            validate=False,
        )
        message = f"Created source {source.id}: {source.display_name}, schema {source.name} in the destination."
        if awaits_authorization(source.report_card):
            message += " Next, open the source in Stitch and click Authorize."
        return Submission(source, source, message=message)

    def _update(self, model: FormModel, source_id: int) -> Submission:
        name = model.fields.get(DISPLAY_NAME)
        display_name = name.value if name is not None and name.changed else None
        properties = dict(model.changes)
        if display_name is None and not properties:
            raise InvalidInputError("There are no changes to save.")
        source: Source = self._client.sources.update(
            source_id, display_name=display_name, properties=properties or None
        )
        return Submission(source, source, saved=(*([DISPLAY_NAME] if display_name is not None else []), *properties))

    def as_python(self, model: FormModel) -> str:
        """Return a call of ``client.sources.create`` or ``client.sources.update``."""
        method, first = ("create", self._type) if self._source_id is None else ("update", self._source_id)
        return _snippets.as_python(
            f"client.sources.{method}", self._arguments(model), positional=[first], result="source"
        )

    def request(self, model: FormModel) -> tuple[Request[Any], str] | None:
        """Return the request that a submit would send; None if the client has no base URL."""
        base_url = getattr(self._client, "base_url", None)
        if base_url is None:
            return None
        arguments = self._arguments(model)
        if self._source_id is not None:
            return requests.update_source(self._source_id, arguments), base_url
        return requests.create_source(self._type, **arguments), base_url

    def _arguments(self, model: FormModel) -> dict[str, Any]:
        """Return the arguments of the call, with variables for credentials."""
        properties = sent_values(model)
        name = model.fields.get(DISPLAY_NAME)
        if self._source_id is None:
            return {"display_name": (name.value if name else "") or "", "properties": properties}
        return {
            **({"display_name": name.value} if name is not None and name.changed else {}),
            **({"properties": properties} if properties else {}),
        }

    def explanation(self, model: FormModel) -> Explanation | None:
        """Return how to grant access, with a link to Stitch or the call for the sandbox."""
        source: Any = model.latest
        is_sandbox = getattr(self._client, "sandbox", None) is not None
        return explain(model, source, base_url=getattr(self._client, "base_url", ""), in_sandbox=is_sandbox)


class SourceForm(ConnectionForm):
    """A form that creates a source, or changes one.

    Parameters
    ----------
    client
        The account of the source.
    type
        Source type, such as ``platform.recurly``; leave it out with `source`.
    source
        The source to change, or its id. The form starts with what Stitch returns of it, and sends the changes.
    display_name
        The initial display name; the default is the title of the type, such as Recurly, or the source's name.
    values
        Initial properties, by name. None clears a default.
    today
        The day, in UTC, from which a default start date is counted back. The default is the client's day (a sandbox
        may have its own clock), else today.
    overrides, only, header
        How to show some properties, which ones, and with or without a header; see `ConnectionForm`.

    Attributes
    ----------
    source
        The source as Stitch last returned it; None until it is created. It can be observed:
        ``form.observe(callback, names="source")``.

    Raises
    ------
    UnknownSourceTypeError
        When there is no such source type; the message lists similar ones.
    NotFoundError
        When there is no source with that id.
    InvalidInputError
        When an argument is wrong, or both or neither of `type` and `source` are passed.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True)
    >>> form = stitchnb.SourceForm(client, "platform.recurly", values={"quota_limit": "30", "subdomain": "acme"})
    >>> list(form.errors)
    ['api_key']
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
            raise InvalidInputError("Pass either the type of a new source or the source to change.")
        existing = source_of(client, source, "SourceForm")
        super().__init__(
            client.source_types.get(type) if type is not None else None,
            values=values,
            today=today or _client_today(client),
            connection=existing,
            overrides=overrides,
            only=only,
            header=header,
            submitter=SourceSubmitter(client, type, existing),
        )
        self.source = existing
        if display_name is not None or existing is None:
            self[DISPLAY_NAME].value = type_title(self.type) if display_name is None else display_name

    def submit(self) -> Source:
        """Create the source, or send the changes.

        Returns
        -------
        Source
            As Stitch returned it; also kept as `source`.

        Raises
        ------
        InvalidValuesError
            When a field has an error; the message names each. Nothing was sent.
        InvalidInputError
            When there are no changes. Nothing was sent.
        APIError
            When Stitch refused; errors of fields are also shown there.
        OutcomeUnknownError
            When the connection broke. Check whether the source exists before you submit again.
        """
        source: Source = super().submit()
        return source

    def _connection_stored(self, connection: Source | Destination) -> None:
        self.source = connection


def _client_today(client: Any) -> date | None:
    today = getattr(client, "today", None)
    return today() if callable(today) else None
