"""What a disk may hold after the power fails, from the record of a server's file operations (recorder.c).

The model, which is what POSIX promises and no more:
- Bytes of a file that fsync or fdatasync has covered are there.
- Of later writes each piece within a block of 4,096 bytes is there or not, by chance; the last piece that is there is torn: a
  prefix of it is there. Holes read as zeros. A later truncation happened or not.
- Names (create, rename, unlink, mkdir, rmdir) are there once their folder was synced; of the later ones a prefix, in order.

Kinds of records: C create (text: path), T truncate (number: size), W write (number: offset), S file synced, D folder synced
(text: path), R rename (text: from, data: to), U unlink, M mkdir, X rmdir.
"""

import random
import struct
from dataclasses import dataclass, field
from pathlib import Path

HEAD = struct.Struct("<cQQII")
BLOCK = 4096


@dataclass
class File:
    synced: bytearray = field(default_factory=bytearray)
    pending: list = field(default_factory=list)  # ("W", offset, bytes) or ("T", size)

    def sync(self):
        for change in self.pending:
            apply(self.synced, change)
        self.pending.clear()


def apply(content: bytearray, change):
    if change[0] == "T":
        size = change[1]
        del content[size:]
        content.extend(bytes(size - len(content)))
        return
    _, offset, data = change
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset : offset + len(data)] = data


def records(log: bytes):
    """(end of the record in the log, kind, inode, number, text, data); a torn last record is left out."""
    at = 0
    while at + HEAD.size <= len(log):
        kind, inode, number, text_size, data_size = HEAD.unpack_from(log, at)
        begin, end = at + HEAD.size, at + HEAD.size + text_size + data_size
        if end > len(log):
            return
        yield end, kind.decode(), inode, number, log[begin : begin + text_size].decode(), log[begin + text_size : end]
        at = end


class Disk:
    def __init__(self, root: Path):
        self.root = str(root)
        self.files: dict[int, File] = {}
        self.names: dict[str, int | None] = {self.root: None}  # durable: path to inode, None for a folder
        self.pending: list[tuple] = []  # changes of names since their folder was synced
        self.now: dict[str, int | None] = {self.root: None}  # as the server sees them

    def play(self, kind, inode, number, text, data):
        if kind == "C":
            self.files[inode] = File()
            self._name(("C", text, inode))
        elif kind in "TW":
            if inode in self.files:  # else it is older than the record
                self.files[inode].pending.append(("T", number) if kind == "T" else ("W", number, data))
        elif kind == "S":
            if inode in self.files:
                self.files[inode].sync()
        elif kind == "D":
            self._sync_folder(text)
        else:
            self._name((kind, text, data.decode() if kind == "R" else None))

    def _name(self, change):
        rename(self.now, change)
        self.pending.append(change)

    def _sync_folder(self, folder):
        left = []
        for change in self.pending:
            if parent(change[1]) == folder or (change[0] == "R" and parent(change[2]) == folder):
                rename(self.names, change)
            else:
                left.append(change)
        self.pending = left

    def cut(self, into: Path, chance: random.Random):
        """Writes one state that the disk may be in below `into`, in place of the root. Returns how it was chosen."""
        names = dict(self.names)
        for change in self.pending[: chance.randint(0, len(self.pending))]:
            rename(names, change)
        luck = chance.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        contents = {inode: survivor(file, luck, chance) for inode, file in sorted(self.files.items())}
        into.mkdir(parents=True)
        for path, inode in sorted(names.items()):
            target = into / path[len(self.root) :].lstrip("/")
            if parent(path) not in names and path != self.root:
                continue  # its folder was lost
            if inode is None:
                target.mkdir(mode=0o700, exist_ok=True)
            else:
                target.write_bytes(contents[inode])
                target.chmod(0o600)
        return f"{luck:.0%} of unsynced blocks"


def parent(path: str) -> str:
    return path.rsplit("/", 1)[0]


def rename(names: dict, change):
    kind, path, other = change
    if kind == "C":
        names[path] = other
    elif kind == "M":
        names[path] = None
    elif kind == "R":
        if path in names:
            names[other] = names.pop(path)
    else:
        names.pop(path, None)


def survivor(file: File, luck: float, chance: random.Random) -> bytes:
    content = bytearray(file.synced)
    kept = []
    for change in file.pending:
        if change[0] == "T":
            if chance.random() < luck:
                kept.append(change)
            continue
        _, offset, data = change
        at = 0
        while at < len(data):
            end = min(len(data), at + BLOCK - (offset + at) % BLOCK)
            if chance.random() < luck:
                kept.append(("W", offset + at, data[at:end]))
            at = end
    if kept and kept[-1][0] == "W" and luck < 1:
        _, offset, data = kept[-1]
        kept[-1] = ("W", offset, data[: chance.randint(0, len(data))])
    for change in kept:
        apply(content, change)
    return bytes(content)
