"""What a row of the table is: measures with their targets, and the samples of each system."""

import statistics
from dataclasses import dataclass, field

PEERS = ("stock", "fasttrackml")


@dataclass
class Measure:
    """One number of a row. Targets are the project's; None: there is none.

    `limit`: the most it may be. `floor`: with better="high" the least share of the floor's number, else the most times
    of it. `stock`, `fasttrackml`: how many times better than that peer it must be.
    """

    key: str
    label: str
    unit: str
    better: str = "low"
    limit: float | None = None
    floor: float | None = None
    stock: float | None = None
    fasttrackml: float | None = None
    compare: bool = True  # False: a ratio would say nothing


@dataclass
class Row:
    name: str
    work: str
    measures: list[Measure]
    samples: dict[str, list[dict]] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # why a system has no number, or what was different for it

    def add(self, kind: str, sample: dict) -> None:
        self.samples.setdefault("floor" if kind.startswith("floor") else kind, []).append(sample)

    def values(self, system: str, key: str) -> list[float]:
        return [sample[key] for sample in self.samples.get(system, []) if key in sample]

    def median(self, system: str, key: str) -> float | None:
        values = self.values(system, key)
        return statistics.median(values) if values else None

    def to_floor(self, m: Measure) -> float | None:
        ours, floor = self.median("stetig", m.key), self.median("floor", m.key)
        return ours / floor if ours is not None and floor and m.compare else None

    def times_better(self, m: Measure, peer: str) -> float | None:
        ours, theirs = self.median("stetig", m.key), self.median(peer, m.key)
        if not ours or not theirs or not m.compare:
            return None
        return ours / theirs if m.better == "high" else theirs / ours

    def misses(self) -> list[str]:
        out = []
        for m in self.measures:
            ours, share = self.median("stetig", m.key), self.to_floor(m)
            name = f"{self.work}, {m.label}"
            if m.limit is not None and ours is not None and ours > m.limit:
                out.append(f"{name}: {number(ours)} {m.unit}, target at most {number(m.limit)}")
            if m.floor is not None and share is not None and (share < m.floor if m.better == "high" else share > m.floor):
                out.append(f"{name}: {ratio(m, share)} of the floor, target {floor_target(m)}")
            for peer in PEERS:
                want, got = getattr(m, peer), self.times_better(m, peer)
                if want is not None and got is not None and got < want:
                    out.append(f"{name}: {got:.3g} times {peer}, target at least {want:g}")
        for system in ("stetig", "floor"):
            if errors := sum(self.values(system, "errors")):
                first = next((s["first_wrong"] for s in self.samples[system] if s.get("first_wrong")), "")
                out.append(f"{self.work}: {errors} wrong or lost answers of {system} {first[:120]}")
            if why := self.notes.get(system + " failed"):
                out.append(f"{self.work}: {system} failed: {why}")
        return out


def number(value: float | None) -> str:
    """Three significant digits at least, no more decimals than that."""
    if value is None:
        return "–"
    size = abs(value)
    return f"{value:,.0f}" if size >= 100 or value == int(value) else f"{value:.3g}"


def ratio(m: Measure, share: float) -> str:
    return f"{share * 100:.0f} %" if m.better == "high" else f"{share:.2f} ×"


def floor_target(m: Measure) -> str:
    return f"≥ {m.floor * 100:.0f} %" if m.better == "high" else f"≤ {m.floor:g} ×"
