"""Source repositories and builds: real git repositories made here, read by the server, seen in the trace."""

import json
import subprocess
import sys
import time

import pytest
import requests
from support.api import Api, fresh_key
from support.command import stetig
from support.git import Git


class Project:
    """A project with one requirement and one task, and a repository that belongs to it."""

    def __init__(self, server, folder):
        self.api, self.server = Api(server.url), server
        self.key = self.api.good("project.create", body={"key": fresh_key(), "title": "churn"})["key"]
        self.requirement = self.api.good("requirement.create", body={"project": self.key, "title": "Recall"})
        self.task = self.api.good("task.create", body={"project": self.key, "title": "Train"})
        self.git = Git(folder / "repo")
        self.name = f"repo-{self.key.lower()}"
        self.api.good("repository.add", body={"name": self.name, "url": str(self.git.folder), "project": self.key, "poll_seconds": 0})

    def sync(self) -> dict:
        return self.api.good("repository.sync", self.name)

    def edges(self, sha: str) -> dict[tuple[str, str, str], str]:
        """Open edges at a commit: (type, from, to) → rule."""
        graph = self.api.good("trace.show", "commit", sha, query={"depth": 1})
        return {(edge["type"], edge["from"]["id"], edge["to"]["id"]): edge["rule"] for edge in graph["edges"]}

    def wait_for(self, holds, seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.1)

    def eventually(self, sha: str, expected: dict[tuple[str, str, str], str]) -> None:
        """The graph follows the journal within a moment."""
        deadline = time.monotonic() + 10
        while (found := self.edges(sha)) != expected:
            assert time.monotonic() < deadline, (found, expected)
            time.sleep(0.1)

    def commits(self) -> dict[str, dict]:
        return {commit["sha"]: commit for commit in self.api.good("commit.list", query={"repository": self.name, "limit": 1000})["items"]}


@pytest.fixture
def project(request, server, tmp_path) -> Project:
    if request.config.getoption("--server") == "stock":
        pytest.skip("of stetig's own interface")
    return Project(server, tmp_path)


def test_a_commit_is_linked_to_what_it_names_in_the_order_of_trust(project):
    task, requirement = project.task["key"], project.requirement["key"]
    trailer = project.git.commit(f"Train it\n\nWords about {task}.\n\nTask: {task}\nRequirement: {requirement}\nSigned-off-by: A <a@b.c>")
    subject = project.git.commit(f"{task}: tune; UTF-8, SHA-256 and {task}0 are none\n\nSee {requirement}.")
    body = project.git.commit(f"Words\n\nfor {requirement}\nand more of them")
    unknown = project.git.commit(f"{project.key}-999 is missing")
    report = project.sync()
    assert (report["commits"], report["links"], report["unknown_keys"]) == (4, 5, 2)
    t, r = project.task["id"], project.requirement["id"]
    project.eventually(trailer, {("done_in", t, trailer): "trailer Task", ("done_in", r, trailer): "trailer Requirement"})
    project.eventually(subject, {("done_in", t, subject): "subject", ("done_in", r, subject): "body"})
    project.eventually(body, {("done_in", r, body): "body"})
    project.eventually(unknown, {})
    commit = project.api.good("commit.get", trailer[:10])
    assert (commit["sha"], commit["subject"], commit["author_email"], commit["reachable"]) == (trailer, "Train it", "ada@example.org", True)
    assert project.sync()["commits"] == 0


def test_a_branch_names_the_commits_made_on_it(project):
    project.git.commit("Begin")
    project.git("checkout", "-q", "-b", f"feature/{project.task['key']}-better")
    made = project.git.commit("Nothing named here")
    project.sync()
    project.eventually(made, {("done_in", project.task["id"], made): "branch"})
    branches = project.api.good("branch.list", project.name)["items"]
    assert {branch["name"]: branch["sha"] for branch in branches}[f"feature/{project.task['key']}-better"] == made


def test_a_rebase_carries_the_chain_and_marks_what_is_left(project):
    base = project.git.commit("Base")
    project.git("checkout", "-q", "-b", "topic")
    old = project.git.commit(f"{project.task['key']}: a change", name="topic")
    project.sync()
    project.git("checkout", "-q", "main")
    project.git.commit("Meanwhile")
    project.git("checkout", "-q", "topic")
    project.git("rebase", "-q", "main")
    project.git("commit", "-q", "--amend", "-m", "The same change without a key")
    new = project.git("rev-parse", "HEAD")
    assert (new != old, base != old) == (True, True)
    assert project.sync()["unreachable"] == 1
    assert [project.commits()[sha]["reachable"] for sha in (old, new)] == [False, True]
    carried = {("carried_to", old, new): "same patch"}
    project.eventually(new, carried)
    project.eventually(old, carried | {("done_in", project.task["id"], old): "subject"})
    moved = {branch["name"]: branch for branch in project.api.good("branch.list", project.name)["items"]}
    assert (moved["topic"]["rewritten"], moved["main"]["rewritten"]) == (True, False)


def test_a_squash_is_found_when_its_branch_goes(project):
    project.git.commit("Base")
    project.git("checkout", "-q", "-b", "topic")
    parts = [project.git.commit(f"{project.task['key']}: part {i}", name=f"part{i}") for i in range(3)]
    project.git("checkout", "-q", "main")
    project.git.commit("Meanwhile")
    project.git("merge", "-q", "--squash", "topic")
    project.git("commit", "-q", "-m", "All of it")
    squashed = project.git("rev-parse", "HEAD")
    project.sync()
    project.git("branch", "-q", "-D", "topic")
    assert project.sync()["unreachable"] == 3
    project.eventually(squashed, {("carried_to", part, squashed): "squash" for part in parts})


def test_cherry_picks_lead_to_where_they_came_from(project):
    project.git.commit("Base")
    project.git("checkout", "-q", "-b", "topic")
    origin = project.git.commit("Fix", name="fix")
    project.git("checkout", "-q", "main")
    project.git.commit("Meanwhile")
    project.git("cherry-pick", "-x", "topic")
    picked = project.git("rev-parse", "HEAD")
    project.sync()
    project.eventually(picked, {("carried_to", origin, picked): "cherry-pick"})


def test_a_force_push_there_and_back_loses_nothing(project):
    first = project.git.commit("First")
    second = project.git.commit(f"{project.task['key']}: second")
    project.sync()
    project.git("reset", "-q", "--hard", first)
    assert project.sync()["unreachable"] == 1
    project.git("reset", "-q", "--hard", second)
    project.sync()
    assert project.commits()[second]["reachable"]
    project.eventually(second, {("done_in", project.task["id"], second): "subject"})


def test_same_changes_are_those_of_git_patch_id(project):
    """Our identities put commits together exactly where `git patch-id --stable` does."""
    project.git.commit("Base", text="one\ntwo\nthree\nfour\nfive\n")
    shas = []
    for name in ("a", "b"):
        project.git("checkout", "-q", "-b", name, "main")
        shas.append(project.git.commit(f"Same on {name}", name="file", text="six\n"))
        shas.append(project.git.commit(f"Other on {name}", name="file", text=f"{name}\n"))
        shas.append(project.git.commit(f"Binary on {name}", name="blob", text="\0\1\2" if name == "a" else "\0\1\3"))
    project.sync()
    shown = [project.git("show", sha) for sha in shas]
    theirs = [project.git("patch-id", "--stable", stdin=text).split()[0] for text in shown]
    same = {(a, b) for i, a in enumerate(shas) for j, b in enumerate(shas) if i < j and theirs[i] == theirs[j]}
    assert same
    project.wait_for(lambda: {(a, b) for sha in shas for kind, a, b in project.edges(sha) if kind == "carried_to"} == same)


@pytest.mark.parametrize(
    "url",
    ["", "ext::sh -c id", "git://example.org/x", "--upload-pack=id", "-oProxyCommand=id@host:x", "https://u:secret@example.org/x",
     "ssh://-oProxyCommand=id/x", "http:/x", "relative/path", "/srv/a b", "file\nx", "user@-host:x"],
)  # fmt: skip
def test_urls_that_are_none_are_refused(project, url):
    refused = project.api.call("repository.add", body={"name": f"n{abs(hash(url))}", "url": url})
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_field")
    assert "secret" not in refused.text


def test_a_repository_that_cannot_be_read_says_why_and_is_read_later(project, tmp_path):
    away = tmp_path / "away"
    project.git.folder.rename(away)
    refused = project.api.call("repository.sync", project.name)
    assert refused.status_code == 503
    assert "git fetch failed" in project.api.good("repository.get", project.name)["last_error"]
    away.rename(project.git.folder)
    project.git.commit("Now")
    assert project.sync()["commits"] == 1
    assert project.api.good("repository.get", project.name)["last_error"] == ""


def test_due_repositories_are_read_without_being_asked(project):
    sha = project.git.commit("Polled")
    project.api.good("repository.update", project.name, body={"poll_seconds": 10})
    project.wait_for(lambda: sha in project.commits(), seconds=20)
    project.api.good("repository.remove", project.name)
    assert project.api.call("repository.get", project.name).status_code == 404


def test_a_former_key_leads_on_and_the_chain_stays(project):
    """A project's key changes: what was named by the old one stays linked, and commits may go on naming it."""
    old = project.task["key"]
    before = project.git.commit(f"{old}: before")
    project.sync()
    key = fresh_key()
    project.api.good("project.update", project.key, body={"key": key})
    after = project.git.commit(f"{old}: after, by the old key")
    new = project.git.commit(f"{key}-{old.split('-')[1]}: after, by the new key")
    assert project.sync()["unknown_keys"] == 0
    for sha in (before, after, new):
        project.eventually(sha, {("done_in", project.task["id"], sha): "subject"})
    assert project.api.good("task.get", old)["id"] == project.task["id"]


def test_a_run_of_mlflow_joins_its_commit_and_with_it_the_requirement(project):
    api = project.api
    ends = {"from_type": "task", "from_id": project.task["id"], "to_type": "requirement", "to_id": project.requirement["id"]}
    api.good("link.add", body={"type": "implements", **ends})
    sha = project.git.commit(f"Train it\n\nTask: {project.task['key']}")
    project.sync()

    def mlflow(path: str, body: dict) -> dict:
        answer = requests.post(f"{project.server.url}/api/2.0/mlflow/{path}", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()

    experiment = mlflow("experiments/create", {"name": f"of {project.key}"})["experiment_id"]
    tags = [{"key": "mlflow.source.git.commit", "value": sha}]
    run = mlflow("runs/create", {"experiment_id": experiment, "tags": tags})["run"]["info"]["run_id"]
    project.eventually(sha, {("done_in", project.task["id"], sha): "trailer Task", ("trained", sha, run): "mlflow.source.git.commit"})
    query = {"from_type": "requirement", "from_id": project.requirement["id"], "to_type": "run", "to_id": run}
    found = api.good("trace.path", query=query)
    assert {edge["type"] for edge in found["edges"]} == {"implemented_by", "done_in", "trained"}


BUILD = {"provider": "jenkins", "status": "running", "name": "build"}


def test_a_build_is_booked_once_and_ends_once(project):
    sha = project.git.commit("Built")
    project.sync()
    build = BUILD | {"external_id": f"{project.key}-812"}
    first = project.api.good("ci.record", body=build | {"commit": sha, "project": project.key, "url": "https://ci.example.org/812"})
    done = project.api.good("ci.record", body=build | {"commit": sha, "status": "passed", "tests": 12, "failures": 0, "line_coverage": 0.5})
    late = project.api.good("ci.record", body=build | {"commit": sha})
    assert first["id"] == done["id"] == late["id"]
    assert (late["status"], late["tests"], late["line_coverage"], late["url"]) == ("passed", 12, 0.5, "https://ci.example.org/812")
    again = project.api.good("ci.record", body=build | {"commit": sha, "attempt": 2})
    assert again["id"] != first["id"]
    other = project.api.call("ci.record", body=build | {"commit": "0" * 40})
    assert (other.status_code, other.json()["code"]) == (422, "ci_run_of_other_commit")
    project.eventually(sha, {("checked_by", sha, first["id"]): "ci_run.commit", ("checked_by", sha, again["id"]): "ci_run.commit"})
    assert [run["id"] for run in project.api.good("ci.list", query={"commit": sha[:12]})["items"]] == [again["id"], first["id"]]


@pytest.mark.parametrize(
    "wrong",
    [{"commit": "abc"}, {"provider": ""}, {"external_id": ""}, {"tests": -1}, {"line_coverage": 1.5}, {"attempt": 0}, {"url": "javascript:x"},
     {"name": "a\nb"}, {"started_at": "2026-01-02T00:00:00Z", "finished_at": "2026-01-01T00:00:00Z"}, {"started_at": "yesterday"}],
)  # fmt: skip
def test_builds_that_are_none_are_refused(project, wrong):
    answer = project.api.call("ci.record", body=BUILD | {"external_id": f"{project.key}-1", "commit": "1" * 40} | wrong)
    assert answer.status_code == 400, answer.text


def test_the_command_line_reaches_it(project):
    sha = project.git.commit("From the command line")
    done = stetig("repository", "sync", project.name, "-o", "json", env={"STETIG_SERVER": project.server.url, "HOME": str(project.git.folder)})
    assert done.returncode == 0, done.stderr
    shown = stetig("commit", "list", "--repository", project.name, "-o", "tsv", env={"STETIG_SERVER": project.server.url, "HOME": str(project.git.folder)})
    assert sha in shown.stdout


# ci record

JUNIT = """<testsuites><testsuite name="s" tests="9" failures="9"><testcase name="a"/><testcase name="b"><skipped/></testcase>
<testcase name="c"><{}/></testcase></testsuite></testsuites>"""
COBERTURA = """<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd"><coverage><packages><package>
<classes><class filename="a.py"><lines><line number="1" hits="1"/><line number="2" hits="0"/></lines></class></classes></package></packages></coverage>"""
LCOV = "SF:a.py\nDA:2,1\nend_of_record\nSF:b.c\nDA:1,0\nDA:2,0\nend_of_record\n"
SARIF = """{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "lint", "rules": [{"id": "E", "defaultConfiguration": {"level": "error"}}]}},
"results": [{"ruleId": "E"}, {"ruleId": "W"}, {"ruleId": "W", "suppressions": [{"kind": "inSource"}]}]}]}"""


class Ci:
    """The command line where a build runs: reports in a folder, and the environment of a CI system."""

    def __init__(self, project, folder):
        self.folder, self.sha = folder, project.git.commit(f"Built in {project.key}")
        project.sync()
        self.id = f"{project.key}-77"
        foreign = ("GITLAB_CI", "GITHUB_ACTIONS", "bamboo_buildResultKey")
        self.env = dict.fromkeys(foreign, "") | {"STETIG_SERVER": project.server.url, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        for name, text in (("good.xml", JUNIT.format("flakyFailure")), ("bad.xml", JUNIT.format("failure")), ("coverage.xml", COBERTURA),
                           ("lcov.info", LCOV), ("lint.sarif", SARIF)):  # fmt: skip
            (folder / name).write_text(text)

    def __call__(self, *arguments, **env: str):
        return stetig("ci", "record", *arguments, env=self.env | env, cwd=self.folder)

    def good(self, *arguments, **env: str) -> dict:
        done = self(*arguments, "-o", "json", **env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def flags(self, **more: str) -> list[str]:
        given = {"provider": "jenkins", "external-id": self.id, "commit": self.sha} | more
        return [word for name, value in given.items() for word in (f"--{name}", value)]

    def gitlab(self, **more: str) -> dict[str, str]:
        return {"GITLAB_CI": "true", "CI_JOB_ID": self.id, "CI_JOB_NAME": "test", "CI_COMMIT_SHA": self.sha, "CI_COMMIT_REF_NAME": "main",
                "CI_PROJECT_URL": "https://gitlab.example.org/ml/churn", "CI_JOB_URL": "https://gitlab.example.org/ml/churn/-/jobs/77",
                "CI_JOB_STARTED_AT": "2026-11-27T08:00:00Z", "CI_JOB_STATUS": "success"} | more  # fmt: skip


@pytest.fixture
def ci(project, tmp_path) -> Ci:
    folder = tmp_path / "ci"
    folder.mkdir()
    return Ci(project, folder)


def test_a_build_of_gitlab_is_booked_from_its_environment_and_reports(ci, project):
    reports = ("--junit", "good.xml", "--junit", "bad.xml", "--coverage", "coverage.xml", "--coverage", "lcov.info", "--sarif", "lint.sarif")
    run = ci.good(*reports, "--project", project.key, **ci.gitlab())
    assert {name: run[name] for name in ("provider", "external_id", "commit", "branch", "name", "status", "attempt", "started_at")} == {
        "provider": "gitlab", "external_id": ci.id, "commit": ci.sha, "branch": "main", "name": "test", "status": "passed", "attempt": 1,
        "started_at": "2026-11-27T08:00:00.000Z"}  # fmt: skip
    assert (run["tests"], run["failures"], run["errors"], run["skipped"]) == (6, 1, 0, 2)
    assert (run["line_coverage"], run["findings"], run["finding_errors"]) == (0.5, 2, 1)
    project.eventually(ci.sha, {("checked_by", ci.sha, run["id"]): "ci_run.commit"})
    assert project.api.good("ci.get", run["id"]) == run


def test_flags_come_on_top_of_the_environment(ci):
    run = ci.good("--status", "FAILURE", "--branch", "other", "--tests", "3", "--junit", "good.xml", **ci.gitlab())
    assert (run["status"], run["branch"], run["tests"], run["provider"]) == ("failed", "other", 3, "gitlab")


def test_a_build_of_github_and_one_of_bamboo(ci):
    event = ci.folder / "event.json"
    event.write_text(json.dumps({"pull_request": {"head": {"sha": ci.sha}}}))
    github = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": ci.id, "GITHUB_JOB": "build", "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SHA": "1" * 40,
              "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event), "GITHUB_HEAD_REF": "topic", "GITHUB_WORKFLOW": "CI",
              "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "octo/churn"}  # fmt: skip
    run = ci.good("--status", "success", **github)
    assert (run["provider"], run["external_id"], run["attempt"], run["commit"]) == ("github", f"{ci.id}/build", 2, ci.sha)
    assert (run["name"], run["branch"], run["url"]) == ("CI / build", "topic", f"https://github.com/octo/churn/actions/runs/{ci.id}")
    bamboo = {"bamboo_buildResultKey": ci.id, "bamboo_planRepository_revision": ci.sha, "bamboo_buildPlanName": "Churn - Tests",
              "bamboo_planRepository_repositoryUrl": "https://ada:secret@git.example.org/churn.git"}  # fmt: skip
    run = ci.good("--status", "successful", **bamboo)
    assert (run["provider"], run["status"], run["repository"]) == ("bamboo", "passed", "https://git.example.org/churn.git")


def test_a_build_is_told_in_steps_by_flags_alone(ci):
    begun = ci(*ci.flags())
    assert (begun.returncode, "booked as running" in begun.stderr) == (0, True)
    first = ci.good(*ci.flags(), "--junit", "good.xml")
    done = ci.good(*ci.flags(), "--junit", "bad.xml")
    assert (first["id"], first["status"]) == (done["id"], "running")
    assert (done["status"], done["failures"]) == ("failed", 1)


def test_pytest_s_own_report_is_read(ci):
    (ci.folder / "test_x.py").write_text(
        "import pytest\ndef test_a(): pass\ndef test_b(): assert 0\n@pytest.mark.skip\ndef test_c(): pass\n"
        "@pytest.fixture\ndef broken(): raise OSError\ndef test_d(broken): pass\n"
        "@pytest.mark.xfail\ndef test_e(): assert 0\n"
    )
    subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junit-xml=own.xml"], cwd=ci.folder, capture_output=True, check=False, timeout=60)
    run = ci.good(*ci.flags(), "--junit", "own.xml")
    assert (run["tests"], run["failures"], run["errors"], run["skipped"]) == (5, 1, 1, 2)


@pytest.mark.parametrize(
    "flag, text, said",
    [("--junit", "<testsuite>\n<testcase>\n</testsuite>", "line 3: column 3: not XML: mismatched tag"),
     ("--junit", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite>&x;</testsuite>', "declares a type of its own"),
     ("--junit", COBERTURA, "the outermost element is <coverage>"), ("--coverage", "hello", "line 1: 'hello' is no record of LCOV"),
     ("--coverage", "<coverage/>", "no line is named"), ("--sarif", '{"version": "1.0.0"}', "version is '1.0.0', expected 2.1.0"),
     ("--sarif", "{", "line 1"), ("--sarif", "", "line 1")],
)  # fmt: skip
def test_a_report_that_is_none_is_refused_with_its_place(ci, project, flag, text, said):
    (ci.folder / "broken").write_text(text)
    done = ci(*ci.flags(), flag, "broken", "-o", "json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"], error["detail"].startswith("broken: ")) == (2, "malformed_report", True)
    assert said in error["detail"]
    assert project.api.good("ci.list", query={"commit": ci.sha})["items"] == []


def test_what_is_missing_is_named(ci):
    assert "--provider is missing" in ci().stderr
    assert "--commit is missing" in ci("--provider", "x", "--external-id", "1").stderr
    assert "nowhere.xml" in ci(*ci.flags(), "--junit", "nowhere.xml").stderr
    assert "--status is 'fine'" in ci(*ci.flags(), "--status", "fine").stderr
