"""A project from requirement to incident, recorded through public interfaces only: planning records and links by API v1, runs, data sets
and models by the MLflow client. What has no module of its own yet (releases, deployments, incidents, approvals of releases) comes in as
ends of links."""

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.api import Api

_PYTHON = Path(__file__).parents[2] / ".venv/mlflow3/bin/python"
_CLIENT = """
import json, sys
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput
url, plan = sys.argv[1], json.load(sys.stdin)
client = MlflowClient(url, registry_uri=url)
experiment = client.create_experiment(plan["experiment"])
runs = {}
for name, (commit, dataset) in plan["runs"].items():
    tags = {"mlflow.source.git.commit": commit} if commit else {}
    run = client.create_run(experiment, run_name=name, tags=tags)
    runs[name] = run.info.run_id
    if dataset:
        client.log_inputs(run.info.run_id, datasets=[DatasetInput(Dataset(dataset.split("/")[0], dataset.split("/")[1], "local", "file"))])
    client.set_terminated(run.info.run_id)
if plan["models"]:
    client.create_registered_model(plan["model"])
for run in plan["models"]:
    client.create_model_version(plan["model"], client.get_run(runs[run]).info.artifact_uri + "/model", runs[run])
print(json.dumps({"experiment": experiment, "runs": runs}))
"""


def record_with_mlflow(url: str, *, experiment: str, runs: dict, model: str, models: list[str]) -> dict:
    """runs: name → (commit or None, "data set/digest" or None); models: the run of each version in turn."""
    plan = {"experiment": experiment, "runs": runs, "model": model, "models": models}
    done = subprocess.run([_PYTHON, "-c", _CLIENT, url], input=json.dumps(plan), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def eventually(ask, expected, seconds: float = 20):
    """The graph follows the journal a moment behind: asks until the answer is `expected`."""
    deadline = time.monotonic() + seconds
    while (got := ask()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    assert got == expected


@dataclass
class Chain:
    api: Api
    project: dict = field(default_factory=dict)
    nodes: dict[str, tuple[str, str]] = field(default_factory=dict)  # short name → (type, id)
    links: dict[tuple[str, str, str], str] = field(default_factory=dict)  # (from, type, to) by short names → id

    def link(self, source: str, kind: str, target: str) -> None:
        (from_type, from_id), (to_type, to_id) = self.nodes[source], self.nodes[target]
        body = {"type": kind, "from_type": from_type, "from_id": from_id, "to_type": to_type, "to_id": to_id}
        self.links[source, kind, target] = self.api.good("link.add", body=body)["id"]

    def cut(self, source: str, kind: str, target: str) -> None:
        self.api.good("link.end", self.links[source, kind, target])

    def short(self, kind: str, identity: str) -> str:
        for name, node in self.nodes.items():
            if node == (kind, identity):
                return name
        return f"{kind}:{identity}"

    def trace(self, name: str, direction: str, **query) -> set[str]:
        """Edges as "from type to"; none while the graph does not know the thing yet."""
        edges, token = set(), None
        while True:
            page = {"page_token": token} if token else {}
            asked = self.api.call("trace.show", *self.nodes[name], query={"direction": direction, "limit": 1000, **page, **query})
            if asked.status_code == 404:  # the graph has not come so far yet
                return set()
            assert asked.status_code == 200, asked.text
            answer = asked.json()
            assert answer["complete"]
            edges |= {f"{self.short(**e['from_'])} {e['type']} {self.short(**e['to_'])}" for e in map(_named, answer["edges"])}
            token = answer.get("next_page_token")
            if not token:
                return edges

    def gaps(self) -> set[str]:
        """Gaps of this chain's own nodes that no other gap explains."""
        own, found, token = set(self.nodes.values()), set(), None
        while True:
            query = {"causes_only": "true", "limit": 1000, **({"page_token": token} if token else {})}
            answer = self.api.good("trace.gaps", query=query)
            found |= {f"{self.short(g['type'], g['id'])} {g['missing']}" for g in answer["items"] if (g["type"], g["id"]) in own}
            token = answer.get("next_page_token")
            if not token:
                return found


def _named(edge: dict) -> dict:
    return {"type": edge["type"], "from_": _ref(edge["from"]), "to_": _ref(edge["to"])}


def _ref(ref: dict) -> dict:
    return {"kind": ref["type"], "identity": ref["id"]}


def build(api: Api, url: str) -> Chain:
    """3 requirements, 8 tasks, 40 commits, 6 runs, 4 model versions, 2 deployments, 1 incident."""
    chain = Chain(api, project=api.project(title="A chain"))
    key = chain.project["key"]
    for number in (1, 2, 3):
        requirement = api.make("requirement", key, title=f"Requirement {number}")
        for status in ("proposed", "approved"):
            api.good("requirement.update", requirement["id"], body={"status": status})
        chain.nodes[f"R{number}"] = ("requirement", requirement["id"])
    for number in range(1, 9):
        chain.nodes[f"T{number}"] = ("task", api.make("task", key, title=f"Task {number}")["id"])
    for number in range(1, 41):
        chain.nodes[f"C{number}"] = ("commit", f"{number:02x}" * 8 + key.encode().hex().rjust(24, "0"))
    for number, requirement in enumerate((1, 1, 1, 2, 2, 2, 3, 3), start=1):
        chain.link(f"T{number}", "implements", f"R{requirement}")
    for number in range(1, 41):
        chain.link(f"C{number}", "implements", f"T{(number + 4) // 5}")
    commits = {"run1": 5, "run2": 10, "run3": 20, "run4": 30, "run5": 35, "run6": 40}
    datasets = {"run1": "d1", "run2": "d1", "run3": "d2", "run4": "d2", "run5": "d1", "run6": "d2"}
    chain.nodes |= {name: ("dataset_version", f"{key}-{name}/0123") for name in ("d1", "d2")}
    runs = {name: (chain.nodes[f"C{number}"][1], chain.nodes[datasets[name]][1]) for name, number in commits.items()}
    made = record_with_mlflow(url, experiment=f"chain {key}", runs=runs, model=f"model-{key}", models=["run2", "run3", "run4", "run6"])
    chain.nodes |= {name: ("run", run) for name, run in made["runs"].items()}
    chain.nodes |= {f"M{number}": ("model_version", f"model-{key}/{number}") for number in (1, 2, 3, 4)}
    chain.nodes |= {name: (kind, f"{name}-{key}") for name, kind in
                    (("rel1", "release"), ("rel2", "release"), ("ok1", "approval"), ("ok2", "approval"), ("dep1", "deployment"),
                     ("dep2", "deployment"), ("incident", "incident"))}  # fmt: skip
    chain.nodes["CR"] = ("change_request", api.make("change-request", key, title="Mend it")["id"])
    for number, model in ((1, "M1"), (2, "M3")):
        chain.link(f"rel{number}", "uses", model)
        chain.link(f"ok{number}", "evidence", f"rel{number}")
        chain.link(f"dep{number}", "uses", f"rel{number}")
    chain.link("dep2", "relates", "incident")
    chain.link("incident", "opens", "CR")
    chain.link("CR", "opens", "R3")
    return chain
