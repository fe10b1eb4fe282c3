"""What PostgreSQL's types are: for the one who reads the values, and in a stream's schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stitchnb.sandbox.connectors.csv_records import CsvColumn, Kind

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

# What a schema says of a numeric that nothing limits: the digits that the loader's widest column has.
_MOST_DIGITS = 38


@dataclass(frozen=True, slots=True)
class ColumnType:
    """The type of one column.

    Attributes
    ----------
    name
        As PostgreSQL writes it, without length or precision: ``character varying``, ``integer[]``.
    base
        Its name in the catalogue, of a domain the type that it is made of, of an array the elements'.
    modifier
        Length or precision, packed as the catalogue has it; -1 for none.
    is_array, is_enum
        Values are arrays; values are names out of a list.
    """

    name: str
    base: str
    modifier: int = -1
    is_array: bool = False
    is_enum: bool = False

    @property
    def kind(self) -> Kind | None:
        """What the values are; None for a type that does not replicate."""
        return "array" if self.is_array and self._element is not None else self._element

    @property
    def unsupported(self) -> str | None:
        """Why values do not replicate; None where they do."""
        return None if self.kind else f"Unsupported type: {self.name}"

    def column(self, name: str) -> CsvColumn:
        """Tell how the values of a column of this type stand in a file."""
        kind = self.kind
        if kind is None:
            raise ValueError(f"{name}: {self.unsupported}")
        precision, scale = self._digits or (None, None)
        return CsvColumn(name, kind, precision, scale, items=self._element or "text")

    def schema(self, *, is_nullable: bool) -> dict[str, Any]:
        """JSON schema of a field; an empty one where values do not replicate."""
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
        """Precision and scale of a numeric that is limited."""
        if self.base != "numeric" or self.modifier < 0:
            return None
        packed = self.modifier - 4
        scale = packed & 0x7FF
        # Eleven bits with a sign.
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
