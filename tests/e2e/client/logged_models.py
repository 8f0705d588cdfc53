"""Logged models, the entity that MLflow 3 brought."""

from harness import equal, refused
from mlflow.entities import LoggedModelStatus, Metric

NEEDS_MLFLOW_3 = True


def new_model(client, experiment_id, name, **more):
    return client.create_logged_model(experiment_id, name=name, **more)


def check_life(client, name):
    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    model = new_model(client, experiment_id, "net", source_run_id=run_id, tags={"a": "b"}, params={"lr": "0.1"}, model_type="agent")
    assert model.model_id.startswith("m-") and len(model.model_id) == 34, model.model_id
    equal((model.name, model.status, model.source_run_id, model.model_type), ("net", LoggedModelStatus.PENDING, run_id, "agent"))
    equal((model.tags["a"], model.params), ("b", {"lr": "0.1"}))
    location = client.get_experiment(experiment_id).artifact_location
    equal(model.artifact_location, f"{location}/models/{model.model_id}/artifacts")
    client.finalize_logged_model(model.model_id, "READY")
    equal(client.get_logged_model(model.model_id).status, LoggedModelStatus.READY)
    client.delete_logged_model(model.model_id)
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.get_logged_model(model.model_id)


def check_tags_and_params(client, name):
    experiment_id = client.create_experiment(name)
    model = new_model(client, experiment_id, "net")
    client.set_logged_model_tags(model.model_id, {"x": "1", "größe": "ä"})
    client.set_logged_model_tags(model.model_id, {"x": "2"})
    client.log_model_params(model.model_id, {"depth": "3"})
    found = client.get_logged_model(model.model_id)
    equal(({key: found.tags[key] for key in ("x", "größe")}, found.params), ({"x": "2", "größe": "ä"}, {"depth": "3"}))
    client.delete_logged_model_tag(model.model_id, "x")
    assert "x" not in client.get_logged_model(model.model_id).tags
    with refused("RESOURCE_DOES_NOT_EXIST"):
        client.delete_logged_model_tag(model.model_id, "x")


def check_metrics_of_a_run_reach_the_model(client, name):
    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    model = new_model(client, experiment_id, "net", source_run_id=run_id)
    client.log_metric(run_id, "acc", 0.75, model_id=model.model_id, dataset_name="test", dataset_digest="abc")
    client.log_batch(run_id, [Metric("loss", 0.5, 10, 0, model_id=model.model_id), Metric("other", 1.0, 10, 0)])
    found = {metric.key: (metric.value, metric.dataset_name, metric.dataset_digest) for metric in client.get_logged_model(model.model_id).metrics}
    equal(found, {"acc": (0.75, "test", "abc"), "loss": (0.5, None, None)})
    equal(client.get_run(run_id).data.metrics, {"acc": 0.75, "loss": 0.5, "other": 1.0})


def check_search(client, name):
    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    for number, part in enumerate(("one", "two", "three")):
        model = new_model(client, experiment_id, part, source_run_id=run_id, params={"n": str(number)}, tags={"odd": str(number % 2)})
        client.finalize_logged_model(model.model_id, "READY" if number else "FAILED")
        client.log_metric(run_id, "acc", number / 10, step=number, model_id=model.model_id, dataset_name="d", dataset_digest="1")

    def search(text=None, **more):
        return [model.name for model in client.search_logged_models([experiment_id], text, **more)]

    by_acc = [{"field_name": "metrics.acc", "ascending": True}]
    equal(sorted(search()), ["one", "three", "two"])
    equal(search("name = 'two'"), ["two"])
    equal(search("name LIKE 't%'", order_by=by_acc), ["two", "three"])
    equal(search("metrics.acc > 0.05 AND params.n = '2'"), ["three"])
    equal(search("tags.odd = '1'"), ["two"])
    equal(search(f"source_run_id = '{run_id}'", order_by=[{"field_name": "metrics.acc", "ascending": False}]), ["three", "two", "one"])
    equal(search("metrics.acc >= 0", datasets=[{"dataset_name": "d", "dataset_digest": "2"}]), [])
    page = client.search_logged_models([experiment_id], order_by=by_acc, max_results=2)
    rest = client.search_logged_models([experiment_id], order_by=by_acc, max_results=2, page_token=page.token)
    equal(([m.name for m in page], [m.name for m in rest], rest.token or None), (["one", "two"], ["three"], None))


def check_runs_name_their_models(client, name):
    from mlflow.entities import LoggedModelInput, LoggedModelOutput

    experiment_id = client.create_experiment(name)
    run_id = client.create_run(experiment_id).info.run_id
    model = new_model(client, experiment_id, "net", source_run_id=run_id)
    client.log_inputs(run_id, models=[LoggedModelInput(model.model_id)])
    client.log_outputs(run_id, models=[LoggedModelOutput(model.model_id, 7)])
    run = client.get_run(run_id)
    equal([item.model_id for item in run.inputs.model_inputs], [model.model_id])
    equal([(item.model_id, item.step) for item in run.outputs.model_outputs], [(model.model_id, 7)])
