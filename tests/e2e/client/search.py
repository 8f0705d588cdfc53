"""runs/search: filters, order, pages, views."""

import math

from harness import equal, refused
from mlflow.entities import Metric, Param, RunTag, ViewType

RUNS = {
    # name: (params, metrics, tags, status)
    "one": ({"model": "tree", "depth": "3"}, {"acc": 0.9, "loss": 0.4}, {"owner": "Ada", "note/long key": "x"}, "FINISHED"),
    "two": ({"model": "Tree", "depth": "10"}, {"acc": 0.8, "loss": math.nan}, {"owner": "bob"}, "FAILED"),
    "three": ({"model": "linear"}, {"acc": 0.7}, {"owner": "ada"}, "RUNNING"),
    "four": ({}, {"acc": -1e-3, "loss": 2.5}, {}, "FINISHED"),
}


def prepare(client, name):
    experiment_id = client.create_experiment(name)
    ids = {}
    for number, (run_name, (params, metrics, tags, status)) in enumerate(RUNS.items()):
        run = client.create_run(experiment_id, start_time=1000 + number, run_name=run_name)
        ids[run_name] = run.info.run_id
        client.log_batch(
            run.info.run_id,
            [Metric(key, value, 1, 0) for key, value in metrics.items()],
            [Param(key, value) for key, value in params.items()],
            [RunTag(key, value) for key, value in tags.items()],
        )
        if status != "RUNNING":
            client.set_terminated(run.info.run_id, status=status, end_time=5000 + number)
    return experiment_id, ids


def names(client, experiment_id, text="", order=("attributes.start_time ASC",), **more):
    return [run.info.run_name for run in client.search_runs([experiment_id], text, order_by=list(order), **more)]


def check_filters(client, name):
    experiment_id, ids = prepare(client, name)
    cases = {
        "": ["one", "two", "three", "four"],
        "metrics.acc > 0.7": ["one", "two"],
        "metrics.acc >= 0.7 AND metrics.acc < 0.9": ["two", "three"],
        "metric.acc = -1e-3": ["four"],
        "metrics.acc != 0.9": ["two", "three", "four"],
        "metrics.loss < 100": ["one", "four"],
        "metrics.missing > 0": [],
        "params.model = 'tree'": ["one"],
        "params.model != 'tree'": ["two", "three"],
        "parameters.model LIKE 'Tr%'": ["two"],
        "params.model ILIKE 'tr__'": ["one", "two"],
        'param."model" = "linear"': ["three"],
        "params.depth IS NULL": ["three", "four"],
        "params.depth IS NOT NULL": ["one", "two"],
        "tags.owner ILIKE 'ADA'": ["one", "three"],
        "tags.`note/long key` = 'x'": ["one"],
        "tags.mlflow.runName = 'two'": ["two"],
        "attributes.status = 'FINISHED'": ["one", "four"],
        "status != 'FINISHED'": ["two", "three"],
        "attributes.run_name LIKE 't%'": ["two", "three"],
        "run_name ILIKE 'O%'": ["one"],
        "start_time >= 1001 AND start_time <= 1002": ["two", "three"],
        "attributes.end_time > 5000": ["two", "four"],
        f"run_id = '{ids['three']}'": ["three"],
        f"attributes.run_id IN ('{ids['one']}', '{ids['four']}')": ["one", "four"],
        f"run_id NOT IN ('{ids['one']}', '{ids['four']}')": ["two", "three"],
        "metrics.acc > 0 and params.model ILIKE '%tree' and tags.owner != 'bob'": ["one"],
    }
    for text, expected in cases.items():
        found = names(client, experiment_id, text)
        assert found == expected, f"filter {text!r} found {found}, expected {expected}"


def check_order(client, name):
    experiment_id, _ = prepare(client, name)
    cases = {
        ("metrics.acc DESC",): ["one", "two", "three", "four"],
        ("metrics.acc",): ["four", "three", "two", "one"],
        # Rows with a value, then NaN, then rows without the key, in both directions.
        ("metrics.loss ASC",): ["one", "four", "two", "three"],
        ("metrics.loss DESC",): ["four", "one", "two", "three"],
        ("tags.owner DESC", "start_time DESC"): ["two", "three", "one", "four"],
        ("attribute.run_name ASC",): ["four", "one", "three", "two"],
        ("status ASC", "attributes.start_time DESC"): ["two", "four", "one", "three"],
        ("end_time DESC",): ["four", "two", "one", "three"],
        ('`start_time` desc',): ["four", "three", "two", "one"],
        (): ["four", "three", "two", "one"],  # newest first
    }
    for order, expected in cases.items():
        found = names(client, experiment_id, order=order)
        if order == ("tags.owner DESC", "start_time DESC"):
            # Case order of text differs between databases; only the place of the missing value is promised.
            equal(found[-1], "four")
            continue
        assert found == expected, f"order {order!r} found {found}, expected {expected}"


def check_pages(client, name):
    experiment_id = client.create_experiment(name)
    ids = [client.create_run(experiment_id, start_time=1000 + number).info.run_id for number in range(7)]
    seen, token, sizes = [], None, []
    while True:
        page = client.search_runs([experiment_id], order_by=["start_time ASC"], max_results=3, page_token=token)
        seen += [run.info.run_id for run in page]
        sizes.append(len(page))
        token = page.token
        if not token:
            break
    equal(seen, ids)
    equal(sizes, [3, 3, 1])


def check_several_experiments(client, name):
    first, second, third = (client.create_experiment(f"{name}-{part}") for part in "abc")
    ids = [client.create_run(experiment, start_time=1000 + number).info.run_id for number, experiment in enumerate((first, second, third))]
    found = client.search_runs([first, third], order_by=["start_time ASC"])
    equal([run.info.run_id for run in found], [ids[0], ids[2]])


def check_view_types(client, name):
    experiment_id, ids = prepare(client, name)
    client.delete_run(ids["two"])
    equal(names(client, experiment_id), ["one", "three", "four"])
    equal(names(client, experiment_id, run_view_type=ViewType.DELETED_ONLY), ["two"])
    equal(names(client, experiment_id, run_view_type=ViewType.ALL), ["one", "two", "three", "four"])


def check_latest_value_decides(client, name):
    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    client.log_metric(run_id, "a", 10.0, step=0)
    client.log_metric(run_id, "a", 1.0, step=1)
    equal(len(client.search_runs([experiment_id], "metrics.a > 5")), 0)
    equal(len(client.search_runs([experiment_id], "metrics.a < 5")), 1)


def check_text_with_quotes_and_unicode(client, name):
    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    client.set_tag(run_id, "who", "O'Neil")
    client.set_tag(run_id, "stadt", "Köln 中")
    for text in ("tags.who = \"O'Neil\"", "tags.stadt = 'Köln 中'", "tags.stadt LIKE 'K_ln%'"):
        equal([run.info.run_id for run in client.search_runs([experiment_id], text)], [run_id])
    equal(len(client.search_runs([experiment_id], "tags.who = \"x' OR '1'='1\"")), 0)


def check_bad_filters_are_refused(client, name):
    experiment_id = client.create_experiment(name)
    for text in ("metrics.a == 1", "metrics.a <> 1", "params.a > 'b'", "metrics.a > 'x'", "nothing.a = 1", "metrics.a LIKE 'x'",
                 "run_id IN ()", "status = 'x' ;", "params.a = b", "attributes.unknown = 'x'"):  # fmt: skip
        try:
            with refused("INVALID_PARAMETER_VALUE"):
                client.search_runs([experiment_id], text)
        except AssertionError as error:
            raise AssertionError(f"filter {text!r}: {error}") from error
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], max_results=60_000)
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], order_by=["nothing.a DESC"])
    with refused("INVALID_PARAMETER_VALUE"):
        client.search_runs([experiment_id], page_token="garbage")
