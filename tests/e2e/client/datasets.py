"""Datasets as inputs of runs."""

import mlflow
import mlflow.data
import numpy as np
import pandas as pd
from harness import equal
from mlflow.entities import DatasetInput, InputTag


def frame(seed):
    return pd.DataFrame({"größe": [1.5, 2.5, seed], "label": [0, 1, 0]})


def check_pandas_dataset_is_an_input(client, name):
    mlflow.set_experiment(name)
    dataset = mlflow.data.from_pandas(frame(3.0), source="https://data.example/train.csv", name="train set", targets="label")
    with mlflow.start_run() as run:
        mlflow.log_input(dataset, context="training", tags={"split": "a"})
    (found,) = client.get_run(run.info.run_id).inputs.dataset_inputs
    equal((found.dataset.name, found.dataset.digest, found.dataset.source_type), ("train set", dataset.digest, "http"))
    equal({tag.key: tag.value for tag in found.tags}, {"mlflow.data.context": "training", "split": "a"})
    assert "größe" in found.dataset.schema or "gr\\u00f6\\u00dfe" in found.dataset.schema, found.dataset.schema
    source = mlflow.data.get_source(found.dataset)
    equal(source.url, "https://data.example/train.csv")


def check_several_datasets_and_numpy(client, name):
    mlflow.set_experiment(name)
    with mlflow.start_run() as run:
        mlflow.log_input(mlflow.data.from_numpy(np.arange(6.0).reshape(3, 2), name="points"), context="test")
        mlflow.log_input(mlflow.data.from_pandas(frame(1.0), name="first"), context="training")
        mlflow.log_input(mlflow.data.from_pandas(frame(1.0), name="first"), context="training")  # again: still one input
    found = client.get_run(run.info.run_id).inputs.dataset_inputs
    equal(sorted(item.dataset.name for item in found), ["first", "points"])


def check_runs_are_found_by_dataset(client, name):
    experiment = mlflow.set_experiment(name)
    digests = {}
    for number in range(2):
        dataset = mlflow.data.from_pandas(frame(float(number)), name=f"data-{number}")
        digests[number] = dataset.digest
        with mlflow.start_run(run_name=f"run-{number}"):
            mlflow.log_input(dataset, context="training" if number else "eval")

    def search(text):
        found = client.search_runs([experiment.experiment_id], text, order_by=["attributes.run_name ASC"])
        return [run.info.run_name for run in found]

    equal(search("dataset.name = 'data-1'"), ["run-1"])
    equal(search("datasets.name LIKE 'data-%'"), ["run-0", "run-1"])
    equal(search(f"dataset.digest = '{digests[0]}'"), ["run-0"])
    equal(search(f"dataset.digest IN ('{digests[0]}', '{digests[1]}')"), ["run-0", "run-1"])
    equal(search("dataset.context = 'training' AND dataset.name = 'data-0'"), [])
    equal(search("dataset.context = 'eval'"), ["run-0"])


def check_log_inputs_takes_many_at_once(client, name):
    run_id = client.create_run(client.create_experiment(name)).info.run_id
    inputs = [
        DatasetInput(mlflow.data.from_pandas(frame(float(n)), name=f"set-{n}")._to_mlflow_entity(), [InputTag("n", str(n))])
        for n in range(20)
    ]
    client.log_inputs(run_id, inputs)
    client.log_inputs(run_id, inputs)
    equal(len(client.get_run(run_id).inputs.dataset_inputs), 20)
