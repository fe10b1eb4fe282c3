"""A source of a sandbox that is a real PostgreSQL, driven through the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from postgres_server import Database

from stitchnb.sandbox import Sandbox

PARTS = ("discovery", "tap", "target")


@dataclass
class Journey:
    """One source from its form to its rows."""

    api: httpx.Client
    database: Database
    source_id: int = 0

    def create(self, **properties: str) -> None:
        """Fill the form; the check begins by itself."""
        body = {
            "type": "platform.hp-postgres",
            "display_name": "Shop",
            "properties": {**self.database.properties(), "frequency_in_minutes": "30", **properties},
        }
        self.source_id = self._of(self.api.post("/v4/sources", json=body))["id"]

    def select(self, name: str, **metadata: Any) -> None:
        """Select a stream; ``replication_method`` and the like are its metadata."""
        told = {"selected": True} | {key.replace("_", "-"): value for key, value in metadata.items()}
        stream = {
            "tap_stream_id": f"{self.database.name}-public-{name}",
            "metadata": [{"breadcrumb": [], "metadata": told}],
        }
        self._of(self.api.put(f"/v4/sources/{self.source_id}/streams/metadata", json={"streams": [stream]}))

    def start(self) -> str:
        """Start a job; gives its name."""
        name: str = self._of(self.api.post(f"/v4/sources/{self.source_id}/sync"))["job_name"]
        return name

    def stop(self) -> None:
        """Ask the job to stop."""
        self._of(self.api.delete(f"/v4/sources/{self.source_id}/sync"))

    def extraction(self) -> dict[str, Any]:
        """How the last job ended."""
        (found,) = self._of(self.api.get("/v4/116078/extractions"))["data"]
        result: dict[str, Any] = found
        return result

    def log(self) -> str:
        """What the last job wrote down."""
        name = self.extraction()["job_name"]
        return httpx.get(self.api.get(f"/v4/116078/extractions/{name}").headers["location"]).text

    def ended(self) -> dict[str, tuple[int | None, str | None]]:
        """Exit status and description of each part of the last job."""
        found = self.extraction()
        return {part: (found[f"{part}_exit_status"], found[f"{part}_description"]) for part in PARTS}

    @staticmethod
    def _of(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


GOOD: Mapping[str, tuple[int | None, str | None]] = dict.fromkeys(PARTS, (0, None))


def landed(sandbox: Sandbox, table: str, column: str = "id") -> list[Any]:
    """One column of a table of the schema ``shop``, in its order."""
    return sandbox.warehouse.table(f"shop.{table}")[column].tolist()
