"""The trace from requirement to incident and back, against a graph written by hand from the fixture's description, and the gap that each
missing link must leave."""

import time
from datetime import UTC, datetime

import pytest
import requests
from support.api import Api
from trace_fixture import Chain, build, eventually, record_with_mlflow


@pytest.fixture(scope="session")
def chain(server):
    return build(Api(server.url), server.url)


# R1 — T1 T2 T3 — C1…C15; R3 — T7 T8 — C31…C40. The runs stand at C5, C10, C20, C30, C35, C40.
FORWARD_R1 = """
R1 implemented_by T1; R1 implemented_by T2; R1 implemented_by T3
T1 implemented_by C1; T1 implemented_by C2; T1 implemented_by C3; T1 implemented_by C4; T1 implemented_by C5
T2 implemented_by C6; T2 implemented_by C7; T2 implemented_by C8; T2 implemented_by C9; T2 implemented_by C10
T3 implemented_by C11; T3 implemented_by C12; T3 implemented_by C13; T3 implemented_by C14; T3 implemented_by C15
C5 trained run1; C10 trained run2
run2 produced M1; M1 used_by rel1; rel1 used_by dep1
"""
BACKWARD_INCIDENT = """
dep2 relates incident; rel2 used_by dep2; ok2 evidence rel2; M3 used_by rel2; run4 produced M3; d2 input_of run4; C30 trained run4
T6 implemented_by C30; R2 implemented_by T6
"""
FORWARD_INCIDENT = """
incident opens CR; CR opens R3; R3 implemented_by T7; R3 implemented_by T8
T7 implemented_by C31; T7 implemented_by C32; T7 implemented_by C33; T7 implemented_by C34; T7 implemented_by C35
T8 implemented_by C36; T8 implemented_by C37; T8 implemented_by C38; T8 implemented_by C39; T8 implemented_by C40
C35 trained run5; C40 trained run6; run6 produced M4
"""


def edges(text: str) -> set[str]:
    return {edge.strip() for line in text.strip().splitlines() for edge in line.split(";")}


def own(chain, name, direction):
    """Edges between the fixture's nodes: planning adds approvals and versions, tracking experiments."""
    return {edge for edge in chain.trace(name, direction) if not any(":" in end for end in edge.split())}


@pytest.mark.parametrize(
    ("start", "direction", "golden"),
    [("R1", "forward", FORWARD_R1), ("incident", "backward", BACKWARD_INCIDENT), ("incident", "forward", FORWARD_INCIDENT)],
)
def test_the_trace_is_the_golden_graph(chain, start, direction, golden):
    eventually(lambda: own(chain, start, direction), edges(golden))


def test_what_a_data_set_touches_is_counted(chain):
    """d1 → run1 run2 run5; run2 → M1 → rel1 → dep1."""

    def impact():
        return {group["type"]: group["count"] for group in chain.api.good("trace.impact", *chain.nodes["d1"])["items"]}

    eventually(impact, {"run": 3, "model_version": 1, "release": 1, "deployment": 1})


def test_a_whole_chain_has_no_gaps(chain):
    eventually(chain.gaps, set())


@pytest.mark.parametrize(
    ("link", "gap"),
    [
        (("T5", "implements", "R2"), "T5 task_without_requirement"),
        (("C30", "implements", "T6"), "C30 commit_without_task"),
        (("C17", "implements", "T4"), "C17 commit_without_task"),
        (("rel1", "uses", "M1"), "rel1 release_without_model_version"),
        (("ok1", "evidence", "rel1"), "rel1 release_without_approval"),
        (("dep2", "uses", "rel2"), "dep2 deployment_without_release"),
        (("incident", "opens", "CR"), "incident incident_without_answer"),
        (("CR", "opens", "R3"), "CR change_request_without_requirement"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_one_missing_link_is_exactly_one_named_gap(chain, link, gap):
    eventually(chain.gaps, set())
    chain.cut(*link)
    try:
        eventually(chain.gaps, {gap})
    finally:
        chain.link(*link)
    eventually(chain.gaps, set())


@pytest.mark.parametrize(
    ("run", "gap"),
    [
        ((None, "lone/0123"), "{run} run_without_commit"),
        (("ab" * 20, None), "{run} run_without_dataset"),
    ],
    ids=["commit", "data set"],
)
def test_what_a_run_was_not_told_is_a_gap(server, run, gap):
    api = Api(server.url)
    chain = Chain(api, project=api.project())
    made = record_with_mlflow(server.url, experiment=f"gap {chain.project['key']}", runs={"run": run}, model="", models=[])
    chain.nodes["run"] = ("run", made["runs"]["run"])
    eventually(chain.gaps, {gap.format(run="run")})


def test_a_changed_requirement_makes_what_rests_on_it_suspect_until_it_is_reviewed(server):
    api = Api(server.url)
    chain = build(api, server.url)
    eventually(chain.gaps, set())
    requirement = chain.nodes["R1"][1]
    asked = {"to_type": "requirement", "to_id": requirement, "suspect": "true"}
    assert api.good("link.list", query=asked)["items"] == []
    changed = api.good("requirement.update", requirement, body={"text": "Now it must do more."})
    assert (changed["version"], changed["status"]) == (2, "proposed")
    suspects = api.good("link.list", query=asked)["items"]
    assert {chain.short(link["from_type"], link["from_id"]) for link in suspects} == {"T1", "T2", "T3"}
    # The approval was of the old text: the model that rests on it has no approved requirement any more, the others have.
    eventually(chain.gaps, {"M1 model_version_without_approved_requirement"})
    for link in suspects:
        assert api.good("link.review", link["id"])["suspect"] is False
    api.good("requirement.update", requirement, body={"status": "approved"})
    assert api.good("link.list", query=asked)["items"] == []
    eventually(chain.gaps, set())


def test_what_was_live_on_a_day_and_who_approved_it_is_untouched_by_what_came_later(server):
    api = Api(server.url)
    chain = build(api, server.url)
    model, version = f"model-{chain.project['key']}", chain.nodes["M1"][1]
    chain.nodes |= {"champion": ("alias", f"{model}@champion")}
    _alias(server.url, "POST", model, version="1")
    eventually(lambda: "M1 aliased champion" in own(chain, "champion", "backward"), True)
    eventually(chain.gaps, set())
    time.sleep(0.05)
    day = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    time.sleep(0.05)

    def then():
        edges_then = chain.trace("champion", "backward", as_of=day) | chain.trace("dep1", "backward", as_of=day)
        nodes = api.good("trace.show", *chain.nodes["champion"], query={"direction": "backward", "as_of": day, "limit": 1000})["items"]
        return edges_then, nodes

    before = then()
    approved = {f"approval:requirement/{chain.nodes['R1'][1]}/1 approves R1"}
    assert {"M1 aliased champion", "ok1 evidence rel1", "rel1 used_by dep1", "T2 implemented_by C10", *approved} <= before[0]
    _alias(server.url, "POST", model, version="2")
    api.good("requirement.update", chain.nodes["R1"][1], body={"text": "Another text", "title": "Another title"})
    chain.cut("ok1", "evidence", "rel1")
    api.call("task.delete", chain.nodes["T2"][1])
    _mlflow(server.url, "POST", "registered-models/rename", {"name": model, "new_name": f"renamed-{model}"})
    chain.nodes["new champion"] = ("alias", f"renamed-{model}@champion")
    eventually(lambda: "rel1 used_by dep1" in own(chain, "dep1", "backward") and "ok1 evidence rel1" not in own(chain, "dep1", "backward"), True)
    assert then() == before
    assert version == f"{model}/1"


def _mlflow(url: str, method: str, path: str, body: dict) -> None:
    answer = requests.request(method, f"{url}/api/2.0/mlflow/{path}", json=body, timeout=30)
    assert answer.status_code == 200, answer.text


def _alias(url: str, method: str, model: str, *, version: str) -> None:
    _mlflow(url, method, "registered-models/alias", {"name": model, "alias": "champion", "version": version})
