"""Files of records, phases and the maturity page, end to end: over HTTP with requests, with the command line, and with runs of the real MLflow
client as evidence."""

import hashlib
import json
import os
import subprocess
import time

import pytest
import requests
from support.api import BASE, Api, expect_problem
from support.command import clean_environment, stetig
from support.server import ROOT


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def api(request, start_server) -> Api:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    return Api(start_server(request.param).url)


def cli(api: Api, *arguments: str, code: int = 0) -> str:
    done = stetig(*arguments, env={"STETIG_SERVER": api.url})
    assert done.returncode == code, f"{arguments}: {done.returncode} {done.stderr}"
    return done.stdout if code == 0 else done.stderr


def test_files_with_versions_ranges_and_etags(api):
    record = api.make("review", api.project()["key"])
    url = f"{api.url}{BASE}/reviews/{record['key']}/attachments/plan.bin"
    old, new = os.urandom(3_000_000), os.urandom(1_000)
    first = requests.put(url, data=old, headers={"Content-Type": "application/x-plan"}, timeout=30)
    assert first.status_code == 201 and first.headers["Location"].endswith("/attachments/plan.bin?version=1")
    assert first.json() == {
        "record": record["id"], "name": "plan.bin", "version": 1, "content_type": "application/x-plan", "size": len(old),
        "sha256": hashlib.sha256(old).hexdigest(), "created_at": first.json()["created_at"], "created_by": "local",
    }  # fmt: skip
    assert requests.put(url, data=old, headers={"Content-Type": "application/x-plan"}, timeout=30).json() == first.json()
    assert requests.put(url, data=new, timeout=30).json()["version"] == 2
    assert requests.get(url, timeout=30).content == new
    assert requests.get(api.url + first.headers["Location"], timeout=30).content == old
    part = requests.get(url, params={"version": 1}, headers={"Range": "bytes=2999990-"}, timeout=30)
    assert (part.status_code, part.content) == (206, old[-10:])
    etag = requests.head(url, timeout=30).headers["ETag"]
    assert requests.get(url, headers={"If-None-Match": etag}, timeout=30).status_code == 304
    assert [one["version"] for one in api.good("attachment.versions", "reviews", record["id"], "plan.bin")["items"]] == [2, 1]
    assert requests.delete(url, timeout=30).status_code == 204
    expect_problem(requests.get(url, timeout=30), 404, "attachment_not_found")
    kinds = [event["kind"] for event in api.good("event.list", query={"subject_type": "review", "subject_id": record["id"]})["items"]]
    assert kinds == ["review.created", "attachment.added", "attachment.added", "attachment.removed"]


def test_files_by_the_command_line(api, tmp_path):
    key = api.make("task", api.project()["key"])["key"]
    data = os.urandom(2_500_000)
    (tmp_path / "Bild 1.png").write_bytes(data)
    made = json.loads(cli(api, "attachment", "add", key, str(tmp_path / "Bild 1.png"), "-o", "json"))
    assert (made["name"], made["content_type"], made["sha256"]) == ("Bild 1.png", "image/png", hashlib.sha256(data).hexdigest())
    cli(api, "attachment", "add", key, str(tmp_path / "Bild 1.png"), "--name", "other", "--type", "x/y")
    listed = json.loads(cli(api, "attachment", "list", key, "-o", "json"))["items"]
    assert [(one["name"], one["content_type"]) for one in listed] == [("Bild 1.png", "image/png"), ("other", "x/y")]
    cli(api, "attachment", "get", key, "Bild 1.png", "--to", str(tmp_path / "out"))
    assert (tmp_path / "out").read_bytes() == data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Bild 1.png", "out"]
    piped = subprocess.run(
        [*stetig_command(), "attachment", "get", key, "other"], env=clean_environment(STETIG_SERVER=api.url), capture_output=True, timeout=30
    )
    assert piped.stdout == data
    assert "no attachment 'none'" in cli(api, "attachment", "get", key, "none", "--to", str(tmp_path / "none"), code=3)
    assert not (tmp_path / "none").exists()
    assert "no such file" in cli(api, "attachment", "add", key, str(tmp_path / "none"), code=2).lower()
    cli(api, "attachment", "remove", key, "other", "-q")
    assert [one["name"] for one in json.loads(cli(api, "attachment", "list", key, "-o", "json"))["items"]] == ["Bild 1.png"]


def stetig_command() -> list[str]:
    from support.server import stetig_binary

    return [str(stetig_binary())]


def test_a_case_of_a_feedback_can_be_a_file(api):
    case = {"attachment": "case.json"}
    feedback = api.make("feedback", api.project()["key"], case=case)
    assert feedback["case"] == case
    assert requests.put(f"{api.url}{BASE}/feedback/{feedback['id']}/attachments/case.json", data=b"{}", timeout=10).status_code == 201
    for wrong in ({"attachment": "../case"}, {"attachment": 5}, {"attachment": ""}):
        body = {"project": feedback["project"], "title": "t", "about_type": "run", "about_id": "1", "case": wrong}
        api.refused(400, "invalid_field", "feedback.create", body=body)


def test_imports_keep_their_status_only_when_told_to(api, tmp_path):
    key = api.project()["key"]
    file = tmp_path / "old.csv"
    file.write_text("title,status\nOne,approved\nTwo,draft\n")
    assert "cannot begin as 'approved'" in cli(api, "requirement", "import", str(file), "--project", key, code=5)
    assert [one["title"] for one in api.good("requirement.list", query={"project": key})["items"]] == ["Two"]
    cli(api, "requirement", "import", str(file), "--project", key, "--keep-status")
    assert {one["title"]: one["status"] for one in api.good("requirement.list", query={"project": key})["items"]} == {"One": "approved", "Two": "draft"}


MLFLOW_RUN = """
import mlflow, numpy, sys
mlflow.set_experiment(sys.argv[1])
with mlflow.start_run() as run:
    mlflow.log_input(mlflow.data.from_numpy(numpy.arange(6).reshape(3, 2), name="customers"))
    mlflow.set_tag("mlflow.source.git.commit", "0123456789012345678901234567890123456789")
    mlflow.log_metric("accuracy", 0.93)
print(run.info.run_id)
"""


def test_maturity_and_phases_from_a_run_of_the_mlflow_client(api):
    project = api.project()
    key = project["key"]
    before = boxes(api, key)
    assert {box["state"] for box in before.values()} == {"open", "not_recorded"}
    done = subprocess.run(
        [ROOT / ".venv/mlflow3/bin/python", "-c", MLFLOW_RUN, f"maturity {key}"],
        env=clean_environment(MLFLOW_TRACKING_URI=api.url), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    run = done.stdout.split()[-1]
    requirement = api.make("requirement", key, criteria=["metrics.accuracy >= 0.9"])
    api.good("link.add", body={"type": "satisfies", "from_type": "run", "from_id": run, "to_type": "requirement", "to_id": requirement["key"]})
    until = time.monotonic() + 10
    while boxes(api, key)["0.evaluation"]["state"] != "ticked":
        assert time.monotonic() < until, "the graph does not follow"
        time.sleep(0.05)
    after = boxes(api, key)
    ticked = {name for name, box in after.items() if box["state"] == "ticked"}
    assert ticked == {
        "0.extraction", "0.preparation", "0.training", "0.evaluation", "0.tracking", "0.source", "1.metadata.code", "1.metadata.data", "2.source",
        "2.metadata", "2.stage.development",
    }  # fmt: skip
    (evidence,) = after["1.metadata.code"]["evidence"]
    assert (evidence["type"], evidence["id"], evidence["joined"]) == ("run", run, "0123456789012345678901234567890123456789")
    assert after["1.orchestrated"]["remark"] == "not recorded yet: pipelines"
    phases = {one["phase"]: one for one in api.good("phase.list", key)["items"]}
    assert {name: one["derived"] for name, one in phases.items()} == {
        "business_understanding": 0, "data_understanding": 1, "data_preparation": 1, "modeling": 1, "evaluation": 1, "deployment": 0,
    }  # fmt: skip
    assert cli(api, "maturity", key, "--pick", ".reached").strip() == "null"
    shown = cli(api, "maturity", key, "-o", "tsv")
    assert "0.training\tticked\t" in shown
    assert cli(api, "phase", "evidence", key, "modeling", "--pick", ".items[0].id").strip() == run


def boxes(api: Api, project: str) -> dict[str, dict]:
    return {box["box"]: box for box in api.good("maturity.get", project)["items"]}
