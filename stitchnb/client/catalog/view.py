"""What a catalog shows: its streams, what of them is to be changed, what is wrong, and what became different."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stitchnb.client.catalog.apply import differences
from stitchnb.client.catalog.patterns import stream_called
from stitchnb.client.catalog.selection import selection_of
from stitchnb.client.catalog.stream import CatalogStream
from stitchnb.client.pages import RecordList
from stitchnb.models import Stream
from stitchnb.rules.selection import yaml_file as selection_file
from stitchnb.rules.selection.changes import Change
from stitchnb.rules.selection.validate import Problem

if TYPE_CHECKING:
    import pandas as pd


class CatalogView:
    """All streams and fields of a source, to be looked at.

    Attributes
    ----------
    source_id
        The source's id.
    source_type
        The source's type, such as ``platform.shopify``; None where nobody told it.
    """

    def __init__(self, source_id: int, streams: Iterable[Stream], *, source_type: str | None = None) -> None:
        self.source_id = source_id
        self.source_type = source_type
        self._streams = {stream.tap_stream_id: CatalogStream(stream) for stream in streams}

    @property
    def pending(self) -> list[Change]:
        """What is to be changed, one value each, in the order of the streams and fields."""
        return [change for stream in self if stream.is_changed for change in stream.changes()]

    def changes(self) -> pd.DataFrame:
        """Show what is to be changed as a DataFrame.

        Returns
        -------
        DataFrame
            One row per value, in the order of the streams and fields. Columns: ``stream`` (string), ``field`` (string,
            dotted, missing for the stream itself), ``key`` (string, such as ``selected``), ``from``, ``to`` (object: as
            on the wire, None for none), ``breadcrumb`` (object, a tuple). With nothing to change there are the same
            columns and no row.
        """
        from stitchnb import frames

        return frames.selection_changes(self.pending)

    def problems(self) -> Problems:
        """List what is wrong with the streams that are, or are to be, selected or changed.

        Errors keep `apply` from sending anything, warnings do not. ``.to_frame()`` gives one row per problem:
        ``severity``, ``stream``, ``field`` (missing for the stream itself), ``message`` (string).
        """
        return Problems(
            problem for stream in self if stream.selected or stream.is_changed for problem in stream.problems()
        )

    def to_frame(self) -> pd.DataFrame:
        """Show every field as a DataFrame, as it is to be: `changes` tells what of it is not written yet.

        Returns
        -------
        DataFrame
            One row per field of every stream whose fields are loaded, in the order of the streams and of their schemas,
            a field before those inside of it. Columns:

            ``stream`` (string)
                The stream's name.
            ``breadcrumb`` (object)
                Where the field is, a tuple such as ``("properties", "address", "properties", "city")``.
            ``field`` (string)
                Its dotted name, such as ``address.city``.
            ``type``, ``sql_type`` (string)
                Its types in words; its SQL type, missing where the source has none.
            ``inclusion`` (string)
                ``automatic``, ``available``, ``unsupported``; missing where the source says nothing of the field.
            ``selected``, ``selected_by_default`` (boolean)
                Missing where nothing is said.
            ``replicated`` (bool), ``reason`` (string)
                Does it land, and why.
            ``key_roles`` (string)
                ``primary key``, ``replication key`` or both; missing for other fields.
            ``exclusions`` (string)
                Fields that cannot be extracted together with it; missing for none.
            ``tap_stream_id`` (string)
                What the source calls the stream, where two have the same name.

            With no field there are the same columns and no row.
        """
        from stitchnb import frames

        return frames.catalog_fields(stream.part() for stream in self if stream.is_loaded)

    @property
    def streams(self) -> RecordList[Stream]:
        """Its streams as they are to be; ``.to_frame()`` is as that of `Source.streams`."""
        return RecordList(Stream, [stream.to_stream() for stream in self])

    def diff(self, earlier: CatalogView) -> pd.DataFrame:
        """Compare the fields with those of an earlier discovery, or of another source of the same type.

        What was chosen is not compared: `changes` shows what is to be changed. Streams are the same where their
        ``tap_stream_id`` is; of the others, where their names are.

        Parameters
        ----------
        earlier
            The other catalog. Of every stream the fields have to be loaded in both, or in neither: then only the
            streams themselves are compared.

        Returns
        -------
        DataFrame
            One row per difference, in the order of the streams and fields, what was removed after what is there; of a
            stream that was added or removed there is one row, whatever fields it has. Columns:

            ``stream`` (string)
                The stream's name.
            ``field`` (string)
                The field's dotted name; missing for the stream itself.
            ``change`` (string)
                ``added``, ``removed``, ``retyped`` (its type or SQL type is another) or ``changed``.
            ``key`` (string)
                What of it is another: ``type``, ``sql_type``, ``inclusion``, ``selected_by_default``, ``exclusions``;
                of a stream ``table_keys``, ``valid_keys``, ``forced_method``, ``is_view``. For what was added or
                removed ``type``, and missing for a stream.
            ``from``, ``to`` (string)
                What it was and what it is, in words; missing for nothing.
            ``replicated`` (bool)
                Does it replicate? For what was removed: did it?
            ``breadcrumb`` (object)
                Where the field is, a tuple; ``()`` for the stream itself.
            ``tap_stream_id`` (string)
                What the source calls the stream.

            With no difference there are the same columns and no row.

        Raises
        ------
        InvalidInputError
            When fields of a stream are loaded in one of the two only: `Catalog.load` asks for the rest.
        """
        from stitchnb import frames

        return frames.catalog_differences(differences(list(earlier), list(self)))

    def selection(self) -> dict[str, Any]:
        """Give what is selected, as it is to be, in plain words: for another source of the type, or for a file.

        Returns
        -------
        dict
            ``streams``: every selected stream by its name (by its ``tap_stream_id`` where others have that name), with
            what was chosen of it: ``replication_method``, ``replication_key``, ``view_keys``, and ``fields``, the
            dotted names of the fields that were selected, or the breadcrumb of one whose name others have too.
            Automatic fields are always included, and what is only selected by default is no choice: neither is among
            them. Also ``source_type``, and ``stitchnb_selection``, the format's version.

        Raises
        ------
        InvalidInputError
            When the fields of a selected stream were not asked for yet.
        """
        return selection_of(self, source_type=self.source_type)

    def to_yaml(self) -> str:
        """Write what is selected as YAML, a name a line, in the order of the streams and fields. See `selection`."""
        return selection_file.to_yaml(self.selection())

    def write_selection(self, path: str | PathLike[str]) -> Path:
        """Write what is selected into a file, as YAML; `Catalog.read_selection` reads it. See `selection`.

        Returns
        -------
        Path
            The file, which is overwritten where it was there.
        """
        written = Path(path)
        written.write_text(self.to_yaml(), "utf-8")
        return written

    def __getitem__(self, name: str) -> CatalogStream:
        """Give one stream, by its name or by what the source calls it.

        Raises
        ------
        UnknownStreamError
            When there is no such stream; similar names are suggested.
        InvalidInputError
            When several have that name: say which by its ``tap_stream_id``.
        """
        if name in self._streams:
            return self._streams[name]
        return stream_called(name, list(self), hint="catalog.streams lists all.")

    def _ipython_key_completions_(self) -> list[str]:
        return [stream.stream_name for stream in self]

    def __contains__(self, name: object) -> bool:
        return name in self._streams or any(stream.stream_name == name for stream in self)

    def __iter__(self) -> Iterator[CatalogStream]:
        return iter(self._streams.values())

    def __len__(self) -> int:
        return len(self._streams)

    def __repr__(self) -> str:
        selected = sum(stream.selected for stream in self)
        told = [f"{len(self)} streams", f"{selected} selected"]
        missing = sum(not stream.is_loaded for stream in self)
        told += [f"{missing} without their fields"] if missing else []
        changes = sum(stream.change_count for stream in self)
        told += [f"{changes} {'change' if changes == 1 else 'changes'} not applied"] if changes else []
        return f"Catalog({', '.join(told)})"

    def _repr_html_(self) -> str:
        return self.streams._repr_html_()


class Problems(list[Problem]):
    """What is wrong with a selection; knows how to show itself as a table."""

    @property
    def errors(self) -> list[Problem]:
        """Those that keep it from being sent."""
        return [problem for problem in self if problem.severity == "error"]

    @property
    def warnings(self) -> list[Problem]:
        """Those that do not."""
        return [problem for problem in self if problem.severity == "warning"]

    def to_frame(self) -> pd.DataFrame:
        """Show it as a DataFrame: one row per problem, with the columns of `Catalog.problems`."""
        from stitchnb import frames

        return frames.selection_problems(self)

    def _repr_html_(self) -> str:
        from stitchnb import frames

        return frames.html_table(self.to_frame()) if self else "<p>No problems.</p>"

    def __repr__(self) -> str:
        return "\n".join(f"{problem.severity}: {problem}" for problem in self) or "no problems"
