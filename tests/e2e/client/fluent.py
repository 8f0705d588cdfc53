"""The fluent API as notebooks use it."""

import mlflow
from harness import equal


def check_run_with_everything(client, name):
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="fluent", description="ein Lauf", tags={"a": "b"}) as run:
        mlflow.log_params({"lr": 0.1, "layers": [1, 2]})
        mlflow.log_metrics({"loss": 0.5, "acc": 1}, step=3)
        mlflow.set_tags({"x": 1})
        mlflow.log_text("hello", "note.txt")
    found = mlflow.get_run(run.info.run_id)
    equal((found.info.status, found.info.experiment_id), ("FINISHED", experiment.experiment_id))
    equal(found.data.params, {"lr": "0.1", "layers": "[1, 2]"})
    equal(found.data.metrics, {"loss": 0.5, "acc": 1.0})
    equal(found.data.tags["mlflow.note.content"], "ein Lauf")
    assert found.info.end_time >= found.info.start_time


def check_failed_run_is_marked(client, name):
    mlflow.set_experiment(name)
    try:
        with mlflow.start_run() as run:
            raise KeyError("on purpose")
    except KeyError:
        pass
    equal(mlflow.get_run(run.info.run_id).info.status, "FAILED")


def check_nested_runs(client, name):
    experiment = mlflow.set_experiment(name)
    with mlflow.start_run(run_name="parent") as parent:
        for number in range(3):
            with mlflow.start_run(run_name=f"child-{number}", nested=True):
                mlflow.log_metric("score", number)
    children = mlflow.search_runs(
        [experiment.experiment_id],
        filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'",
        order_by=["metrics.score DESC"],
    )
    equal(list(children["metrics.score"]), [2.0, 1.0, 0.0])
    equal(list(children["tags.mlflow.runName"]), ["child-2", "child-1", "child-0"])
    equal(mlflow.get_parent_run(children.loc[0, "run_id"]).info.run_id, parent.info.run_id)


def check_resume(client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_metric("a", 1)
    with mlflow.start_run(run_id=run.info.run_id):
        equal(mlflow.get_run(run.info.run_id).info.status, "RUNNING")
        mlflow.log_metric("a", 2, step=1)
    equal(mlflow.get_run(run.info.run_id).data.metrics, {"a": 2.0})


def check_asynchronous_logging(client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        pending = [mlflow.log_metric("a", step, step=step, synchronous=False) for step in range(200)]
        for operation in pending:
            operation.wait()
    equal([point.value for point in client.get_metric_history(run.info.run_id, "a")], [float(step) for step in range(200)])


def check_search_all_experiments_by_name(client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run():
        mlflow.log_param("p", "q")
    found = mlflow.search_runs(experiment_names=[name], output_format="list")
    equal([run.data.params for run in found], [{"p": "q"}])


def check_last_active_run_and_delete(client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        pass
    equal(mlflow.last_active_run().info.run_id, run.info.run_id)
    mlflow.delete_run(run.info.run_id)
    equal(mlflow.get_run(run.info.run_id).info.lifecycle_stage, "deleted")
