"""A Singer tap piped into a Singer target, as somebody would run them: both from the registry, each on its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

TAP, TARGET = "pipelinewise-tap-postgres==2.1.0", "target-duckdb==0.8.0"

_COUNT = (
    "import duckdb, sys; print(duckdb.connect(sys.argv[1]).execute('SELECT count(*) FROM shop.orders').fetchone()[0])"
)


@dataclass(frozen=True)
class SingerPair:
    """The two, in environments of their own.

    Attributes
    ----------
    folder
        Holds the environments ``tap`` and ``target``, and what they are run with.
    """

    folder: Path

    @classmethod
    def installed(
        cls, folder: Path, environment: Mapping[str, str], unavailable: Callable[[str], NoReturn]
    ) -> SingerPair:
        """Install them.

        Parameters
        ----------
        environment
            One that packages may be installed with.
        unavailable
            Called with the reason where they cannot be.
        """
        uv = environment.get("UV") or shutil.which("uv", path=environment["PATH"]) or unavailable("uv is not on PATH")
        for name, package in {"tap": TAP, "target": TARGET}.items():
            for command in (
                ["venv", "--quiet", folder / name],
                ["pip", "install", "--quiet", "--python", folder / name, package],
            ):
                done = subprocess.run([uv, *command], env=environment, capture_output=True, text=True, check=False)
                if done.returncode:
                    unavailable(f"{package} cannot be installed: {done.stderr}")
        return cls(folder)

    def replicate(self, properties: Mapping[str, str]) -> tuple[float, int]:
        """Bring the table ``orders`` into a DuckDB file, by its key and incremental; gives seconds and rows."""
        warehouse = self.folder / "warehouse.duckdb"
        login = {name: properties[name] for name in ("host", "user", "password", "dbname")}
        config = self._write("tap.json", {**login, "port": int(properties["port"]), "filter_schemas": "public"})
        target_config = self._write("target.json", {"filepath": str(warehouse), "default_target_schema": "shop"})
        tap, target = self.folder / "tap/bin/tap-postgres", self.folder / "target/bin/target-duckdb"
        found = subprocess.run([tap, "--config", config, "--discover"], capture_output=True, check=True).stdout
        catalog = self._write("catalog.json", _selected(json.loads(found)))
        begun = time.perf_counter()
        with (
            (self.folder / "log").open("wb") as log,
            subprocess.Popen(
                [tap, "--config", config, "--catalog", catalog], stdout=subprocess.PIPE, stderr=log
            ) as telling,
        ):
            loaded = subprocess.run(
                [target, "--config", target_config], stdin=telling.stdout, capture_output=True, check=False
            )
        seconds = time.perf_counter() - begun
        assert (telling.returncode, loaded.returncode) == (0, 0), loaded.stderr
        python = self.folder / "target/bin/python"
        counted = subprocess.run([python, "-c", _COUNT, warehouse], capture_output=True, check=True).stdout
        return seconds, int(counted)

    def _write(self, name: str, value: Any) -> Path:
        file = self.folder / name
        file.write_text(json.dumps(value))
        os.chmod(file, 0o600)
        return file


def _selected(catalog: dict[str, Any]) -> dict[str, Any]:
    """Select everything of every stream, by the time of its last change."""
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            entry["metadata"]["selected"] = True
            if not entry["breadcrumb"]:
                entry["metadata"] |= {"replication-method": "INCREMENTAL", "replication-key": "updated_at"}
    return catalog
