"""Artifacts through the proxy: up, down, list, delete; bytes are compared."""

import os
import tempfile
from pathlib import Path

import mlflow
import mlflow.artifacts
import requests
from harness import equal
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

# Names that a careless server would mangle. The client itself does not escape '#', '?' and '%', so these stay out.
FILES = {
    "plain.txt": b"hello\n",
    "empty.bin": b"",
    "deep/er/and deeper/leaf.txt": b"leaf",
    "Größe/中文 файл.txt": "ä中".encode(),
    "odd/a&b=c+d @~!$,[x].txt": b"odd",
    "odd/semi;colon 'quoted'.json": b"{}",
    "bytes.bin": bytes(range(256)) * 4096,  # 1 MiB
}


def run_with_files(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    folder = Path(tempfile.mkdtemp())
    for path, content in FILES.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    client.log_artifacts(run_id, folder, "in")
    return run_id


def check_folder_goes_up_and_comes_down_unchanged(client, name):
    run_id = run_with_files(client, name)
    local = Path(client.download_artifacts(run_id, "in", tempfile.mkdtemp()))
    found = {str(path.relative_to(local)): path.read_bytes() for path in local.rglob("*") if path.is_file()}
    equal(sorted(found), sorted(FILES))
    for path, content in FILES.items():
        assert found[path] == content, f"{path} came back with other bytes"


def check_list(client, name):
    run_id = run_with_files(client, name)

    def listed(path=None):
        # Clients differ in how they show the size of an empty file: 0 or nothing.
        return {item.path: (item.is_dir, item.file_size or 0) for item in client.list_artifacts(run_id, path)}

    equal(listed(), {"in": (True, 0)})
    folders = {f"in/{part}": (True, 0) for part in ("deep", "Größe", "odd")}
    files = {f"in/{part}": (False, len(FILES[part])) for part in ("plain.txt", "empty.bin", "bytes.bin")}
    equal(listed("in"), {**folders, **files})
    equal(listed("in/deep/er"), {"in/deep/er/and deeper": (True, 0)})
    equal(listed("in/Größe"), {"in/Größe/中文 файл.txt": (False, len("ä中".encode()))})
    equal([item.path for item in client.list_artifacts(run_id, "in")], sorted({**folders, **files}))
    equal(listed("nowhere"), {})
    equal(listed("in/plain.txt"), {})


def check_single_files(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    file = Path(tempfile.mkdtemp()) / "note ä.txt"
    file.write_text("one")
    client.log_artifact(run_id, file)
    client.log_artifact(run_id, file, "sub/folder")
    file.write_text("two, overwritten")
    client.log_artifact(run_id, file)
    for path, expected in (("note ä.txt", "two, overwritten"), ("sub/folder/note ä.txt", "one")):
        equal(Path(client.download_artifacts(run_id, path)).read_text(), expected)


def check_text_and_dict(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    client.log_text(run_id, "grüße\n" * 3, "notes/greeting.txt")
    client.log_dict(run_id, {"a": [1, 2.5, "ü"]}, "config.json")
    uri = client.get_run(run_id).info.artifact_uri
    equal(mlflow.artifacts.load_text(f"{uri}/notes/greeting.txt"), "grüße\n" * 3)
    equal(mlflow.artifacts.load_dict(f"runs:/{run_id}/config.json"), {"a": [1, 2.5, "ü"]})


def check_large_file(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    file = Path(tempfile.mkdtemp()) / "large.bin"
    content = os.urandom(1 << 20) * 24  # chunks repeat: a store that keeps each once is tested too
    file.write_bytes(content)
    client.log_artifact(run_id, file)
    assert Path(client.download_artifacts(run_id, "large.bin")).read_bytes() == content


def check_missing_artifact_is_an_error(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    try:
        client.download_artifacts(run_id, "missing.txt")
    except Exception:
        return
    raise AssertionError("a missing artifact was downloaded")


def check_delete(client, name):
    run_id = run_with_files(client, name)
    repository = get_artifact_repository(client.get_run(run_id).info.artifact_uri)
    repository.delete_artifacts("in/deep")
    repository.delete_artifacts("in/plain.txt")
    equal(sorted(item.path for item in client.list_artifacts(run_id, "in")), ["in/Größe", "in/bytes.bin", "in/empty.bin", "in/odd"])


def check_paths_that_climb_are_refused(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    for path in ("../up", "a/../../up", "/etc", "%2e%2e/up", "a/%252e%252e/%252e%252e/up"):
        try:
            client.list_artifacts(run_id, path)
        except (MlflowException, requests.HTTPError) as error:
            assert "Invalid path" in str(error), f"path {path!r}: {error}"
        else:
            raise AssertionError(f"path {path!r} was taken")
