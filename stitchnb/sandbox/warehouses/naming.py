"""Names of tables and columns in a destination, and quoting of names and text in SQL."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MAX_NAME_BYTES = 63
SEPARATOR = "__"

DATABASE = "stitchnb warehouse"
"""Name of the attached database. The space keeps it different from the name of any source: DuckDB calls ``name.table``
ambiguous if a database and a schema share a name."""

INTERNAL_SCHEMA = "_stitchnb"

EXTRACTED_AT = "_sdc_extracted_at"
RECEIVED_AT = "_sdc_received_at"
BATCHED_AT = "_sdc_batched_at"
SEQUENCE = "_sdc_sequence"
TABLE_VERSION = "_sdc_table_version"
REJECTED_TABLE = "_sdc_rejected"

_SOURCE_KEY = "_sdc_source_key_"
_KEPT = frozenset("_$ ")
_VARIATION_SELECTORS = frozenset([*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))])


def valid_name(parts: Iterable[str]) -> str:
    """Return the name of a column or table in the destination.

    Letters, digits, underscores, dollar signs and inner spaces are kept, in any script and case. Everything else is
    removed, and so is everything before the first letter or underscore.

    Parameters
    ----------
    parts
        Names from the outermost object to the field itself.

    Returns
    -------
    str
        The cleaned parts, joined by two underscores. Empty if nothing is left.
    """
    joined = unicodedata.normalize("NFC", SEPARATOR.join(parts))
    kept = "".join(filter(_is_supported, joined)).rstrip(" ")
    for start, character in enumerate(kept):
        if character == "_" or unicodedata.category(character)[0] == "L":
            return kept[start:]
    return ""


def _is_supported(character: str) -> bool:
    # Variation selectors count as marks, but are invisible remains of an emoji.
    kept = character in _KEPT or unicodedata.category(character)[0] in "LMN"
    return kept and character not in _VARIATION_SELECTORS


def is_too_long(name: str) -> bool:
    """Return whether a name has more than the 63 bytes that a destination allows."""
    return len(name.encode()) > MAX_NAME_BYTES


def folded(name: str) -> str:
    """Return a form of a name that is equal for names which are the same to the destination.

    DuckDB ignores the case of ASCII letters only.
    """
    return name.encode().lower().decode()


def source_key(column: str) -> str:
    """Return the name of the subtable column that holds a key column of the top table."""
    return _SOURCE_KEY + column


def is_source_key(column: str) -> bool:
    """Return whether a column is a subtable's copy of the top table's key."""
    return column.startswith(_SOURCE_KEY)


def level_id(level: int) -> str:
    """Return the name of the subtable column that holds the position at one level of nesting."""
    return f"_sdc_level_{level}_id"


def is_level_id(column: str) -> bool:
    """Return whether a column holds a position."""
    return re.fullmatch(r"_sdc_level_\d+_id", column) is not None


def quoted(*names: str) -> str:
    """Quote names as one qualified SQL identifier, safely for any text."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """Quote text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
