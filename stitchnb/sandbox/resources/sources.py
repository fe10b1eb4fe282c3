"""Sources: create, list, change and delete them, and give each its schedule."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from stitchnb.models import ReportCard, format_time, parse_time
from stitchnb.rules import names
from stitchnb.rules.report_cards import progress as report_cards
from stitchnb.rules.report_cards import properties
from stitchnb.rules.schedules import quartz
from stitchnb.rules.schedules import schedule as schedules
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext, source_type_card, split_credentials
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.resources.request_bodies import checked_body, checked_properties, live_destination_id
from stitchnb.sandbox.store import connections, destinations, jobs, sources, streams

# A change of these needs no new connection check.
_SCHEDULE_PROPERTIES = {"anchor_time", "cron_expression", "frequency_in_minutes"}

# A source runs soon after it is fully configured. Its interval is counted from that run.
_FIRST_FIRE_AFTER = timedelta(seconds=35)


class StoredSource:
    """One source as it is stored, and what follows from it. Each derived value is computed once per change."""

    def __init__(self, ctx: SandboxContext, db: sqlite3.Connection, row: sqlite3.Row) -> None:
        self._ctx = ctx
        self._db = db
        self._row: dict[str, Any] = dict(row)
        self.id: int = row["id"]
        self.type_card = source_type_card(row["type"])

    def __getitem__(self, column: str) -> Any:
        return self._row[column]

    @cached_property
    def properties(self) -> dict[str, Any]:
        """The properties without credentials."""
        return dict(json.loads(self._row["properties"]))

    @cached_property
    def card(self) -> dict[str, Any]:
        """The report card; it is never stored."""
        provided = {name for name, value in self.properties.items() if value is not None}
        provided |= self._ctx.credentials.names(self._db, self.id)
        if self["scheduled_at"] is not None:
            # An interval is counted from a time. Stitch provides the anchor when the user sets none.
            provided.add("anchor_time")
        return report_cards.with_progress(
            self.type_card or ReportCard({"type": self["type"]}),
            provided=provided,
            discovered=self["discovered_at"] is not None,
            selected=streams.is_selection_complete(self._db, self.id),
        )

    @cached_property
    def schedule_rule(self) -> schedules.ScheduleRule | None:
        """The schedule; None while the source must not run automatically or has no destination."""
        if self.type_card is None or self["scheduled_at"] is None or self["paused_at"] or self["deleted_at"]:
            return None
        if not any(p.name == "frequency_in_minutes" for p in self.type_card.properties):
            return None
        if not destinations.list_of_source(self._db, self.id):
            return None
        configured_at = parse_time(self["scheduled_at"])
        return schedules.schedule_rule(
            self.properties,
            default_interval_minutes=self.type_card.details.default_scheduling_interval,
            anchor=configured_at + _FIRST_FIRE_AFTER if configured_at else None,
        )

    @property
    def is_ready_for_check(self) -> bool:
        """Every step before the discovery is complete."""
        step_types = [step["type"] for step in self.card["steps"]]
        return "discover_schema" in step_types and self.card["current_step"] > step_types.index("discover_schema")

    def update(self, properties: Mapping[str, Any] | None = None, **columns: Any) -> None:
        """Store new values: columns, and properties beside those that there are, the credentials encrypted."""
        if properties is not None:
            shown, secret = split_credentials(self.type_card or ReportCard({}), properties)
            columns["properties"] = json.dumps({**self.properties, **shown})
            self._ctx.credentials.save(self._db, self.id, secret)
        sources.update(self._db, self.id, **columns)
        self._row |= columns
        outdated = {"schedule_rule"}
        if "properties" in columns:
            outdated |= {"properties", "card"}
        if "scheduled_at" in columns:
            outdated.add("card")
        for name in outdated:
            self.__dict__.pop(name, None)

    def reschedule(self) -> None:
        """Give a source that is fully configured its schedule, and remove it from one that must not run."""
        if self["scheduled_at"] is None and self.card["current_step_type"] == "fully_configured":
            now = self._ctx.now()
            self.update(scheduled_at=now, updated_at=now)
        due = self.schedule_rule.next_fire_time(self._ctx.at()) if self.schedule_rule else None
        next_fire_at = format_time(due) if due else None
        if next_fire_at != self["next_fire_at"]:
            sources.update(self._db, self.id, next_fire_at=next_fire_at)
            self._row["next_fire_at"] = next_fire_at

    def to_body(self, *, listed: bool = False) -> dict[str, Any]:
        """Return the source as responses show it."""
        rule = self.schedule_rule
        body: dict[str, Any] = {
            "properties": dict(sorted(self.properties.items())),
            "updated_at": self["updated_at"],
            "schedule": None if rule is None else rule.to_dict(parse_time(self["next_fire_at"])),
        }
        # Responses name the check until the source is fully configured. The list never does.
        if not listed and self["scheduled_at"] is None:
            check = connections.last_check_name(self._db, self.id)
            if check is not None:
                body["check_job_name"] = check
        return body | {
            "name": self["name"],
            "type": self["type"],
            "deleted_at": self["deleted_at"],
            "system_paused_at": None,
            "stitch_client_id": self._ctx.client_id,
            "paused_at": self["paused_at"],
            "id": self.id,
            "display_name": self["display_name"],
            "created_at": self["created_at"],
            "report_card": self.card,
        }


def reschedule_all(ctx: SandboxContext, db: sqlite3.Connection) -> None:
    """Reschedule every live source, after a change of the destinations."""
    for row in sources.list_live(db):
        StoredSource(ctx, db, row).reschedule()


class SourceEndpoints:
    """The sources of the account."""

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine

    def endpoints(self) -> Iterable[Endpoint]:
        """Return the endpoints of sources."""
        one = "/v4/sources/{source_id}"
        return [
            Endpoint("GET", "/v4/sources", lambda request: self.list()),
            Endpoint("POST", "/v4/sources", lambda request: self.create(request.body)),
            Endpoint("GET", one, lambda request: self.get(request.path["source_id"])),
            Endpoint("PUT", one, lambda request: self.update(request.path["source_id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["source_id"])),
        ]

    def list(self) -> list[dict[str, Any]]:
        """Return all sources: active, paused and deleted."""
        with self._ctx.state.read() as db:
            return [StoredSource(self._ctx, db, row).to_body(listed=True) for row in sources.list_all(db)]

    def get(self, source_id: str) -> dict[str, Any]:
        """Return one source."""
        with self._ctx.state.read() as db:
            return self._stored(db, source_id).to_body()

    def create(self, body: Any) -> dict[str, Any]:
        """Create a source and, when its form is complete, start its connection check."""
        body = checked_body(body, {"type", "display_name", "properties", "destination_id"}, errors.invalid_post_body)
        type_, display_name = body.get("type"), body.get("display_name")
        if not (isinstance(type_, str) and type_ and isinstance(display_name, str) and display_name):
            raise errors.invalid_post_body()
        card = source_type_card(type_)
        if card is None or not card.steps:
            raise errors.invalid_type(type_)
        if not self._ctx.plan.allows_type(card.details.to_dict()):
            raise errors.no_access_to_type(type_)
        values = checked_properties(card, body.get("properties", {}), errors.invalid_post_body)
        with self._ctx.state.transaction() as db:
            name = self._new_name(db, display_name)
            destination_id = live_destination_id(db, body.get("destination_id"))
            self._reject_invalid(card, values)
            values = {**self._defaults(card, values), **values}
            self._reject_invalid_cron(values)
            shown, secret = split_credentials(card, values)
            row = sources.add(
                db,
                self._ctx.ids.source(db),
                type_=type_,
                name=name,
                display_name=display_name,
                properties=json.dumps(shown),
                destination_id=destination_id,
                now=self._ctx.now(),
            )
            self._ctx.credentials.save(db, row["id"], secret)
            return self._finish(StoredSource(self._ctx, db, row), check=True)

    def update(self, source_id: str, body: Any) -> dict[str, Any]:
        """Change some values of a source; new connection properties are checked again."""
        body = checked_body(
            body, {"display_name", "properties", "paused_at", "destination_id"}, errors.invalid_put_body
        )
        with self._ctx.state.transaction() as db:
            source = self._live(db, source_id)
            columns: dict[str, Any] = {"updated_at": self._ctx.now()}
            properties = None
            if "display_name" in body:
                columns["display_name"] = self._new_display_name(db, source, body["display_name"])
            if "paused_at" in body:
                moment = parse_time(body["paused_at"])
                if body["paused_at"] is not None and moment is None:
                    raise errors.invalid_put_body()
                # A pause starts at once, whatever the time says.
                columns["paused_at"] = format_time(moment) if moment else None
            if "properties" in body:
                properties = self._changed_properties(db, source, body["properties"])
            if "destination_id" in body:
                columns["destination_id"] = live_destination_id(db, body["destination_id"])
            source.update(properties, **columns)
            return self._finish(source, check=bool(set(properties or ()) - _SCHEDULE_PROPERTIES))

    def delete(self, source_id: str) -> dict[str, Any]:
        """Delete a source; it stays in the list, with the time of its deletion."""
        with self._ctx.state.transaction() as db:
            source = self._live(db, source_id)
            now = self._ctx.now()
            source.update(deleted_at=now, updated_at=now)
            job_name = jobs.running_of_source(db, source.id)
            body = self._finish(source, check=False)
        if job_name is not None:
            self._engine.stop_job(job_name)
        return body

    def grant(self, source_id: str, choose: Callable[[int, ReportCard], Mapping[str, Any]]) -> dict[str, Any]:
        """Set properties that Stitch provides, and check the connection once every step before the discovery is done.

        Parameters
        ----------
        choose
            Returns the properties for the source's id and report card; it may raise `APIErrorResponse`.
        """
        with self._ctx.state.transaction() as db:
            source = self._live(db, source_id)
            source.update(choose(source.id, ReportCard(source.card)), updated_at=self._ctx.now())
            return self._finish(source, check=True)

    def _finish(self, source: StoredSource, *, check: bool) -> dict[str, Any]:
        """Start the check if it is due, set the schedule and return the source, at the end of every change."""
        if check and source.is_ready_for_check:
            self._engine.start_check(source.id)
        source.reschedule()
        return source.to_body()

    def _stored(self, db: sqlite3.Connection, source_id: str) -> StoredSource:
        row = sources.get(db, errors.parsed_id(source_id))
        if row is None:
            raise errors.source_not_found(source_id)
        return StoredSource(self._ctx, db, row)

    def _live(self, db: sqlite3.Connection, source_id: str) -> StoredSource:
        source = self._stored(db, source_id)
        if source["deleted_at"]:
            raise errors.source_not_found(source_id)
        return source

    @staticmethod
    def _new_name(db: sqlite3.Connection, display_name: str) -> str:
        name = names.derive_name(display_name)
        if not name:
            raise errors.underivable_name(display_name, name)
        if names.display_name_error(display_name):
            raise errors.invalid_name()
        if sources.has_display_name(db, display_name):
            raise errors.name_taken(display_name)
        if sources.has_name(db, name):
            raise errors.derived_name_taken(display_name, name)
        return name

    @staticmethod
    def _new_display_name(db: sqlite3.Connection, source: StoredSource, display_name: Any) -> str:
        if not isinstance(display_name, str) or not display_name.strip():
            raise errors.invalid_display_name(display_name)
        if sources.has_display_name(db, display_name, except_id=source.id):
            raise errors.name_taken(display_name)
        return display_name

    def _changed_properties(self, db: sqlite3.Connection, source: StoredSource, changes: Any) -> dict[str, Any]:
        card = source.type_card or ReportCard({})
        values = checked_properties(card, changes, errors.invalid_put_body)
        immutable = {p.name for p in card.properties if p.property_type == "user_provided_immutable"} & values.keys()
        before = {**source.properties, **self._ctx.credentials.read(db, source.id)} if immutable else {}
        changed = [name for name in values if name in immutable and name in before and values[name] != before[name]]
        self._reject_invalid(card, values, changed)
        self._reject_invalid_cron(values)
        return values

    @staticmethod
    def _reject_invalid(card: ReportCard, values: Mapping[str, Any], also: Iterable[str] = ()) -> None:
        invalid = list(dict.fromkeys([*properties.bad_properties(card, values), *also]))
        if invalid:
            progress = report_cards.with_progress(card, provided=set(values) - set(invalid))
            raise errors.invalid_properties(invalid, progress)

    def _reject_invalid_cron(self, values: Mapping[str, Any]) -> None:
        expression = values.get("cron_expression")
        if not isinstance(expression, str) or not expression:
            return
        if not self._ctx.plan.allows_cron:
            raise errors.no_access_to_cron()
        try:
            quartz.CronExpression.parse(expression)
        except quartz.CronError as error:
            raise errors.invalid_cron(expression, error.message) from error

    @staticmethod
    def _defaults(card: ReportCard, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that Stitch sets: the image, and how often to run."""
        defaults: dict[str, Any] = {}
        for property_ in card.properties:
            if property_.name == "image_version" and property_.is_read_only:
                defaults["image_version"] = card.details.image_version or "1.latest"
            elif property_.name == "frequency_in_minutes" and not values.get("cron_expression"):
                defaults["frequency_in_minutes"] = str(card.details.default_scheduling_interval or 60)
        return defaults
