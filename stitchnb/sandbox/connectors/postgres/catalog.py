"""What is in a PostgreSQL database: tables and views, their columns and keys, read from its system catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stitchnb.sandbox.connectors.postgres.types import ColumnType
from stitchnb.sandbox.pipeline import Breadcrumb, DiscoveredStream

if TYPE_CHECKING:
    import psycopg

# A partition's rows are its table's. A domain is what it is made of, through any number of domains.
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
class Table:
    """One table or view.

    Attributes
    ----------
    key
        Columns of the primary key, in order.
    row_count
        What the server estimates.
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
        """The stream's name among all that the source has."""
        return f"{self.database}-{self.schema}-{self.name}"

    def discovered(self, *, with_schema: bool) -> DiscoveredStream:
        """Tell it as a stream.

        Parameters
        ----------
        with_schema
            Let the stream's name, and so the destination's table, begin with the schema's.
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
            told: dict[str, Any] = {"sql-datatype": column.name}
            if column.unsupported:
                told |= {"inclusion": "unsupported", "unsupported-description": column.unsupported}
            else:
                told |= {"inclusion": "automatic" if name in key else "available", "selected-by-default": True}
            metadata["properties", name] = told
        return metadata


def tables_of(connection: psycopg.Connection[Any]) -> dict[str, Table]:
    """List the tables and views that the user may read, by `Table.tap_stream_id`, sorted by schema and name."""
    database = connection.info.dbname
    found: dict[tuple[str, str], Table] = {}
    keys: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for schema, name, is_view, rows, column, *type_, key_position in connection.execute(_COLUMNS):
        table = found.setdefault((schema, name), Table(database, schema, name, is_view, rows))
        table.columns[column] = ColumnType(*type_)
        if key_position is not None:
            keys.setdefault((schema, name), []).append((key_position, column))
    for place, columns in keys.items():
        found[place].key = [column for _, column in sorted(columns)]
    return {table.tap_stream_id: table for table in found.values()}
