"""Paths that try to leave the artifact store, in every place that takes one, on both stores: refused or harmless, and no file outside
the data folder is read or written."""

import hashlib
import http.client
import json
import os
from urllib.parse import quote

import pytest

API = "/api/2.0/mlflow/"
PROXY = "/api/2.0/mlflow-artifacts/artifacts"
SECRET = b"the canary sings"
JSON = {"Content-Type": "application/json"}


class Target:
    """A server whose data folder has neighbours that nobody may see, and links to them inside."""

    def __init__(self, server):
        self.server = server
        self.data = server.folder / "data"
        self.outside = server.folder / "outside"
        self.outside.mkdir()
        for place in (self.outside, server.folder):
            (place / "canary.txt").write_bytes(SECRET)
        for place in (self.data, self.data / "blobs"):
            os.symlink(self.outside, place / "link")
            os.symlink(self.outside / "canary.txt", place / "linked.txt")
        self.experiment = self.ask("POST", "experiments/create", {"name": "paths"})["experiment_id"]
        self.run = self.ask("POST", "runs/create", {"experiment_id": self.experiment})["run"]["info"]["run_id"]
        self.model = self.ask("POST", "logged-models", {"experiment_id": self.experiment})["model"]["info"]["model_id"]
        self.root = f"{self.experiment}/{self.run}/artifacts"
        self.ask("POST", "registered-models/create", {"name": "m"})
        self.ask("POST", "model-versions/create", {"name": "m", "source": f"mlflow-artifacts:/{self.root}/model", "run_id": self.run})
        assert self.put(f"{PROXY}/{self.root}/model/a.txt", b"inside")[0] == 200

    def send(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> tuple[int, bytes, dict]:
        """The path goes out as it stands: no client in between cleans it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in {"Content-Length": str(len(body or b"")), **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            answer = connection.getresponse()
            text = answer.read()
            assert SECRET not in text and b"root:" not in text, (method, path)
            return answer.status, text, {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def put(self, path: str, body: bytes) -> tuple[int, bytes, dict]:
        return self.send("PUT", path, body, {"Content-Type": "text/plain"})

    def get(self, path: str, **headers: str) -> tuple[int, bytes, dict]:
        return self.send("GET", path, None, headers)

    def call(self, method: str, path: str, body: dict) -> tuple[int, dict]:
        status, text, _ = self.send(method, API + path, json.dumps(body).encode(), JSON)
        return status, json.loads(text)

    def ask(self, method: str, path: str, body: dict) -> dict:
        status, found = self.call(method, path, body)
        assert status == 200, (path, found)
        return found

    def files(self, folder: str = "") -> list[str]:
        """Every path of the artifact store, folders with a slash."""
        status, text, _ = self.get(f"{PROXY}?path={quote(folder)}")
        assert status == 200, (folder, text)
        found = []
        for entry in json.loads(text).get("files", []):
            path = f"{folder}/{entry['path'].rpartition('/')[2]}".lstrip("/")
            found += [path + "/", *self.files(path)] if entry["is_dir"] else [path]
        return found

    def neighbours(self) -> dict[str, str]:
        """What lies beside the data folder and what the links lead to."""
        found = {}
        for place in (self.server.folder, self.outside):
            for path in sorted(place.iterdir()):
                if path.name not in ("data", "server.log"):
                    found[str(path)] = "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (self.data / "link", self.data / "blobs/link", self.data / "blobs/linked.txt"):
            found[str(path)] = os.readlink(path)
        return found


@pytest.fixture(scope="module")
def targets(request, start_server):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stock writes wherever an artifact_location leads")
    return [Target(start_server(store)) for store in ("sqlite", "postgres")]


@pytest.fixture(autouse=True)
def nothing_outside_changes(targets):
    before = [target.neighbours() for target in targets]
    yield
    assert [target.neighbours() for target in targets] == before


# As they stand in a request line; in a query they are the same.
BAD = {
    "parent": "../canary.txt", "two parents": "../../canary.txt", "parent alone": "..", "inner": "a/../../canary.txt", "back in": "a/../a",
    "encoded": "%2e%2e/canary.txt", "half encoded": ".%2e/canary.txt", "encoded slash": "..%2fcanary.txt", "capitals": "%2E%2E%2Fcanary.txt",
    "twice": "%252e%252e%252fcanary.txt", "thrice": "%25252e%25252e/canary.txt", "twelve times": "%" + "25" * 12 + "2e%" + "25" * 12 + "2e/canary.txt",
    "backslash": "..%5ccanary.txt", "backslashes": "a%5c..%5c..%5ccanary.txt", "share": "%5c%5chost%5cshare", "absolute": "/etc/passwd",
    "encoded absolute": "%2fetc%2fpasswd", "twice encoded absolute": "%252fetc%252fpasswd", "two slashes": "//etc/passwd", "drive": "C:/x",
    "drive with a backslash": "C:%5cx", "file URI": "file:///etc/passwd", "file URI, one slash": "file:/etc/passwd", "file URI in capitals": "FILE:///etc/passwd",
    "behind what is no escape": "%zz/%2e%2e/canary.txt", "behind a lone percent": "100%/%252e%252e/canary.txt", "NUL": "a%00b", "NUL before the suffix": "canary.txt%00.png", "twice encoded NUL": "a%2500b", "line feed": "a%0ab", "escape": "a%1b", "delete": "a%7f",
    "fragment": "a%23b", "inner slashes": "a//b", "a dot": "a/./b", "dot alone": ".", "overlong dots": "%c0%ae%c0%ae/canary.txt", "no UTF-8": "a%ffb",
    "half a surrogate": "a%ed%a0%80", "too long a path": "a/" * 2500 + "b", "too long a name": "n" * 5000,
}  # fmt: skip

# Behind a folder these are odd names and nothing more.
ONLY_IN_FRONT = {BAD[label] for label in ("share", "twice encoded absolute", "drive", "drive with a backslash", "file URI, one slash")}


@pytest.fixture(params=BAD.values(), ids=BAD.keys())
def bad(request) -> str:
    return request.param


def refused(status: int, text: bytes) -> bool:
    """An error of the client, in MLflow's form or as plain text where no route takes the path."""
    return 400 <= status < 500 and bool(text)


def same(answers: list) -> tuple[int, bytes]:
    """One answer for both stores: the first one's, after comparing the status."""
    assert len({status for status, *_ in answers}) == 1, answers
    return answers[0][0], answers[0][1]


def test_the_proxy_refuses(targets, bad):
    before = [target.files() for target in targets]
    for prefix in ("",) if bad in ONLY_IN_FRONT else ("", "a/", f"{targets[0].experiment}/"):
        path = f"{PROXY}/{prefix}{bad}"
        assert refused(*same([target.put(path, b"x") for target in targets]))
        assert refused(*same([target.get(path) for target in targets]))
        status, _ = same([target.send("DELETE", path) for target in targets])
        assert status >= 400 and status < 500
    status, _ = same([target.send("POST", f"/api/2.0/mlflow-artifacts/mpu/create/{bad}", b'{"path": "x"}', JSON) for target in targets])
    assert 400 <= status < 500 or status == 501
    assert [target.files() for target in targets] == before


def test_routes_that_take_the_path_in_the_query_refuse(targets, bad):
    before = [target.files() for target in targets]
    answers = []
    for target in targets:
        answers.append(
            [
                target.get(f"{PROXY}?path={bad}"),
                target.get(f"{API}artifacts/list?run_id={target.run}&path={bad}"),
                target.get(f"/get-artifact?run_id={target.run}&path={bad}"),
                target.get(f"/model-versions/get-artifact?name=m&version=1&path={bad}"),
                target.get(f"{API}logged-models/{target.model}/artifacts/directories?artifact_directory_path={bad}"),
                target.get(f"/ajax-api/2.0/mlflow/logged-models/{target.model}/artifacts/files?artifact_file_path={bad}"),
                target.send("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={target.run}&path={bad}", b"x"),
            ]
        )
    assert [[status for status, *_ in answer] for answer in answers][0] == [status for status, *_ in answers[1]]
    for status, text, _ in answers[0]:
        assert refused(status, text) and json.loads(text)["error_code"], (bad, text)
    assert [target.files() for target in targets] == before


def test_links_in_the_data_folder_lead_nowhere(targets):
    """Artifacts are rows, not files: a link in the folder is no artifact."""
    for target in targets:
        for name in ("link/canary.txt", "linked.txt", "blobs/link/canary.txt", "blobs/linked.txt", "stetig.db", "stetig.lock", "blobs"):
            assert target.get(f"{PROXY}/{name}")[0] == 404
            assert target.get(f"/get-artifact?run_id={target.run}&path={name}")[0] == 404
        assert target.put(f"{PROXY}/link/new.txt", b"x")[0] == 200
        assert target.get(f"{PROXY}/link/new.txt")[1] == b"x"
        assert not (target.outside / "new.txt").exists()
        assert target.send("DELETE", f"{PROXY}/link")[0] == 200
        assert (target.data / "link").is_symlink()


LOCATIONS = [
    "file:///etc", "file:///etc/passwd", "file://localhost/etc", "file:/etc", "/etc", "/", "etc", ".", "..", "../", "../../outside", "~", "$HOME",
    "mlflow-artifacts:/../..", "mlflow-artifacts:/a/../../x", "mlflow-artifacts:/%2e%2e/x", "mlflow-artifacts:/%252e%252e/x", "mlflow-artifacts:",
    "mlflow-artifacts:/", "mlflow-artifacts:///x", "mlflow-artifacts:////etc", "mlflow-artifacts://host/x", "mlflow-artifacts://host:80/x",
    "mlflow-artifacts:/a?b=../..", "mlflow-artifacts:/a#b", "mlflow-artifacts:/a%00b", "mlflow-artifacts:/a\\..\\b", "MLFLOW-ARTIFACTS:/a/../b",
    "mlflow-artifacts:a/b", "mlflow-artifacts:/%zz/%2e%2e/x", "mlflow-artifacts:/" + "%25" * 12 + "2e" * 2, "http://127.0.0.1:1/x", "https://h/x", "ftp://h/x", "sftp://h/x", "hdfs://h/x", "s3://..%2f", "s3://b/../x",
    "s3://b/%2e%2e/x", "s3://b/a?x=..", "gs://b", "dbfs:/../x", "runs:/x/y", "models:/x/1", "abc:def", "a\nb", "\x00", "//host/share", "\\\\host\\share",
    "C:\\x", "file:///etc\x00", "data:,x", "jar:file:/etc/passwd!/x", "mlflow-artifacts:/" + "a" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("place", LOCATIONS, ids=lambda place: repr(place)[1:40])
def test_locations_of_experiments_are_refused_or_harmless(targets, place):
    for target in targets:
        status, made = target.call("POST", "experiments/create", {"name": f"at {place[:200]!r}", "artifact_location": place})
        if status != 200:
            assert 400 <= status < 500 and made["error_code"], made
            continue
        run = target.ask("POST", "runs/create", {"experiment_id": made["experiment_id"]})["run"]["info"]
        for path in ("passwd", "canary.txt", "outside/canary.txt", "a"):
            upload = target.send("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run['run_id']}&path={path}", b"x")
            read = target.get(f"/get-artifact?run_id={run['run_id']}&path={path}")
            listed = target.get(f"{API}artifacts/list?run_id={run['run_id']}")
            if run["artifact_uri"].startswith("mlflow-artifacts:"):
                assert upload[0] == 200 and read[1] == b"x" and listed[0] == 200, (place, upload, read, listed)
            else:  # kept elsewhere: only clients reach it
                assert {upload[0], read[0], listed[0]} == {501}, (place, upload, read, listed)
        model = target.ask("POST", "logged-models", {"experiment_id": made["experiment_id"]})["model"]["info"]["model_id"]
        status, _, _ = target.get(f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path=passwd")
        assert status in (404, 501)


def test_every_file_put_through_a_location_is_in_the_store_alone(targets):
    """After all of the above: names are clean, and both stores hold the same but for ids."""
    for target in targets:
        for path in target.files():
            parts = path.rstrip("/").split("/")
            assert not {"", ".", ".."} & set(parts) and "\\" not in path and "\0" not in path, path


@pytest.mark.parametrize("source", LOCATIONS, ids=lambda place: repr(place)[1:40])
def test_sources_of_versions_are_refused_or_harmless(targets, source):
    for target in targets:
        for owner in ({}, {"run_id": target.run}, {"model_id": target.model}):
            status, made = target.call("POST", "model-versions/create", {"name": "m", "source": source, **owner})
            if status != 200:
                assert 400 <= status < 500 and made["error_code"], made
                continue
            version = made["model_version"]["version"]
            for path in ("passwd", "canary.txt", "x"):
                status, text, _ = target.get(f"/model-versions/get-artifact?name=m&version={version}&path={path}")
                assert status in (400, 404, 501), (source, text)
            uri = target.ask("GET", "model-versions/get-download-uri", {"name": "m", "version": version})["artifact_uri"]
            assert not uri.startswith(("/", "file:", "mlflow-artifacts:")), (source, uri)


def test_a_source_below_its_run_only(targets):
    for target in targets:
        good = f"mlflow-artifacts:/{target.root}"
        for source in (f"{good}/../../x", f"{good}X", f"{good}/%2e%2e/x", f"{good}/a%00", f"{good}/..%2f..", f"{good}/%zz/%2e%2e/%2e%2e/x", f"{good}/a\\..\\b", f"mlflow-artifacts://h/{target.root}",
                       f"mlflow-artifacts:/{target.experiment}", f"file:///{target.root}", f"/{target.root}"):  # fmt: skip
            status, made = target.call("POST", "model-versions/create", {"name": "m", "source": source, "run_id": target.run})
            assert status == 400 and made["error_code"] == "INVALID_PARAMETER_VALUE", (source, made)


# Names that look odd and are fine.

FINE = ["a b", "é", "e\u0301", "中.txt", "😀", "a+b", "a%b", "%41", "a&b=c", "a?b", "a;b", "'a'", '"a"', "~", "-", "...", "a..b", "..a", "con", "a" * 255,
        "\uff0e\uff0e", "A", "a", "{path}", "*", "a\u2028b", "\u202egnp.exe"]  # fmt: skip


def test_odd_names_come_back_as_they_went(targets):
    """Also the two spellings of é and both cases stay apart."""
    for target in targets:
        for name in FINE:
            path = f"{PROXY}/odd/{quote(name, safe='')}"
            assert target.put(path, name.encode())[0] == 200, name
        for name in FINE:
            status, text, headers = target.get(f"{PROXY}/odd/{quote(name, safe='')}")
            assert status == 200 and text == name.encode(), name
            assert headers["content-disposition"].startswith("attachment") and headers["x-content-type-options"] == "nosniff"
        assert target.files("odd") == sorted(f"odd/{name}" for name in FINE)
    assert targets[0].files("odd") == targets[1].files("odd")


def test_ranges(targets):
    for target in targets:
        path = f"{PROXY}/range.bin"
        assert target.put(path, b"0123456789")[0] == 200
        for header, expected in {"bytes=0-0": b"0", "bytes=9-": b"9", "bytes=-3": b"789", "bytes=5-99999999999999999999": b"56789", "bytes=-99": b"0123456789"}.items():
            status, text, headers = target.get(path, Range=header)
            assert (status, text) == (206, expected), header
            assert headers["content-range"].endswith("/10")
        for header in ("bytes=10-", "bytes=10-20", "bytes=99999999999999999999-", "bytes=-0"):
            status, _, headers = target.get(path, Range=header)
            assert status == 416 and headers["content-range"] == "bytes */10", header
        # What is no range of bytes is left aside (RFC 9110, 14.2).
        for header in ("bytes=5-2", "bytes=", "bytes=a-b", "lines=0-1", "bytes", "bytes=0x1-2", "bytes=--1"):
            assert target.get(path, Range=header)[:2] == (200, b"0123456789"), header
        assert target.put(f"{PROXY}/empty", b"")[0] == 200
        status, text, headers = target.get(f"{PROXY}/empty")
        assert (status, text, headers["content-length"]) == (200, b"", "0")
        assert target.get(f"{PROXY}/empty", Range="bytes=0-")[0] == 416


def test_files_and_folders_in_each_others_way(targets):
    for target in targets:
        assert target.put(f"{PROXY}/way/file", b"1")[0] == 200
        assert target.put(f"{PROXY}/way/file", b"22")[0] == 200
        assert target.get(f"{PROXY}/way/file")[1] == b"22"
        for path in ("way/file/below", "way"):
            assert 400 <= target.put(f"{PROXY}/{path}", b"3")[0] < 500
        assert target.get(f"{PROXY}/way")[0] == 400
        assert target.get(f"{PROXY}/way/file/below")[0] == 404
        assert target.put(f"{PROXY}/way/deep/er/x", b"x")[0] == 200
        assert target.send("DELETE", f"{PROXY}/way/deep")[0] == 200
        assert target.files("way") == ["way/file"]
        assert target.send("DELETE", f"{PROXY}/way/deep")[0] == 200  # again
        assert target.send("DELETE", f"{PROXY}/way")[0] == 200
        assert target.files("way") == [] and target.get(f"{PROXY}/way/file")[0] == 404


def test_the_whole_store_cannot_be_deleted_by_an_empty_path(targets):
    for target in targets:
        before = target.files()
        for path in (f"{PROXY}/", f"{PROXY}//", f"{PROXY}/.", f"{PROXY}/%20/..", f"{PROXY}/%2e", PROXY):
            assert 400 <= target.send("DELETE", path)[0] < 500, path
        assert target.files() == before
