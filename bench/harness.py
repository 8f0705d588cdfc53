"""Starts systems, runs samples in turns, and leaves nothing behind."""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from model import PEERS, Row
from systems import Postgres, System, Unable

FLOORS = {"sqlite": "floor_sqlite", "postgres": "floor_postgres"}


def _open_to_all(folder: Path) -> bool:
    """Whether the user that PostgreSQL runs as can get there."""
    return all(parent.stat().st_mode & 1 for parent in [folder, *folder.parents])


class Harness:
    """`mode`: quick, default or full. `wanted`: which of stetig, floor, stock, fasttrackml take part."""

    def __init__(self, folder: Path, mode: str, rounds: int, wanted: set[str]):
        self.folder, self.mode, self.rounds, self.wanted = folder, mode, rounds, wanted
        self.started: dict[Path, float] = {}  # by folder: seconds from start to ready on an empty folder
        self._running: list[System] = []
        self._later: list[tuple[str, str, Row, Callable[[System], dict]]] = []
        self._postgres: Postgres | None = None
        self._count = 0
        self._begun = time.monotonic()

    def say(self, text: str) -> None:
        print(f"[{time.monotonic() - self._begun:6.1f} s] {text}", file=sys.stderr, flush=True)

    def seconds(self, system: System, usual: float, peer: float) -> float:
        if self.mode == "quick":
            return 1
        return peer if system.kind in PEERS else usual

    @property
    def postgres(self) -> Postgres:
        if self._postgres is None:
            self._postgres = Postgres(self.folder / "postgres" if _open_to_all(self.folder) else Path(tempfile.mkdtemp()))
        return self._postgres

    def postgres_version(self) -> str:
        return self._postgres.version() if self._postgres else "not used"

    def start(self, kind: str, store: str = "sqlite", argument: int | str = 1) -> System:
        """A system on a fresh folder and, with PostgreSQL, a fresh database."""
        self._count += 1
        url = self.postgres.database() if store == "postgres" else None
        system = System(kind, self.folder / f"{self._count}-{kind}", url, argument)
        self._running.append(system)
        self.started[system.folder] = system.start()
        return system

    def interleave(
        self, row: Row, store: str, sample: Callable[[System], dict], *, stetig: System | None = None,
        floor: str | None = "", argument: int | str = 1, peers: bool = True, rounds: int | None = None,
    ) -> None:  # fmt: skip
        """Floor, stetig, floor, stetig, …; each peer once, in run_peers. `floor` "" is the store's own, None: there is none."""
        turn = []
        rounds = self.rounds if rounds is None else rounds
        if rounds > 0 and floor is not None and "floor" in self.wanted:
            turn.append(self.start(floor or FLOORS[store], store if not floor else "sqlite", argument))
        if rounds > 0 and "stetig" in self.wanted:
            turn.append(stetig or self.start("stetig", store))
        failed: set[str] = set()
        for _ in range(rounds):
            for system in turn:
                if system.kind in failed:
                    continue
                try:
                    row.add(system.kind, sample(system))
                except Unable as why:
                    failed.add(system.kind)
                    row.notes[("floor" if system.floor else system.kind) + " failed"] = str(why)
        for system in turn:
            self._drop(system)
        for kind in PEERS if peers else ():
            if kind in self.wanted and (kind, store) != ("fasttrackml", "postgres"):
                self._later.append((kind, store, row, sample))

    def run_peers(self) -> None:
        """What rows left for the peers: at the end, since a peer uses the processor even when nobody asks it. Each is
        started once (stock MLflow takes 20 s for it) and serves all its rows."""
        for kind, store in dict.fromkeys((kind, store) for kind, store, _, _ in self._later):
            work = [(row, sample) for k, s, row, sample in self._later if (k, s) == (kind, store)]
            self.say(f"{kind} on {store}: {len(work)} rows")
            try:
                system = self.start(kind, store)
            except Unable as why:
                for row, _ in work:
                    row.notes[kind] = f"– {why}"
                continue
            for row, sample in work:
                self.say(f"  {row.name}")
                self._sample_peer(row, system, sample)
            self._drop(system)
        self._later.clear()

    def _sample_peer(self, row: Row, system: System, sample: Callable[[System], dict]) -> None:
        try:
            row.add(system.kind, sample(system))
        except Unable as why:
            row.notes[system.kind] = f"– {why}"
        except Exception as error:  # a peer that breaks must not end the run
            row.notes[system.kind] = f"– {type(error).__name__}: {error}"

    def _drop(self, system: System) -> None:
        system.remove()
        self._running.remove(system)

    def close(self) -> None:
        for system in list(self._running):
            self._drop(system)  # kills and deletes
        if self._postgres is not None:
            self._postgres.remove()
        shutil.rmtree(self.folder, ignore_errors=True)
