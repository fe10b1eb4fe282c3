"""Sources: created, looked at, changed and deleted."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from stitchnb.models import ReportCard, format_time, parse_time
from stitchnb.rules import names
from stitchnb.rules.report_cards import progress as report_cards
from stitchnb.rules.report_cards import properties
from stitchnb.rules.schedules import quartz
from stitchnb.rules.schedules import schedule as schedules
from stitchnb.sandbox import destination_routing as mapping
from stitchnb.sandbox import errors
from stitchnb.sandbox.context import SandboxContext, split_credentials, type_card
from stitchnb.sandbox.endpoints import Endpoint
from stitchnb.sandbox.jobs.runner import Engine
from stitchnb.sandbox.resources.bodies import as_given, checked_body
from stitchnb.sandbox.store import selections

# Changing these does not change what the connection check would find.
_SCHEDULE_PROPERTIES = {"anchor_time", "cron_expression", "frequency_in_minutes"}

# A source that is newly configured is run almost at once; its interval is counted from then.
_FIRST_FIRE_AFTER = timedelta(seconds=35)


class SourceEndpoints:
    """The sources of the account."""

    def __init__(self, ctx: SandboxContext, engine: Engine) -> None:
        self._ctx = ctx
        self._engine = engine

    def endpoints(self) -> Iterable[Endpoint]:
        """Tell the endpoints of sources."""
        one = "/v4/sources/{source_id}"
        return [
            Endpoint("GET", "/v4/sources", lambda request: self.list()),
            Endpoint("POST", "/v4/sources", lambda request: self.create(request.body)),
            Endpoint("GET", one, lambda request: self.get(request.path["source_id"])),
            Endpoint("PUT", one, lambda request: self.update(request.path["source_id"], request.body)),
            Endpoint("DELETE", one, lambda request: self.delete(request.path["source_id"])),
        ]

    # -- looking ------------------------------------------------------------------------------------------------------

    def list(self) -> list[dict[str, Any]]:
        """Answer with all sources: active, paused and deleted."""
        with self._ctx.state.read() as db:
            rows = db.execute("SELECT * FROM sources ORDER BY id").fetchall()
            return [self._body(db, row, listed=True) for row in rows]

    def get(self, source_id: str) -> dict[str, Any]:
        """Answer with one source."""
        with self._ctx.state.read() as db:
            return self._body(db, self._row(db, source_id))

    # -- changing -----------------------------------------------------------------------------------------------------

    def create(self, body: Any) -> dict[str, Any]:
        """Create a source and, when its form is complete, start its connection check."""
        body = checked_body(body, {"type", "display_name", "properties", "destination_id"}, errors.invalid_post_body)
        type_, display_name = body.get("type"), body.get("display_name")
        if not (isinstance(type_, str) and type_ and isinstance(display_name, str) and display_name):
            raise errors.invalid_post_body()
        card = type_card(type_)
        if card is None or not card.steps:
            raise errors.invalid_type(type_)
        if not self._ctx.plan.allows_type(card.details.to_dict()):
            raise errors.no_access_to_type(type_)
        given = as_given(card, body.get("properties", {}), errors.invalid_post_body)
        with self._ctx.state.transaction() as db:
            name = self._new_name(db, display_name)
            destination_id = mapping.destination_named(db, body.get("destination_id"))
            self._refuse_bad(card, given)
            values = {**self._set_by_stitch(card, given), **given}
            self._refuse_bad_cron(values)
            source_id = self._ctx.ids.source(db)
            open_values, secret_values = split_credentials(card, values)
            now = self._ctx.now()
            self._ctx.keep_connection(db, source_id, "source")
            db.execute(
                "INSERT INTO sources (id, type, name, display_name, properties, destination_id, created_at, updated_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (source_id, type_, name, display_name, json.dumps(open_values), destination_id, now, now),
            )
            self._ctx.credentials.save(db, source_id, secret_values)
            self._start_check_if_due(db, source_id)
            self.refresh(db, source_id)
            return self._body(db, self._row(db, source_id))

    def update(self, source_id: str, body: Any) -> dict[str, Any]:
        """Change some of a source; new connection properties are checked again."""
        body = checked_body(
            body, {"display_name", "properties", "paused_at", "destination_id"}, errors.invalid_put_body
        )
        with self._ctx.state.transaction() as db:
            row = self._live_row(db, source_id)
            if "display_name" in body:
                self._rename(db, row, body["display_name"])
            if "paused_at" in body:
                self._pause(db, row, body["paused_at"])
            if "properties" in body:
                self._change_properties(db, row, body["properties"])
            if "destination_id" in body:
                destination_id = mapping.destination_named(db, body["destination_id"])
                db.execute("UPDATE sources SET destination_id = ? WHERE id = ?", (destination_id, row["id"]))
            db.execute("UPDATE sources SET updated_at = ? WHERE id = ?", (self._ctx.now(), row["id"]))
            self.refresh(db, row["id"])
            return self._body(db, self._row(db, source_id))

    def delete(self, source_id: str) -> dict[str, Any]:
        """Delete a source; it stays in the list, with the time of its deletion."""
        with self._ctx.state.transaction() as db:
            row = self._live_row(db, source_id)
            now = self._ctx.now()
            db.execute("UPDATE sources SET deleted_at = ?, updated_at = ? WHERE id = ?", (now, now, row["id"]))
            running = db.execute(
                "SELECT name FROM jobs WHERE source_id = ? AND status = 'running'", (row["id"],)
            ).fetchone()
            self.refresh(db, row["id"])
            answer = self._body(db, self._row(db, source_id))
        if running:
            self._engine.stop_job(running["name"])
        return answer

    def grant(self, source_id: str, choose: Callable[[int, ReportCard], Mapping[str, Any]]) -> dict[str, Any]:
        """Fill in what Stitch provides, and check the connection once every step before the discovery is complete.

        Parameters
        ----------
        choose
            Gives the properties for the source's id and report card; it may raise `APIErrorResponse`.
        """
        with self._ctx.state.transaction() as db:
            row = self._live_row(db, source_id)
            card = ReportCard(self._card(db, row))
            self._keep(db, row, card, choose(row["id"], card))
            self._start_check_if_due(db, row["id"])
            db.execute("UPDATE sources SET updated_at = ? WHERE id = ?", (self._ctx.now(), row["id"]))
            self.refresh(db, row["id"])
            return self._body(db, self._row(db, source_id))

    def refresh(self, db: sqlite3.Connection, source_id: int) -> None:
        """Give a source that is fully configured its schedule, and take it from one that must not run."""
        row = db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
        if self._card(db, row)["current_step_type"] == "fully_configured" and row["scheduled_at"] is None:
            now = self._ctx.now()
            db.execute("UPDATE sources SET scheduled_at = ?, updated_at = ? WHERE id = ?", (now, now, source_id))
            row = db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
        rule = self.schedule_rule(db, row)
        due = rule.next_fire_time(self._ctx.at()) if rule else None
        db.execute("UPDATE sources SET next_fire_at = ? WHERE id = ?", (format_time(due) if due else None, source_id))

    def refresh_all(self, db: sqlite3.Connection) -> None:
        """Give and take schedules after a change that may concern any source, as of the destinations."""
        for row in db.execute("SELECT id FROM sources WHERE deleted_at IS NULL").fetchall():
            self.refresh(db, row["id"])

    def schedule_rule(self, db: sqlite3.Connection, row: sqlite3.Row) -> schedules.ScheduleRule | None:
        """Read a source's schedule; None while it must not run by itself, or has nowhere to load into."""
        card = type_card(row["type"])
        if card is None or row["scheduled_at"] is None or row["paused_at"] or row["deleted_at"]:
            return None
        if not mapping.destinations_of(db, row["id"]):
            return None
        if not any(p.name == "frequency_in_minutes" for p in card.properties):
            return None
        configured_at = parse_time(row["scheduled_at"])
        return schedules.schedule_rule(
            json.loads(row["properties"]),
            default_interval_minutes=card.details.default_scheduling_interval,
            anchor=configured_at + _FIRST_FIRE_AFTER if configured_at else None,
        )

    # -- parts --------------------------------------------------------------------------------------------------------

    def _row(self, db: sqlite3.Connection, source_id: str | int) -> sqlite3.Row:
        number = errors.parsed_id(str(source_id))
        row = None if number is None else db.execute("SELECT * FROM sources WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise errors.source_not_found(source_id)
        found: sqlite3.Row = row
        return found

    def _live_row(self, db: sqlite3.Connection, source_id: str) -> sqlite3.Row:
        row = self._row(db, source_id)
        if row["deleted_at"]:
            raise errors.source_not_found(source_id)
        return row

    def _new_name(self, db: sqlite3.Connection, display_name: str) -> str:
        name = names.derive_name(display_name)
        if not name:
            raise errors.underivable_name(display_name, name)
        if names.display_name_error(display_name):
            raise errors.invalid_name()
        live = "SELECT 1 FROM sources WHERE deleted_at IS NULL AND "
        if db.execute(live + "display_name = ?", (display_name,)).fetchone():
            raise errors.name_taken(display_name)
        if db.execute(live + "name = ?", (name,)).fetchone():
            raise errors.derived_name_taken(display_name, name)
        return name

    def _rename(self, db: sqlite3.Connection, row: sqlite3.Row, display_name: Any) -> None:
        if not isinstance(display_name, str) or not display_name.strip():
            raise errors.invalid_display_name(display_name)
        taken = db.execute(
            "SELECT 1 FROM sources WHERE deleted_at IS NULL AND display_name = ? AND id != ?",
            (display_name, row["id"]),
        ).fetchone()
        if taken:
            raise errors.name_taken(display_name)
        db.execute("UPDATE sources SET display_name = ? WHERE id = ?", (display_name, row["id"]))

    def _pause(self, db: sqlite3.Connection, row: sqlite3.Row, paused_at: Any) -> None:
        moment = parse_time(paused_at)
        if paused_at is not None and moment is None:
            raise errors.invalid_put_body()
        # Whatever the time, a pause begins at once.
        db.execute(
            "UPDATE sources SET paused_at = ? WHERE id = ?", (format_time(moment) if moment else None, row["id"])
        )

    def _change_properties(self, db: sqlite3.Connection, row: sqlite3.Row, changes: Any) -> None:
        card = type_card(row["type"]) or ReportCard({})
        given = as_given(card, changes, errors.invalid_put_body)
        before = self._ctx.all_properties(db, row)
        fixed = {p.name for p in card.properties if p.property_type == "user_provided_immutable"}
        changed_fixed = {n for n in given if n in fixed and n in before and given[n] != before[n]}
        self._refuse_bad(card, given, and_also=changed_fixed)
        self._refuse_bad_cron(given)
        self._keep(db, row, card, given)
        if set(given) - _SCHEDULE_PROPERTIES:
            self._start_check_if_due(db, row["id"])

    def _keep(self, db: sqlite3.Connection, row: sqlite3.Row, card: ReportCard, given: Mapping[str, Any]) -> None:
        """Write properties down beside those that there are, the credentials sealed."""
        open_values, secret_values = split_credentials(card, given)
        properties_now = {**json.loads(row["properties"]), **open_values}
        db.execute("UPDATE sources SET properties = ? WHERE id = ?", (json.dumps(properties_now), row["id"]))
        self._ctx.credentials.save(db, row["id"], secret_values)

    def _refuse_bad(self, card: ReportCard, given: Mapping[str, Any], *, and_also: set[str] | None = None) -> None:
        bad = properties.bad_properties(card, given)
        bad += [name for name in and_also or () if name not in bad]
        if bad:
            raise errors.invalid_properties(bad, report_cards.with_progress(card, provided=set(given) - set(bad)))

    def _refuse_bad_cron(self, given: Mapping[str, Any]) -> None:
        expression = given.get("cron_expression")
        if not isinstance(expression, str) or not expression:
            return
        if not self._ctx.plan.allows_cron:
            raise errors.no_access_to_cron()
        try:
            quartz.CronExpression.parse(expression)
        except quartz.CronError as error:
            raise errors.invalid_cron(expression, error.message) from error

    @staticmethod
    def _set_by_stitch(card: ReportCard, given: Mapping[str, Any]) -> dict[str, Any]:
        """Fill in what Stitch gives by itself: the image, and how often to run."""
        found: dict[str, Any] = {}
        for property_ in card.properties:
            if property_.name == "image_version" and property_.is_read_only:
                found["image_version"] = card.details.image_version or "1.latest"
            elif property_.name == "frequency_in_minutes" and not given.get("cron_expression"):
                found["frequency_in_minutes"] = str(card.details.default_scheduling_interval or 60)
        return found

    def _start_check_if_due(self, db: sqlite3.Connection, source_id: int) -> None:
        """Check the connection once every step before the discovery is complete."""
        row = db.execute("SELECT * FROM sources WHERE id = ?", (source_id,)).fetchone()
        card = self._card(db, row)
        step_types = [step["type"] for step in card["steps"]]
        if "discover_schema" in step_types and card["current_step"] > step_types.index("discover_schema"):
            self._engine.start_check(source_id)

    def _card(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any]:
        """Put together the source's report card; it is never stored."""
        provided = {name for name, value in json.loads(row["properties"]).items() if value is not None}
        provided |= self._ctx.credentials.names(db, row["id"])
        if row["scheduled_at"] is not None:
            # An interval is counted from somewhere: Stitch gives the anchor where the user gave none.
            provided.add("anchor_time")
        return report_cards.with_progress(
            type_card(row["type"]) or ReportCard({"type": row["type"]}),
            provided=provided,
            discovered=row["discovered_at"] is not None,
            selected=selections.is_complete(db, row["id"]),
        )

    def _body(self, db: sqlite3.Connection, row: sqlite3.Row, *, listed: bool = False) -> dict[str, Any]:
        card = self._card(db, row)
        body: dict[str, Any] = {
            "properties": dict(sorted(json.loads(row["properties"]).items())),
            "updated_at": row["updated_at"],
            "schedule": self._schedule(db, row),
        }
        # The check's name is told while the source is on its way; later, and in the list, it is left out.
        check = db.execute(
            "SELECT name FROM checks WHERE connection_id = ? ORDER BY number DESC LIMIT 1", (row["id"],)
        ).fetchone()
        if check and not listed and row["scheduled_at"] is None:
            body["check_job_name"] = check["name"]
        return body | {
            "name": row["name"],
            "type": row["type"],
            "deleted_at": row["deleted_at"],
            "system_paused_at": None,
            "stitch_client_id": self._ctx.client_id,
            "paused_at": row["paused_at"],
            "id": row["id"],
            "display_name": row["display_name"],
            "created_at": row["created_at"],
            "report_card": card,
        }

    def _schedule(self, db: sqlite3.Connection, row: sqlite3.Row) -> dict[str, Any] | None:
        rule = self.schedule_rule(db, row)
        due: datetime | None = parse_time(row["next_fire_at"])
        return None if rule is None else rule.to_dict(due)
