"""Tables, columns and keys of a PostgreSQL database, read from its system catalogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.connectors.csv_records import CsvColumn, Kind
from stitchnb.sandbox.pipeline import Breadcrumb, DiscoveredStream

if TYPE_CHECKING:
    import psycopg

_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("int2", "int4", "int8"), "integer"),
    **dict.fromkeys(("float4", "float8"), "double"),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), "timestamp"),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "citext", "hstore", "xml"), "text"),
    **dict.fromkeys(("json", "jsonb", "uuid", "bytea", "bit", "varbit", "money"), "text"),
    **dict.fromkeys(("time", "timetz", "interval", "inet", "cidr", "macaddr", "macaddr8"), "text"),
    "numeric": "decimal",
    "bool": "boolean",
}
_BITS = {"int2": 16, "int4": 32, "int8": 64}

# Digits in the schema of a numeric without limits: those of the loader's widest column.
_MOST_DIGITS = 38


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of one column.

    Attributes
    ----------
    name
        PostgreSQL's name for it, without length or precision: ``character varying``, ``integer[]``.
    base
        Its name in the system catalog. For a domain, the base type. For an array, the type of the elements.
    modifier
        Length or precision, packed as in the system catalog. -1 is none.
    is_array, is_enum
        Whether values are arrays, or names from a list.
    """

    name: str
    base: str
    modifier: int = -1
    is_array: bool = False
    is_enum: bool = False

    @property
    def kind(self) -> Kind | None:
        """Kind of the values. None for a type that is not supported."""
        return "array" if self.is_array and self._element is not None else self._element

    @property
    def unsupported(self) -> str | None:
        """Why the type is not supported. None if it is."""
        return None if self.kind else f"Unsupported type: {self.name}"

    def column(self, name: str) -> CsvColumn:
        """Describe how values of this type are written to a file."""
        kind = self.kind
        if kind is None:
            raise ValueError(f"{name}: {self.unsupported}")
        precision, scale = self._digits or (None, None)
        return CsvColumn(name, kind, precision, scale, items=self._element or "text")

    def schema(self, *, is_nullable: bool) -> dict[str, Any]:
        """Return the JSON schema of a field. It is empty if the type is not supported."""
        if self.kind is None:
            return {}
        if self.is_array:
            return {"type": _types("array", is_nullable), "items": self._element_schema(is_nullable=True)}
        return self._element_schema(is_nullable=is_nullable)

    @property
    def _element(self) -> Kind | None:
        if self.base == "bit" and self.modifier == 1:
            return "boolean"
        return "text" if self.is_enum else _KINDS.get(self.base)

    @property
    def _digits(self) -> tuple[int, int] | None:
        """Precision and scale of a numeric, if it has limits."""
        if self.base != "numeric" or self.modifier < 0:
            return None
        packed = self.modifier - 4
        scale = packed & 0x7FF
        # A signed number of eleven bits.
        return packed >> 16, scale - 0x800 if scale >= 0x400 else scale

    def _element_schema(self, *, is_nullable: bool) -> dict[str, Any]:
        match self._element:
            case "integer":
                limit = 2 ** (_BITS[self.base] - 1)
                return {"type": _types("integer", is_nullable), "minimum": -limit, "maximum": limit - 1}
            case "decimal":
                _, scale = self._digits or (None, _MOST_DIGITS)
                return {"type": _types("number", is_nullable), "multipleOf": 10 ** -max(scale, 0)}
            case "double":
                return {"type": _types("number", is_nullable)}
            case "boolean":
                return {"type": _types("boolean", is_nullable)}
            case "timestamp":
                return {"type": _types("string", is_nullable), "format": "date-time"}
        schema: dict[str, Any] = {"type": _types("string", is_nullable)}
        if self.base in ("varchar", "bpchar") and self.modifier > 4:
            schema["maxLength"] = self.modifier - 4
        return schema


def _types(name: str, is_nullable: bool) -> list[str]:
    return ["null", name] if is_nullable else [name]


# Partitions are read as part of their table. A domain is replaced by its base type, also through several domains.
_COLUMNS = """
    WITH RECURSIVE plain (oid, base, modifier) AS (
        SELECT oid, oid, -1 FROM pg_type WHERE typtype <> 'd'
        UNION ALL
        SELECT pg_type.oid, base, CASE WHEN modifier = -1 THEN typtypmod ELSE modifier END
        FROM plain JOIN pg_type ON typtype = 'd' AND typbasetype = plain.oid
    )
    SELECT nspname, relname, relkind IN ('v', 'm'), greatest(reltuples, pg_stat_get_live_tuples(pg_class.oid), 0)::int8,
           attname, format_type(atttypid, NULL), coalesce(element.typname, type.typname),
           CASE WHEN atttypmod = -1 THEN modifier ELSE atttypmod END,
           element.oid IS NOT NULL, coalesce(element.typtype, type.typtype) = 'e',
           array_position(conkey, attnum)
    FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    JOIN pg_attribute ON attrelid = pg_class.oid
    JOIN plain ON plain.oid = atttypid
    JOIN pg_type AS type ON type.oid = plain.base
    LEFT JOIN pg_type AS element ON element.oid = type.typelem AND type.typcategory = 'A'
    LEFT JOIN pg_constraint ON conrelid = pg_class.oid AND contype = 'p'
    WHERE relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT relispartition AND relpersistence <> 't'
      AND nspname NOT IN ('information_schema', 'pg_toast') AND nspname NOT LIKE 'pg\\_%'
      AND attnum > 0 AND NOT attisdropped AND has_schema_privilege(pg_namespace.oid, 'USAGE')
      AND has_column_privilege(pg_class.oid, attnum, 'SELECT')
    ORDER BY nspname, relname, attnum
"""


@dataclass(slots=True)
class SourceTable:
    """One table or view.

    Attributes
    ----------
    key
        Columns of the primary key, in order.
    row_count
        The server's estimate.
    """

    database: str
    schema: str
    name: str
    is_view: bool
    row_count: int
    columns: dict[str, ColumnType] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)

    @property
    def tap_stream_id(self) -> str:
        """The stream's unique name in the source."""
        return f"{self.database}-{self.schema}-{self.name}"

    def to_stream(self, *, with_schema: bool) -> DiscoveredStream:
        """Return the table as a discovered stream.

        Parameters
        ----------
        with_schema
            Whether the stream's name, and so the destination table's, begins with the schema's.
        """
        key = set(self.key)
        return DiscoveredStream(
            tap_stream_id=self.tap_stream_id,
            stream_name=f"{self.schema}_{self.name}" if with_schema else self.name,
            schema={
                "type": "object",
                "properties": {
                    name: column.schema(is_nullable=name not in key) for name, column in self.columns.items()
                },
            },
            metadata=self._metadata(key),
        )

    def _metadata(self, key: set[str]) -> dict[Breadcrumb, Mapping[str, Any]]:
        metadata: dict[Breadcrumb, Mapping[str, Any]] = {
            (): {
                "database-name": self.database,
                "schema-name": self.schema,
                "is-view": self.is_view,
                "row-count": self.row_count,
                "table-key-properties": list(self.key),
            }
        }
        for name, column in self.columns.items():
            entry: dict[str, Any] = {"sql-datatype": column.name}
            if column.unsupported:
                entry |= {"inclusion": "unsupported", "unsupported-description": column.unsupported}
            else:
                entry |= {"inclusion": "automatic" if name in key else "available", "selected-by-default": True}
            metadata["properties", name] = entry
        return metadata


def read_tables(connection: psycopg.Connection[Any]) -> dict[str, SourceTable]:
    """List the tables and views that the user can read, by `SourceTable.tap_stream_id`, sorted by schema and name."""
    database = connection.info.dbname
    tables: dict[tuple[str, str], SourceTable] = {}
    keys: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for schema, name, is_view, rows, column, *type_, key_position in connection.execute(_COLUMNS):
        table = tables.setdefault((schema, name), SourceTable(database, schema, name, is_view, rows))
        table.columns[column] = ColumnType(*type_)
        if key_position is not None:
            keys.setdefault((schema, name), []).append((key_position, column))
    for name_pair, columns in keys.items():
        tables[name_pair].key = [column for _, column in sorted(columns)]
    return {table.tap_stream_id: table for table in tables.values()}
