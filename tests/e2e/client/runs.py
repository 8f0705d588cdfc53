"""Runs: life cycle, params, metrics, tags, batches, history."""

import math
import time

from harness import equal, refused
from mlflow.entities import Metric, Param, RunTag

LARGEST = 1.7976931348623157e308


def new_run(client, name, **more):
    return client.create_run(client.create_experiment(name), **more).info.run_id


def check_life_of_a_run(client, name):
    experiment_id = client.create_experiment(name)
    run = client.create_run(experiment_id, start_time=1_700_000_000_123, tags={"a": "b"}, run_name="first try")
    info = run.info
    equal(len(info.run_id), 32)
    equal((info.status, info.start_time, info.end_time), ("RUNNING", 1_700_000_000_123, None))
    equal((info.run_name, info.lifecycle_stage, info.experiment_id), ("first try", "active", experiment_id))
    location = client.get_experiment(experiment_id).artifact_location
    equal(info.artifact_uri, f"{location}/{info.run_id}/artifacts")
    equal({key: run.data.tags[key] for key in ("a", "mlflow.runName")}, {"a": "b", "mlflow.runName": "first try"})
    client.set_terminated(info.run_id, status="FINISHED", end_time=1_700_000_009_000)
    ended = client.get_run(info.run_id).info
    equal((ended.status, ended.end_time), ("FINISHED", 1_700_000_009_000))


def check_name_and_tag_stay_in_step(client, name):
    run_id = new_run(client, name)
    generated = client.get_run(run_id)
    equal(generated.data.tags["mlflow.runName"], generated.info.run_name)
    equal(len(generated.info.run_name.split("-")), 3)
    client.set_tag(run_id, "mlflow.runName", "by tag")
    equal(client.get_run(run_id).info.run_name, "by tag")
    client.update_run(run_id, name="by update")
    equal(client.get_run(run_id).data.tags["mlflow.runName"], "by update")


def check_delete_and_restore(client, name):
    run_id = new_run(client, name)
    client.delete_run(run_id)
    equal(client.get_run(run_id).info.lifecycle_stage, "deleted")
    with refused("INVALID_PARAMETER_VALUE", "must be in the 'active' state"):
        client.log_metric(run_id, "a", 1)
    client.restore_run(run_id)
    client.log_metric(run_id, "a", 1)
    equal(client.get_run(run_id).data.metrics, {"a": 1.0})


def check_unknown_run_is_not_found(client, name):
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_run("0" * 32)


def check_params_are_written_once(client, name):
    run_id = new_run(client, name)
    client.log_param(run_id, "depth", 3)
    client.log_param(run_id, "depth", "3")
    with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed"):
        client.log_param(run_id, "depth", 4)
    client.log_param(run_id, "empty", "")
    client.log_param(run_id, "größe/中 文", "ü" * 6000)
    equal(client.get_run(run_id).data.params, {"depth": "3", "empty": "", "größe/中 文": "ü" * 6000})


def check_tags_are_upserts_and_can_go(client, name):
    run_id = new_run(client, name)
    client.set_tag(run_id, "stage", "one")
    client.set_tag(run_id, "stage", "two")
    equal(client.get_run(run_id).data.tags["stage"], "two")
    client.delete_tag(run_id, "stage")
    assert "stage" not in client.get_run(run_id).data.tags
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_tag(run_id, "stage")


def check_bad_keys_are_refused(client, name):
    run_id = new_run(client, name)
    for key in ("../a", "a//b", "/a", "a;b", "a" * 251):
        with refused("INVALID_PARAMETER_VALUE"):
            client.log_param(run_id, key, "x")
    with refused("INVALID_PARAMETER_VALUE"):
        client.log_metric(run_id, "a?b", 1.0)


def check_latest_metric_is_greatest_by_step(client, name):
    run_id = new_run(client, name)
    for value, timestamp, step in ((1.0, 1000, 5), (2.0, 2000, 1), (3.0, 3000, 4), (0.5, 1000, 5)):
        client.log_metric(run_id, "loss", value, timestamp=timestamp, step=step)
    equal(client.get_run(run_id).data.metrics, {"loss": 1.0})
    history = [(point.timestamp, point.step, point.value) for point in client.get_metric_history(run_id, "loss")]
    equal(history, [(1000, 5, 0.5), (1000, 5, 1.0), (2000, 1, 2.0), (3000, 4, 3.0)])


def check_doubles_come_back_exactly(client, name):
    run_id = new_run(client, name)
    values = {"tenth": 0.1, "third": 1 / 3, "small": 5e-324, "large": LARGEST, "negative": -123456.789e-7}
    for key, value in values.items():
        client.log_metric(run_id, key, value)
    found = client.get_run(run_id).data.metrics
    equal({key: found[key].hex() for key in values}, {key: value.hex() for key, value in values.items()})


def check_nan_and_infinity(client, name):
    run_id = new_run(client, name)
    client.log_metric(run_id, "nan", math.nan)
    client.log_metric(run_id, "up", math.inf)
    client.log_metric(run_id, "down", -math.inf)
    metrics = client.get_run(run_id).data.metrics
    assert math.isnan(metrics["nan"])
    equal((metrics["up"], metrics["down"]), (LARGEST, -LARGEST))
    assert math.isnan(client.get_metric_history(run_id, "nan")[0].value)


def check_exact_duplicates_are_dropped(client, name):
    run_id = new_run(client, name)
    for _ in range(3):
        client.log_metric(run_id, "a", 1.5, timestamp=7, step=2)
    equal(len(client.get_metric_history(run_id, "a")), 1)


def check_batch_of_everything(client, name):
    run_id = new_run(client, name)
    now = int(time.time() * 1000)
    metrics = [Metric(f"m{number % 8}", number / 7, now, number) for number in range(800)]
    params = [Param(f"p{number}", f"value {number}") for number in range(100)]
    tags = [RunTag(f"t{number}", f"ä {number}") for number in range(100)]
    client.log_batch(run_id, metrics, params, tags)
    data = client.get_run(run_id).data
    equal(len(data.params), 100)
    equal(data.params["p99"], "value 99")
    equal(data.tags["t42"], "ä 42")
    equal(data.metrics["m7"], 799 / 7)
    equal([point.value for point in client.get_metric_history(run_id, "m3")], [n / 7 for n in range(3, 800, 8)])


def check_batch_may_be_replayed(client, name):
    run_id = new_run(client, name)
    batch = ([Metric("a", 1.0, 10, 0), Metric("a", 2.0, 10, 1)], [Param("p", "1")], [RunTag("t", "1")])
    client.log_batch(run_id, *batch)
    client.log_batch(run_id, *batch)
    equal(len(client.get_metric_history(run_id, "a")), 2)


def check_batch_that_changes_a_param_is_refused(client, name):
    run_id = new_run(client, name)
    client.log_param(run_id, "p", "old")
    with refused("INVALID_PARAMETER_VALUE", "Changing param values is not allowed"):
        client.log_batch(run_id, [], [Param("p", "new")], [])
    equal(client.get_run(run_id).data.params, {"p": "old"})


def check_long_history_comes_in_pages(client, name):
    run_id = new_run(client, name)
    for start in range(0, 3000, 1000):
        client.log_batch(run_id, [Metric("long", float(step), 1_700_000_000_000 + step, step) for step in range(start, start + 1000)])
    equal([point.step for point in client.get_metric_history(run_id, "long")], list(range(3000)))
    equal(client.get_metric_history(run_id, "unknown"), [])


def check_negative_and_large_steps(client, name):
    run_id = new_run(client, name)
    steps = [-(2**63), -1, 0, 2**53 + 1, 2**63 - 1]
    for step in steps:
        client.log_metric(run_id, "a", 1.0, timestamp=5, step=step)
    equal([point.step for point in client.get_metric_history(run_id, "a")], steps)
