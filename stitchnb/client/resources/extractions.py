"""Extractions and loads: what came out of the sources, and what has landed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from stitchnb.client import requests
from stitchnb.client._sansio import Mode, Resource, Steps, endpoint_method, send
from stitchnb.client.pages import Pages, RecordList
from stitchnb.errors import InvalidInputError
from stitchnb.models import Extraction, Load, ReplicationJob

if TYPE_CHECKING:
    import pandas as pd

    from stitchnb.client.client import BaseClient


class Extractions(Resource[Mode]):
    """The last completed extraction of each source, of the last 60 days."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self, client_id: int | None = None) -> Steps[RecordList[Extraction]]:
        """Get the last completed extraction of each source, paused and deleted sources included.

        Parameters
        ----------
        client_id
            The account's id; None finds it by itself.

        Returns
        -------
        RecordList
            Ordered by source. ``.to_frame()`` gives one row per extraction: ``source_id`` (int64), ``source_type``,
            ``job_name`` (string), ``start_time``, ``completion_time`` (datetime64, UTC), ``succeeded`` (bool),
            ``failure`` (string, missing where it was good).

        Source: ``GET /v4/{client_id}/extractions``.
        """
        return (yield from self.iterate(client_id).all.as_steps())

    def iterate(self, client_id: int | None = None) -> Pages[Extraction, Mode]:
        """Iterate over the same; each page of 100 is fetched only when it is needed, and no extraction comes twice.

        ``for`` goes through it, ``async for`` that of an `AsyncClient`.

        Source: ``GET /v4/{client_id}/extractions``.
        """
        return Pages(self._client, Extraction, requests.list_extractions, lambda e: e.source_id, client_id)

    @endpoint_method
    def to_frame(self, client_id: int | None = None) -> Steps[pd.DataFrame]:
        """Show them as a DataFrame: one row per extraction. See `list` for the columns."""
        return (yield from self.list.as_steps(client_id)).to_frame()

    @endpoint_method
    def log(self, job_name: str) -> Steps[str]:
        """Get the log of an extraction.

        Stitch redirects to a file on another server, which is downloaded without the access token.

        Raises
        ------
        NotFoundError
            When there is no such job.
        TransportError
            When the file cannot be had.

        Source: ``GET /v4/{client_id}/extractions/{job_name}``.
        """
        content = yield from self._log(job_name)
        return content.decode("utf-8", "replace")

    @endpoint_method
    def download_log(self, job_name: str, path: str | Path) -> Steps[Path]:
        """Write the log of an extraction to a new file.

        Raises
        ------
        InvalidInputError
            If the file exists; it was not changed.

        Source: ``GET /v4/{client_id}/extractions/{job_name}``.
        """
        target = Path(path)
        if target.exists():
            raise InvalidInputError(f"{target} exists and was not changed. Pass another path.")
        target.write_bytes((yield from self._log(job_name)))
        return target

    def _log(self, job_name: str) -> Steps[bytes]:
        if not isinstance(job_name, str):
            raise InvalidInputError(f"{job_name!r} is not a job name. Pass its job_name, or call job.log().")
        client_id = ReplicationJob({"job_name": job_name}).client_id
        if client_id is None:
            client_id = yield from self._client.find_client_id()
        return (yield from send(self._client, requests.get_extraction_log(client_id, job_name)))


class Loads(Resource[Mode]):
    """The last load of each stream into the destination."""

    def __init__(self, client: BaseClient[Mode]) -> None:
        self._client = client

    @endpoint_method
    def list(self, client_id: int | None = None) -> Steps[RecordList[Load]]:
        """Get the last load of each stream.

        Parameters
        ----------
        client_id
            The account's id; None finds it by itself.

        Returns
        -------
        RecordList
            Ordered by stream name. ``.to_frame()`` gives one row per stream: ``source``, ``stream`` (string),
            ``last_batch_loaded_at`` (datetime64, UTC), ``failure`` (string, missing where it was good).

        Source: ``GET /v4/{client_id}/loads``.
        """
        return (yield from self.iterate(client_id).all.as_steps())

    def iterate(self, client_id: int | None = None) -> Pages[Load, Mode]:
        """Iterate over the same; each page of 100 is fetched only when it is needed, and no stream comes twice.

        Source: ``GET /v4/{client_id}/loads``.
        """
        return Pages(self._client, Load, requests.list_loads, lambda one: (one.source_name, one.stream_name), client_id)

    @endpoint_method
    def to_frame(self, client_id: int | None = None) -> Steps[pd.DataFrame]:
        """Show them as a DataFrame: one row per stream. See `list` for the columns."""
        return (yield from self.list.as_steps(client_id)).to_frame()
