"""What /proc tells about a server and all its children: CPU time and memory."""

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str] | None:
    try:
        # The command may contain blanks and brackets; the fields begin after its last bracket.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def tree(pid: int) -> list[int]:
    """A process and everything below it."""
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        fields = _stat(int(entry)) if entry.isdigit() else None
        if fields:
            children.setdefault(int(fields[1]), []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, with that of children that have ended and were waited for."""
    return sum(sum(map(int, fields[11:15])) for member in tree(pid) if (fields := _stat(member))) / TICK


def _status_kib(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field + ":")), 0)


def rss_mib(pid: int) -> float:
    return sum(_status_kib(member, "VmRSS") for member in tree(pid)) / 1024


def reset_peak(pid: int) -> None:
    for member in tree(pid):
        try:
            Path(f"/proc/{member}/clear_refs").write_text("5")
        except OSError:
            pass


def peak_mib(pid: int) -> float:
    """Highest memory since reset_peak."""
    return sum(_status_kib(member, "VmHWM") for member in tree(pid)) / 1024
