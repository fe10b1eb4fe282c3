"""One line of a tap's output read as the Singer message that it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from stitchnb.sandbox.pipeline import ConnectorError


@dataclass(frozen=True, slots=True)
class Schema:
    """What the records of a stream look like, from here on."""

    stream: str
    schema: Mapping[str, Any]
    key_properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """One record; `time_extracted` is aware, None where the tap does not say it."""

    stream: str
    record: Mapping[str, Any]
    time_extracted: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """Where the next run is to begin, once all that was said before is loaded."""

    value: Any


@dataclass(frozen=True, slots=True)
class ActivateVersion:
    """All records of this version of a table have been said."""

    stream: str


Message = Schema | Record | State | ActivateVersion


class NotAMessageError(ConnectorError):
    """A line that is no Singer message, or one that cannot be carried out; the reason holds nothing of the line."""


def parse(line: bytes) -> Message:
    """Read one line.

    Numbers with a fraction or an exponent become `~decimal.Decimal` in records, so that no digit is lost.

    Raises
    ------
    NotAMessageError
        It is no JSON object of a known type, or lacks what a message of its type must have.
    """
    message = _object(line, exact=True)
    match message.get("type"):
        case "RECORD":
            return Record(_text(message, "stream"), _mapping(message, "record"), _moment(message.get("time_extracted")))
        case "SCHEMA":
            return Schema(_text(message, "stream"), _mapping(message, "schema"), _key(message))
        case "STATE":
            # A state goes back to the tap as it came: there a Decimal would be no number any more.
            return State(_object(line, exact=False).get("value"))
        case "ACTIVATE_VERSION":
            return ActivateVersion(_text(message, "stream"))
        case "BATCH":
            raise NotAMessageError(
                "a BATCH message, which names files in place of records, and the sandbox reads records only: take "
                "batch_config out of the tap's configuration"
            )
        case str() as other:
            raise NotAMessageError(f"a message of the type {other[:40]!r}, which Singer does not know")
        case _:
            raise NotAMessageError("a JSON object that says no type of message")


def _object(line: bytes, *, exact: bool) -> dict[str, Any]:
    try:
        message = json.loads(line.decode("utf-8"), parse_float=Decimal if exact else None)
    except UnicodeDecodeError as error:
        raise NotAMessageError("text that is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise NotAMessageError("no JSON") from error
    except ValueError as error:
        raise NotAMessageError("a number of thousands of digits") from error
    except RecursionError as error:
        raise NotAMessageError("JSON that is nested too deeply") from error
    if not isinstance(message, dict):
        raise NotAMessageError("JSON, but no object")
    return message


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise NotAMessageError(f"a {message['type']} message without {name!r}")
    return value


def _mapping(message: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = message.get(name)
    if not isinstance(value, dict):
        raise NotAMessageError(f"a {message['type']} message whose {name!r} is no object")
    return value


def _key(message: Mapping[str, Any]) -> tuple[str, ...]:
    names = message.get("key_properties") or []
    # Some taps write the one name of a key without a list around it.
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise NotAMessageError("a SCHEMA message whose 'key_properties' are no list of names")
    return tuple(names)


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
