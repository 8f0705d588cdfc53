"""`stetig verify` and `stetig journal` as an auditor uses them, checked by a second implementation of every format: hashlib and `openssl`."""

import base64
import hashlib
import json
import sqlite3
import stat
import struct
import subprocess
import time

import pytest
import requests
from support.command import stetig
from support.server import Server

ED25519_SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: what stands before the 32 bytes of a public key
DASH = "\u2014 "


@pytest.fixture(autouse=True, scope="module")
def only_stetig(request):
    if request.config.getoption("--server") == "stock":
        pytest.skip("about stetig's own command")


def verify(*arguments):
    done = stetig("verify", "-o", "json", *arguments)
    assert done.stderr == ""
    report = json.loads(done.stdout)
    assert report["intact"] == (done.returncode == 0)
    return report


def signed_size(data) -> int:
    """How many events the newest checkpoint covers; 0 as long as there is none."""
    lines = stetig("journal", "checkpoint", "--data", data).stdout.split("\n")
    return int(lines[1]) if len(lines) > 1 else 0


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A data folder with 300 events, a checkpoint of all of them, and no server."""
    server = Server("stetig", tmp_path_factory.mktemp("verify")).start()
    try:
        for _ in range(300):
            made = requests.post(f"{server.url}/api/2.0/mlflow/runs/create", json={"experiment_id": "0"}, timeout=10)
            assert made.status_code == 200
        assert server.stop() == 0
        server.start()  # a start signs at once
        data = server.folder / "data"
        deadline = time.monotonic() + 20
        while signed_size(data) < 300:
            assert time.monotonic() < deadline, "no checkpoint of all events"
            time.sleep(0.2)
        assert verify("--data", data)["intact"], "beside a running server"
        assert server.stop() == 0
    finally:
        server.kill()
    return data


@pytest.fixture
def data(stopped, tmp_path):
    """A copy that a test may change."""
    copy = tmp_path / "data"
    copy.mkdir()
    for name in ("stetig.db", "journal.key"):
        (copy / name).write_bytes((stopped / name).read_bytes())
    with sqlite3.connect(stopped / "stetig.db") as source, sqlite3.connect(copy / "stetig.db") as target:
        source.backup(target)
    return copy


def change(data, *statements):
    with sqlite3.connect(data / "stetig.db") as db:
        for statement in statements:
            db.execute(statement)


def test_an_untouched_journal_is_intact(data):
    report = verify("--data", data)
    assert report["entries"] >= 300
    assert report["checkpoints"] >= 1
    assert report["tiles"] >= 2
    text = stetig("verify", "--data", data)
    assert text.returncode == 0
    assert text.stdout.startswith("intact: ")
    assert "Without --witness a cut tail may go unnoticed" in text.stdout


def test_the_key_is_its_owners_alone(stopped):
    assert stat.S_IMODE((stopped / "journal.key").stat().st_mode) == 0o600


def test_a_changed_row_is_named(data):
    change(data, "UPDATE journal_events SET payload = '{}' WHERE seq = 17")
    finding = verify("--data", data)["finding"]
    assert (finding["kind"], finding["seq"]) == ("entry", 17)
    text = stetig("verify", "--data", data)
    assert text.returncode == 1
    assert text.stdout.startswith("CHANGED: entry 17: its row was changed")


def test_a_cut_tail_is_caught_by_a_witness_alone(data, tmp_path):
    witness = tmp_path / "witness.note"
    witness.write_text(stetig("journal", "checkpoint", "--data", data).stdout)
    assert verify("--data", data, "--witness", witness)["witnessed"]
    change(
        data,
        "DELETE FROM journal_events WHERE seq > 100",
        "DELETE FROM journal_texts WHERE seq > 100",
        "DELETE FROM journal_checkpoints WHERE size > 100",
        "DELETE FROM journal_tiles",
    )
    assert verify("--data", data)["intact"]
    assert verify("--data", data, "--witness", witness)["finding"]["kind"] == "witness"


def test_an_erased_name_breaks_no_proof(data, tmp_path):
    witness = tmp_path / "witness.note"
    witness.write_text(stetig("journal", "checkpoint", "--data", data).stdout)
    done = stetig("journal", "erase", "--actor", "local", "--reason", "request 17", "--data", data)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) >= 300
    with sqlite3.connect(data / "stetig.db") as db:
        assert db.execute("SELECT count(*) FROM journal_texts WHERE text = 'local'").fetchone() == (0,)
    report = verify("--data", data, "--witness", witness)
    assert report["intact"]
    assert report["erased_texts"] >= 300


# A second implementation: docs/formats/journal-export.md, read by Python


def canonical(event):
    def text(value):
        raw = value.encode()
        return struct.pack("<q", len(raw)) + raw

    out = bytes([event["form"]]) + struct.pack("<q", event["time"]) + text(event["tenant"]) + text(event["project"])
    if event["form"] == 1:
        out += text(event["actor"])
    out += text(event["kind"]) + text(event["subject"][0]) + text(event["subject"][1]) + struct.pack("<q", len(event["refs"]))
    for kind, name in event["refs"]:
        out += text(kind) + text(name)
    out += text(event["payload"]) + text(event["request_id"])
    if event["form"] == 2:
        out += struct.pack("<q", len(event["commitments"])) + bytes.fromhex("".join(event["commitments"]))
    return out


def tree_head(leaves):  # RFC 6962 section 2.1
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + tree_head(leaves[:k]) + tree_head(leaves[k:])).digest()


def key_of(text):
    name, hash_, encoded = text.strip().split("+", 2)
    raw = base64.b64decode(encoded)
    assert raw[0] == 1
    assert hashlib.sha256(name.encode() + b"\n" + raw).hexdigest()[:8] == hash_
    return name, bytes.fromhex(hash_), raw[1:]


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, check=False)


def test_others_read_and_verify_an_export(data, tmp_path):
    exported = tmp_path / "journal.jsonl"
    assert stetig("journal", "export", exported, "--data", data).returncode == 0
    assert verify(exported)["intact"]

    lines = [json.loads(line) for line in exported.read_text().splitlines()]
    assert lines[0]["key"] == stetig("journal", "key", "--data", data).stdout.strip()
    name, key_id, public = key_of(lines[0]["key"])
    (tmp_path / "key.der").write_bytes(ED25519_SPKI + public)
    leaves = []
    signed = 0
    for line in lines[1:]:
        if line["type"] == "event":
            for commitment, sealed in zip(line["commitments"], line["texts"], strict=True):
                assert hashlib.sha256(bytes.fromhex(sealed["salt"]) + sealed["text"].encode()).hexdigest() == commitment
            leaves.append(hashlib.sha256(b"\x00" + canonical(line)).digest())
            assert leaves[-1].hex() == line["leaf_hash"]
            assert line["seq"] == len(leaves)
        elif line["type"] == "checkpoint":
            body, signatures = line["note"].split("\n\n")
            origin, size, root = body.split("\n")
            assert (origin, int(size)) == (name, len(leaves))
            assert base64.b64decode(root) == tree_head(leaves)
            assert signatures.startswith(f"{DASH}{name} ")
            blob = base64.b64decode(signatures.removeprefix(f"{DASH}{name} "))
            assert blob[:4] == key_id
            (tmp_path / "body").write_text(body + "\n")
            (tmp_path / "signature").write_bytes(blob[4:])
            done = openssl(
                "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key.der",
                "-in", tmp_path / "body", "-sigfile", tmp_path / "signature",
            )  # fmt: skip
            assert done.returncode == 0, done
            signed += 1
    assert signed >= 1
    assert lines[-1] == {"type": "end", "size": len(leaves)}


def test_a_checkpoint_that_others_signed_is_a_witness(data, tmp_path):
    """Signed by openssl with a key of its own, as a second log keeper would."""
    assert openssl("genpkey", "-algorithm", "ed25519", "-out", tmp_path / "key.pem").returncode == 0
    public = openssl("pkey", "-in", tmp_path / "key.pem", "-pubout", "-outform", "DER").stdout[-32:]
    name = "example.org/keeper"
    key_id = hashlib.sha256(name.encode() + b"\n\x01" + public).digest()[:4]
    key = f"{name}+{key_id.hex()}+{base64.b64encode(bytes([1]) + public).decode()}"
    body = stetig("journal", "checkpoint", "--data", data).stdout.split("\n\n")[0] + "\n"
    (tmp_path / "body").write_text(body)
    done = openssl("pkeyutl", "-sign", "-rawin", "-inkey", tmp_path / "key.pem", "-in", tmp_path / "body")
    assert done.returncode == 0, done
    witness = tmp_path / "witness.note"
    witness.write_text(f"{body}\n{DASH}{name} {base64.b64encode(key_id + done.stdout).decode()}\n")
    own = stetig("journal", "key", "--data", data).stdout.strip()
    assert verify("--data", data, "--witness", witness, "--key", own, "--key", key)["witnessed"]
    refused = stetig("verify", "--data", data, "--witness", witness, "--key", own)
    assert refused.returncode == 1
    assert "signed by none of the known keys" in refused.stderr
    witness.write_text(witness.read_text().replace("\n3", "\n2", 1))
    refused = stetig("verify", "--data", data, "--witness", witness, "--key", own, "--key", key)
    assert refused.returncode == 1
    assert "does not hold" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "says", "code"),
    [
        (["verify", "--data", "/no/such/folder"], "there is no store in /no/such/folder", 1),
        (["verify", "/no/such/file"], "/no/such/file cannot be read", 2),
        (["verify", "--witness", "/no/such/note"], "--witness /no/such/note", 2),
        (["verify", "--key", "nonsense"], "--key: the key is no name+hash+base64", 2),
        (["journal", "erase"], "--reason is required", 2),
    ],
)
def test_a_wrong_command_line_says_so(arguments, says, code):
    done = stetig(*arguments)
    assert done.returncode == code
    assert done.stdout == ""
    assert says in done.stderr
    assert "See: stetig help" in done.stderr


@pytest.mark.parametrize("command", ["verify", "journal export", "journal checkpoint", "journal key", "journal erase"])
def test_help_has_examples(command):
    explained = stetig("help", *command.split())
    assert explained.returncode == 0
    assert f"stetig {command}" in explained.stdout.split("Example", 1)[1]
