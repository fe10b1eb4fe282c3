"""The API's objects as DataFrames and tables: fixed columns and dtypes, empty in, same columns out."""

from __future__ import annotations

import html as _html
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from stitchnb.models import (
    ConnectionCheck,
    Destination,
    Extraction,
    Field,
    Hook,
    ImportToken,
    Load,
    Model,
    NotificationEmail,
    Property,
    ReportCard,
    Schedule,
    Source,
    Stream,
)
from stitchnb.models.stream import dotted_name
from stitchnb.rules.report_cards import properties
from stitchnb.rules.selection import rules as selection
from stitchnb.rules.selection.changes import Change, Difference
from stitchnb.rules.selection.columns import INCLUSIONS, UNKNOWN, YES
from stitchnb.rules.selection.effect import StreamPart, effect_of
from stitchnb.rules.selection.validate import Problem

_TIME = "datetime64[us, UTC]"

# What of a report card is not in its HTML table, which has to fit on a page.
_TOLD_ASIDE = ("step", "property_type")

_LONG_WORD = re.compile(r"\S{14,}")
_END_OF_PART = re.compile(r"(?<=[_./\-])(?=\w)")

Column = tuple[str, str, Callable[[Any], Any]]

# One table per kind of object: a column's name, its dtype, and where its value comes from.
_COLUMNS: Mapping[type[Model], tuple[Column, ...]] = {
    ReportCard: (
        ("type", "string", lambda c: c.type_name),
        ("pipeline_state", "string", lambda c: c.details.pipeline_state),
        ("pricing_tier", "string", lambda c: c.details.pricing_tier),
        ("access", "boolean", lambda c: c.details.access),
        ("steps", "string", lambda c: " → ".join(s.type for s in c.steps)),
        ("upgrade_available", "string", lambda c: c.upgrade_available),
    ),
    Property: (
        ("property", "string", lambda p: p.name),
        ("required", "bool", lambda p: p.is_required),
        ("credential", "bool", lambda p: p.is_credential),
        ("given_by", "string", lambda p: _given_by(p)),
        ("provided", "bool", lambda p: p.provided),
        ("accepts", "string", lambda p: properties.describe(p).expected),
        ("property_type", "string", lambda p: p.property_type),
    ),
    Source: (
        ("id", "int64", Source.id.raw),
        ("name", "string", Source.name.raw),
        ("display_name", "string", Source.display_name.raw),
        ("type", "string", Source.type.raw),
        ("state", "string", lambda s: s.state),
        ("next_fire_time", _TIME, lambda s: _next_fire_time(s)),
        ("created_at", _TIME, Source.created_at.raw),
        ("updated_at", _TIME, Source.updated_at.raw),
    ),
    Stream: (
        ("stream_id", "int64", lambda s: s.stream_id),
        ("stream", "string", lambda s: s.stream_name),
        ("selected", "boolean", lambda s: s.selected),
        ("primary_key", "string", lambda s: ", ".join(s.metadata.table_key_properties)),
        ("replication_method", "string", lambda s: _method(s)),
        ("replication_key", "string", lambda s: _key(s)),
    ),
    Field: (
        ("field", "string", lambda f: f.name),
        ("type", "string", lambda f: " or ".join(f.types)),
        ("inclusion", "string", lambda f: f.metadata.inclusion),
        ("replicated", "bool", lambda f: f.stream_selected and selection.is_replicated(f.metadata)),
        ("reason", "string", lambda f: _reason(f)),
    ),
    ConnectionCheck: (
        ("name", "string", lambda c: c.name),
        ("status", "string", lambda c: c.status),
        ("start_time", _TIME, lambda c: c.start_time),
        ("completion_time", _TIME, lambda c: c.completion_time),
        ("message", "string", lambda c: c.message),
    ),
    Extraction: (
        ("source_id", "int64", lambda e: e.source_id),
        ("source_type", "string", lambda e: e.source_type),
        ("job_name", "string", lambda e: e.job_name),
        ("start_time", _TIME, lambda e: e.start_time),
        ("completion_time", _TIME, lambda e: e.completion_time),
        ("succeeded", "bool", lambda e: e.succeeded),
        ("failure", "string", lambda e: e.failure),
    ),
    Load: (
        ("source", "string", lambda x: x.source_name),
        ("stream", "string", lambda x: x.stream_name),
        ("last_batch_loaded_at", _TIME, lambda x: x.last_batch_loaded_at),
        ("failure", "string", lambda x: x.failure),
    ),
    Destination: (
        ("id", "int64", lambda d: d.id),
        ("type", "string", lambda d: d.type),
        ("name", "string", lambda d: d.name or d.display_name),
        ("created_at", _TIME, lambda d: d.created_at),
    ),
    NotificationEmail: (
        ("id", "int64", lambda e: e.id),
        ("email_address", "string", lambda e: e.email_address),
        ("enabled", "bool", lambda e: e.enabled),
        ("disabled_at", _TIME, lambda e: e.disabled_at),
        ("created_at", _TIME, lambda e: e.created_at),
    ),
    Hook: (
        ("id", "int64", lambda h: h.id),
        ("type", "string", lambda h: h.type),
        ("destination_id", "Int64", lambda h: h.destination_id),
        ("url", "string", lambda h: h.url),
        ("enabled", "bool", lambda h: h.enabled),
        ("created_at", _TIME, lambda h: h.created_at),
    ),
    ImportToken: (("id", "int64", lambda t: t.id),),
    Schedule: (
        ("type", "string", lambda s: s.type),
        ("every_minutes", "Float64", lambda s: s.interval),
        ("cron_expression", "string", lambda s: s.cron_expression),
        ("next_fire_time", _TIME, lambda s: s.next_fire_time),
    ),
}


def _given_by(property_: Property) -> str:
    if property_.is_read_only:
        return "Stitch"
    return "Stitch, or you" if property_.property_type == "system_provided_by_default" else "you"


def _reason(field: Field) -> str:
    why = selection.reason(field.metadata, roles=field.roles)
    return why if field.stream_selected else selection.reason_in_unselected_stream(why)


def _next_fire_time(source: Source) -> Any:
    schedule = Source.schedule.raw(source)
    return schedule.get(Schedule.next_fire_time.wire_name) if isinstance(schedule, dict) else None


def _method(stream: Stream) -> str | None:
    return stream.metadata.forced_replication_method or stream.metadata.replication_method


def _key(stream: Stream) -> str | None:
    return stream.metadata.replication_key or next(iter(stream.metadata.valid_replication_keys or ()), None)


def records(kind: type[Model], objects: Iterable[Model]) -> pd.DataFrame:
    """Show objects of one kind as a DataFrame.

    Parameters
    ----------
    kind
        The kind, which decides the columns even when there are no objects.

    Returns
    -------
    DataFrame
        One row per object, in their order, with a fresh index.
    """
    columns = next(_COLUMNS[k] for k in kind.__mro__ if k in _COLUMNS)
    return _table(objects, columns)


def _table(objects: Iterable[Any], columns: Iterable[Column]) -> pd.DataFrame:
    """Make a frame with one row per object; without any it has the same columns."""
    rows = list(objects)
    return pd.DataFrame(
        {name: _column([value(row) for row in rows], dtype) for name, dtype, value in columns},
        index=pd.RangeIndex(len(rows)),
    )


def _column(values: list[Any], dtype: str) -> pd.Series[Any]:
    """Make a column; times may still be the wire's text, which pandas reads faster than we do one by one."""
    if dtype == _TIME:
        return pd.Series(pd.to_datetime(values, utc=True, errors="coerce", format="ISO8601"), dtype=dtype)
    return pd.Series(values, dtype=dtype)


def catalog_fields(parts: Iterable[StreamPart]) -> pd.DataFrame:
    """Show the fields of many streams as a DataFrame. See `Catalog.to_frame`."""
    import numpy as np

    parts = list(parts)
    effect = effect_of(parts)
    sizes = np.diff(effect.starts)
    starts = effect.starts.tolist()

    def of_streams(values: list[str]) -> Any:
        return np.repeat(np.asarray(values, dtype=object), sizes)

    def sparse(told: Iterable[tuple[int, str]]) -> Any:
        column = np.full(starts[-1], pd.NA, dtype=object)
        for position, value in told:
            column[position] = value
        return column

    def of_fields(name: str) -> Any:
        return np.fromiter((v for part in parts for v in getattr(part.fields, name)), dtype=object, count=starts[-1])

    placed = list(zip(parts, starts, strict=False))
    sql_types = of_fields("sql_types")
    sql_types[sql_types == None] = pd.NA  # noqa: E711 - asked of every element
    inclusion = np.asarray([pd.NA, *INCLUSIONS[1:]], dtype=object)[effect.inclusion]
    for part, start in placed:
        for position, word in part.fields.other_inclusions.items():
            inclusion[start + position] = word
    roles = ((start + p, ", ".join(r)) for part, start in placed for p, r in part.roles.items())
    exclusions = (
        (start + p, ", ".join(map(dotted_name, b))) for part, start in placed for p, b in part.fields.exclusions.items()
    )
    columns = {
        "stream": _words(of_streams([part.stream_name for part in parts])),
        "breadcrumb": of_fields("breadcrumbs"),
        "field": _words(of_fields("names")),
        "type": _words(of_fields("types")),
        "sql_type": _words(sql_types),
        "inclusion": _words(inclusion),
        "selected": pd.arrays.BooleanArray(effect.selected == YES, effect.selected == UNKNOWN),
        "selected_by_default": pd.arrays.BooleanArray(
            effect.selected_by_default == YES, effect.selected_by_default == UNKNOWN
        ),
        "replicated": effect.replicated,
        "reason": _words(np.asarray(effect.reason_texts, dtype=object)[effect.reasons]),
        "key_roles": _words(sparse(roles)),
        "exclusions": _words(sparse(exclusions)),
        "tap_stream_id": _words(of_streams([part.tap_stream_id for part in parts])),
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(starts[-1]), copy=False)


def _words(values: Any) -> Any:
    return pd.array(values, dtype="string")


def selection_changes(changes: Iterable[Change]) -> pd.DataFrame:
    """Show changes of a selection as a DataFrame. See `Catalog.changes`."""
    return _table(
        changes,
        (
            ("stream", "string", lambda c: c.stream_name),
            ("field", "string", lambda c: c.field),
            ("key", "string", lambda c: c.key),
            ("from", "object", lambda c: c.before),
            ("to", "object", lambda c: c.after),
            ("breadcrumb", "object", lambda c: c.breadcrumb),
        ),
    )


def catalog_differences(differences: Iterable[Difference]) -> pd.DataFrame:
    """Show what is different between two catalogs as a DataFrame. See `Catalog.diff`."""
    return _table(
        differences,
        (
            ("stream", "string", lambda d: d.stream_name),
            ("field", "string", lambda d: d.field),
            ("change", "string", lambda d: d.kind),
            ("key", "string", lambda d: d.key),
            ("from", "string", lambda d: d.before),
            ("to", "string", lambda d: d.after),
            ("replicated", "bool", lambda d: d.replicated),
            ("breadcrumb", "object", lambda d: d.breadcrumb),
            ("tap_stream_id", "string", lambda d: d.tap_stream_id),
        ),
    )


def selection_problems(problems: Iterable[Problem]) -> pd.DataFrame:
    """Show what is wrong with a selection as a DataFrame. See `Catalog.problems`."""
    return _table(
        problems,
        (
            ("severity", "string", lambda p: p.severity),
            ("stream", "string", lambda p: p.stream_name),
            ("field", "string", lambda p: p.field),
            ("message", "string", lambda p: p.message),
        ),
    )


def report_card(card: ReportCard) -> pd.DataFrame:
    """Show a report card's properties as a DataFrame. See `ReportCard.to_frame`."""
    frame = records(Property, card.properties)
    frame.insert(0, "step", pd.Series([s.type for s in card.steps for _ in s.properties], dtype="string"))
    return frame


def attributes(model: Model) -> pd.DataFrame:
    """Show one object as a DataFrame: ``attribute`` (string) and ``value`` (object), in the order of its kind.

    Nested objects are told in short; what stitchnb has no name for comes last, under its own name.
    """
    told = {name: _cell(getattr(model, name)) for name in model._attrs if name not in ("steps", "metadata")}
    told |= {name: _cell(value) for name, value in model.extra.items()}
    return pd.DataFrame(
        {"attribute": pd.Series(list(told), dtype="string"), "value": pd.Series(list(told.values()), dtype="object")}
    )


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, ReportCard):
        return f"step {value.current_step} of {len(value.steps)}: {value.current_step_type}"
    if isinstance(value, Model):
        return ", ".join(f"{n}: {_cell(v)}" for n in value._attrs if (v := getattr(value, n)) is not None)
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {_cell(v)}" for k, v in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(_cell(v) for v in value)
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if hasattr(value, "strftime") else str(value)


def text(model: Model) -> str:
    """Write one object as plain text, one attribute a line."""
    frame = model.to_frame()
    if list(frame.columns) != ["attribute", "value"]:
        return f"{model!r}\n{frame.to_string(index=False)}"
    width = max((len(name) for name in frame["attribute"]), default=0)
    lines = [f"  {row.attribute:<{width}}  {row.value}".rstrip() for row in frame.itertuples()]
    return "\n".join([type(model).__name__, *lines])


def html(model: Model) -> str:
    """Write one object as an HTML table with its name above it; what is left out of it is named below."""
    frame = model.to_frame()
    aside = [name for name in _TOLD_ASIDE if name in frame] if isinstance(model, ReportCard) else []
    below = f"<p><code>to_frame()</code> has also {' and '.join(aside)}.</p>" if aside else ""
    table = html_table(frame.drop(columns=aside))
    return f"<div><strong>{_html.escape(repr(model))}</strong>{table}{below}</div>"


def html_table(frame: pd.DataFrame, *, most_rows: int = 100) -> str:
    """Write a frame as an HTML table: text to the left, numbers to the right; one that is cut short says so."""
    shown = frame.head(most_rows)
    numeric = [pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype) for dtype in frame.dtypes]
    sides = ["right" if is_number else "left" for is_number in numeric]
    head = "".join(_cell_html("th", name, side) for name, side in zip(frame.columns, sides, strict=True))
    rows = "".join(
        "<tr>" + "".join(_cell_html("td", value, side) for value, side in zip(row, sides, strict=True)) + "</tr>"
        for row in shown.itertuples(index=False, name=None)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    if len(frame) > most_rows:
        table += f"<p>{most_rows} of {len(frame)} rows shown; <code>to_frame()</code> gives all.</p>"
    return table


def _cell_html(tag: str, value: Any, side: str) -> str:
    # On the cell itself: JupyterLab aligns every cell of a table to the right.
    told = "" if value is None or value is pd.NA or value is pd.NaT else _cell(value)
    return f'<{tag} style="text-align:{side}">{_breakable(_html.escape(told))}</{tag}>'


def _breakable(told: str) -> str:
    """Let a long name go on in the next line where one of its parts ends, so that a table is no wider than its page."""
    return _LONG_WORD.sub(lambda found: _END_OF_PART.sub("<wbr>", found[0]), told)
