"""The form that creates a source."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import traitlets

from stitchnb.models.report_card import ReportCard
from stitchnb.rules.words import type_title
from stitchnb.widgets.fields import DISPLAY_NAME, DisplayNameField
from stitchnb.widgets.form import ConnectionForm

if TYPE_CHECKING:
    from stitchnb.client import Client
    from stitchnb.models import Source


class SourceForm(ConnectionForm):
    """A form that creates a source.

    Parameters
    ----------
    client
        The account that the source is to be created in.
    type
        Source type, such as ``platform.recurly``.
    display_name
        The display name to begin with; None begins with the type's own title, such as Recurly.
    values
        Properties to begin with, by name. None clears a default.
    today
        The day, in UTC, from which a default start date is counted back. Left out: the client's own day where it has
        one (a sandbox whose clock was moved), else today.

    Attributes
    ----------
    source
        The source that was created, None until then. It can be observed:
        ``form.observe(callback, names="source")``.

    Raises
    ------
    UnknownSourceTypeError
        When there is no such source type; near ones are offered.

    Examples
    --------
    >>> client = stitchnb.connect(quiet=True)
    >>> form = stitchnb.SourceForm(client, "platform.recurly", values={"quota_limit": "30", "subdomain": "acme"})
    >>> form.errors
    {'api_key': 'Required: a credential.'}
    >>> form["api_key"].value = "a-key"
    >>> form.submit().name
    'recurly'
    >>> client.close()
    """

    source = traitlets.Any(None, allow_none=True)

    _action = "Create source"
    _what = "The source"

    def __init__(
        self,
        client: Client,
        type: str,
        *,
        display_name: str | None = None,
        values: Mapping[str, Any] | None = None,
        today: date | None = None,
    ) -> None:
        self._client = client
        self._asked_type = type
        card = client.source_types.get(type)
        super().__init__(card, values=values, today=today or _client_today(client))
        self[DISPLAY_NAME].value = type_title(card.type_name) if display_name is None else display_name

    def _add_fields(self) -> None:
        super()._add_fields()
        # A property of the same name could not be told apart from it, and the source's own name is what is needed.
        self._fields.pop(DISPLAY_NAME, None)
        example = type_title(self.report_card.type_name)
        self._fields = {DISPLAY_NAME: DisplayNameField(example=example, owner=self), **self._fields}

    def submit(self) -> Source:
        """Create the source.

        Returns
        -------
        Source
            As Stitch answered; also kept as `source`.

        Raises
        ------
        InvalidValuesError
            When something stands in the way: each field is named. Nothing was sent.
        APIError
            When Stitch refused; what belongs to a field is also shown there.
        OutcomeUnknownError
            When the connection broke: look whether the source is there before sending again.
        """
        source: Source = super().submit()
        return source

    def _deliver(self) -> Source:
        source = self._client.sources.create(
            self._asked_type, display_name=self[DISPLAY_NAME].value, properties=dict(self.values)
        )
        self._finish(f"Created source {source.id}: {source.display_name}, schema {source.name} in the destination.")
        self.source = source
        return source

    def _progress(self) -> ReportCard | None:
        return self.source.report_card if self.source is not None else None

    def _summary(self) -> str:
        return f"created source {self.source.id}" if self.source is not None else super()._summary()


def _client_today(client: Any) -> date | None:
    today = getattr(client, "today", None)
    return today() if callable(today) else None
