"""A sandbox that is killed again and again loses nothing that it answered, and leaves nothing half-done."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import recurly_facts as recurly
from child_sandbox import ChildSandbox
from kept_files import KeptFiles

STREAMS = ("accounts", "plans", "coupons", "invoices")


@dataclass(frozen=True)
class Known:
    """What has been answered about one source."""

    display_name: str
    quota_limit: str
    is_paused: bool = False
    is_deleted: bool = False
    selected: frozenset[str] = frozenset()


Sources = dict[int, Known]


@dataclass
class Player:
    """Plays random operations, and knows what each of them must have led to."""

    draws: random.Random
    known: Sources = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    made: int = 0

    def play(self, child: ChildSandbox, operation: str) -> Callable[[Sources], list[Sources]] | None:
        """Play one operation and take note of it; where it was cut off, tell what it may have led to."""
        alive = [number for number, source in self.known.items() if not source.is_deleted]
        if operation == "create" or not alive:
            return self._create(child)
        number = self.draws.choice(alive)
        after, send = self._change(child, operation, number)
        try:
            answer = send()
        except httpx.TransportError:
            return lambda before: [before, {**before, number: after}]
        assert answer.status_code == 200, (operation, answer.text)
        self.known[number] = after
        if operation == "start" and "job_name" in answer.json():
            self.jobs.add(answer.json()["job_name"])
        return None

    def _create(self, child: ChildSandbox) -> Callable[[Sources], list[Sources]] | None:
        self.made += 1
        source = Known(f"Recurly {self.made}", "30")
        try:
            answer = child.api.post("/v4/sources", json={**recurly.CREATE, "display_name": source.display_name})
        except httpx.TransportError:
            free = max(self.known, default=0) + 1
            return lambda before: [before, {**before, -free: source}]
        assert answer.status_code == 200, answer.text
        self.known[answer.json()["id"]] = source
        return None

    def _change(self, child: ChildSandbox, operation: str, number: int) -> tuple[Known, Callable[[], httpx.Response]]:
        source, path, put = self.known[number], f"/v4/sources/{number}", child.api.put
        match operation:
            case "update":
                quota = str(self.draws.randrange(1, 100))
                body: dict[str, Any] = {"properties": {"quota_limit": quota}}
                return replace(source, quota_limit=quota), lambda: put(path, json=body)
            case "rename":
                self.made += 1
                name = f"Renamed {self.made}"
                return replace(source, display_name=name), lambda: put(path, json={"display_name": name})
            case "pause":
                return replace(source, is_paused=True), lambda: put(path, json={"paused_at": recurly.NOON})
            case "resume":
                return replace(source, is_paused=False), lambda: put(path, json={"paused_at": None})
            case "select":
                chosen = self.draws.sample(STREAMS, 2)
                is_selected = self.draws.random() < 0.8
                found = {s["tap_stream_id"] for s in child.api.get(f"{path}/streams").json()}
                if not found:
                    return source, lambda: child.api.get(path)
                entry = {"breadcrumb": [], "metadata": {"selected": is_selected}}
                body = {"streams": [{"tap_stream_id": name, "metadata": [entry]} for name in chosen]}
                selected = source.selected | set(chosen) if is_selected else source.selected - set(chosen)
                return replace(source, selected=selected), lambda: put(f"{path}/streams/metadata", json=body)
            case "start":
                return source, lambda: child.api.post(f"{path}/sync")
            case "stop":
                return source, lambda: child.api.delete(f"{path}/sync")
            case "delete":
                return replace(source, is_deleted=True), lambda: child.api.delete(path)
        raise ValueError(operation)


def look(child: ChildSandbox) -> Sources:
    """Read back what there is to know."""
    return {
        source["id"]: Known(
            source["display_name"],
            source["properties"]["quota_limit"],
            source["paused_at"] is not None,
            source["deleted_at"] is not None,
            frozenset(
                s["tap_stream_id"] for s in child.get(f"/v4/sources/{source['id']}/streams") if s["selected"] is True
            ),
        )
        for source in child.get("/v4/sources")
    }


def settle(found: Sources, possible: list[Sources]) -> Sources:
    """See that what is found is one of what it may be; a source whose answer never came has an id of its own."""
    for sources in possible:
        nameless = [source for number, source in sources.items() if number < 0]
        new = [found[number] for number in sorted(set(found) - set(sources))]
        if new == nameless and {n: s for n, s in sources.items() if n > 0}.items() <= found.items():
            return found
    raise AssertionError(f"{found}\nis none of\n{possible}")


def check_files(files: KeptFiles, jobs: set[str]) -> None:
    """See that what a kill left is whole in itself."""
    assert [row[0] for row in files.query("PRAGMA integrity_check")] == ["ok"]
    assert files.query("PRAGMA foreign_key_check") == []
    assert jobs <= {row["name"] for row in files.query("SELECT name FROM jobs")}
    landed = files.landed()
    for name, keys in landed.items():
        assert len(keys) == len(set(keys)), f"{name} has a key twice"
    for schema, stream, keys in files.bookmarked():
        missing = keys - set(landed.get(f"{schema}.{stream.stream_name}", ()))
        assert not missing, f"{len(missing)} rows of {schema}.{stream.stream_name} are gone"


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1])
def test_killed_at_any_moment_it_loses_nothing_that_it_answered(tmp_path: Path, seed: int) -> None:
    draws = random.Random(seed)
    state = tmp_path / "state" / "acme.sandbox"
    state.parent.mkdir()
    player = Player(draws)
    operations = ["create", *draws.choices(OPERATIONS, WEIGHTS, k=199)]
    kills = set(draws.sample(range(5, 199), 10))
    child = ChildSandbox(state)
    for number, operation in enumerate(operations):
        timer = child.kill_after(draws.uniform(0, 0.012)) if number in kills else None
        doubt = None
        # Beginning the operation may itself need an answer that does not come.
        try:
            doubt = player.play(child, operation)
        except httpx.TransportError:
            assert timer is not None
        if timer is None:
            assert doubt is None, f"{operation} was not answered"
            continue
        timer.join()
        child.kill()
        check_files(KeptFiles(state, tmp_path / f"after-{number}"), player.jobs)
        child = ChildSandbox(state)
        player.known = settle(look(child), doubt(player.known) if doubt else [player.known])
        child.wait_idle()
        check_idle(child)
    child.wait_idle()
    assert look(child) == player.known
    child.kill()
    files = KeptFiles(state, tmp_path / "at-the-end")
    check_files(files, player.jobs)
    for table in ("checks", "jobs"):
        (running,) = files.query(f"SELECT count(*) FROM {table} WHERE status = 'running' OR completion_time IS NULL")
        assert running[0] == 0, f"there are {table} that never end"
    (succeeded,) = files.query("SELECT count(*) FROM jobs WHERE status = 'succeeded'")
    assert succeeded[0] > 0, "the plan must have led to rows"


def check_idle(child: ChildSandbox) -> None:
    """See that every source is somewhere that it can go on from."""
    for source in child.get("/v4/sources"):
        check = child.get(f"/v4/sources/{source['id']}/last-connection-check")
        assert check["status"] == "succeeded"
        step = source["report_card"]["current_step_type"]
        streams = child.get(f"/v4/sources/{source['id']}/streams")
        is_selected = any(s["selected"] for s in streams)
        assert step == ("fully_configured" if is_selected else "field_selection"), source
        is_scheduled = source["schedule"] is not None
        assert not is_scheduled or not (source["paused_at"] or source["deleted_at"])


OPERATIONS = ("create", "update", "rename", "pause", "resume", "select", "start", "stop", "delete")
WEIGHTS = (2, 3, 2, 2, 2, 8, 8, 2, 1)
