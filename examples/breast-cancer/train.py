"""Trains three models on scikit-learn's breast-cancer data, registers the best as ONNX and loads it back by alias.

Everything goes through the unmodified MLflow client to the server that MLFLOW_TRACKING_URI names; runs with MLflow 2.22 and
3.x. Exit status 0 means that the model loaded from the server predicts bit for bit what the model in memory predicts.
"""

import logging
import os
import sys
import time
import warnings

import mlflow
import mlflow.onnx
import mlflow.sklearn
import numpy as np
import onnxruntime
from mlflow.models import infer_signature
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SEED = 20
EXPERIMENT = "breast-cancer"
MODEL_NAME = "breast-cancer"
ALIAS = "champion"
MLFLOW_3 = int(mlflow.__version__.split(".")[0]) >= 3


def load_data():
    data = load_breast_cancer(as_frame=True)
    # float32 throughout: what the ONNX model takes, so that both see the same numbers.
    features = data.data.astype(np.float32)
    return train_test_split(features, data.target, test_size=0.3, random_state=SEED, stratify=data.target)


def candidates():
    return {
        "logistic-regression": make_pipeline(StandardScaler(), LogisticRegression(C=0.5, max_iter=500)),
        "random-forest": RandomForestClassifier(n_estimators=60, max_depth=6, random_state=SEED),
        "gradient-boosting": GradientBoostingClassifier(n_estimators=60, max_depth=3, random_state=SEED),
    }


def train(name, model, x_train, x_test, y_train, y_test):
    """One run: autolog records parameters, training metrics and the model; the test metrics are ours."""
    with mlflow.start_run(run_name=name) as run:
        model.fit(x_train, y_train)
        probability = model.predict_proba(x_test)[:, 1]
        mlflow.log_metrics(
            {
                "test_accuracy": accuracy_score(y_test, model.predict(x_test)),
                "test_log_loss": log_loss(y_test, probability),
                "test_roc_auc": roc_auc_score(y_test, probability),
            }
        )
        if hasattr(model, "staged_predict_proba"):
            # One point per tree: the learning curve of the boosting model.
            for step, staged in enumerate(model.staged_predict_proba(x_test), start=1):
                mlflow.log_metric("test_log_loss_by_tree", log_loss(y_test, staged[:, 1]), step=step)
        mlflow.set_tag("candidate", name)
        return run.info.run_id


def best_run(experiment_id):
    """The server picks: highest test AUC among the candidates of this experiment."""
    found = mlflow.search_runs(
        [experiment_id],
        filter_string="tags.candidate != '' AND metrics.test_roc_auc > 0.9",
        order_by=["metrics.test_roc_auc DESC", "attributes.start_time DESC"],
        max_results=1,
    )
    return found.loc[0, "run_id"], found.loc[0, "tags.candidate"]


def register_onnx(model, run_id, x_test):
    """Logs the ONNX form of `model` into its own run and registers it; returns its outputs on the test set and the new version."""
    onnx_model = to_onnx(model, x_test.to_numpy()[:1], options={"zipmap": False}, target_opset={"": 17, "ai.onnx.ml": 3})
    session = onnxruntime.InferenceSession(onnx_model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs = session.run(None, {session.get_inputs()[0].name: x_test.to_numpy()})
    signature = infer_signature(x_test.to_numpy(), {"label": outputs[0], "probabilities": outputs[1]})
    place = {"name": "onnx"} if MLFLOW_3 else {"artifact_path": "onnx"}
    with mlflow.start_run(run_id=run_id):
        logged = mlflow.onnx.log_model(
            onnx_model,
            **place,
            signature=signature,
            registered_model_name=MODEL_NAME,
            onnx_execution_providers=["CPUExecutionProvider"],
        )
    return outputs, logged.registered_model_version


def same_bits(left, right):
    left, right = np.asarray(left), np.asarray(right)
    return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()


def check(what, holds):
    print(f"  {'same' if holds else 'DIFFERENT'}: {what}")
    return holds


def compare(model, run_id, in_memory, x_test):
    """Loads both forms of the champion back from the server and compares with what is in memory."""
    by_alias = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}@{ALIAS}").predict(x_test.to_numpy())
    from_run = mlflow.sklearn.load_model(f"runs:/{run_id}/model")
    names = list(by_alias)
    return all(
        [
            check("labels of the ONNX model loaded by alias, bit for bit", same_bits(by_alias[names[0]], in_memory[0])),
            check("probabilities of the ONNX model loaded by alias, bit for bit", same_bits(by_alias[names[1]], in_memory[1])),
            check(
                "probabilities of the scikit-learn model loaded from its run, bit for bit",
                same_bits(from_run.predict_proba(x_test), model.predict_proba(x_test)),
            ),
            check(
                "probabilities of ONNX and scikit-learn within 1e-5",
                np.allclose(in_memory[1], model.predict_proba(x_test), rtol=0, atol=1e-5),
            ),
        ]
    )


def main():
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        print("MLFLOW_TRACKING_URI is not set, expected the server's address, e.g. http://127.0.0.1:5000", file=sys.stderr)
        return 2
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore")
    started = time.monotonic()
    x_train, x_test, y_train, y_test = load_data()
    experiment = mlflow.set_experiment(EXPERIMENT)
    mlflow.sklearn.autolog(silent=True)

    models = candidates()
    run_ids = {name: train(name, model, x_train, x_test, y_train, y_test) for name, model in models.items()}
    run_id, name = best_run(experiment.experiment_id)
    if run_id != run_ids[name]:
        print(f"the server's best run {run_id} is not the run {run_ids[name]} made here", file=sys.stderr)
        return 1

    in_memory, version = register_onnx(models[name], run_id, x_test)
    client = mlflow.MlflowClient()
    client.set_registered_model_alias(MODEL_NAME, ALIAS, version)
    client.set_model_version_tag(MODEL_NAME, version, "candidate", name)

    print(f"MLflow {mlflow.__version__} at {os.environ['MLFLOW_TRACKING_URI']}")
    for candidate, candidate_run in run_ids.items():
        metrics = client.get_run(candidate_run).data.metrics
        print(f"  {candidate:20} AUC {metrics['test_roc_auc']:.4f}  accuracy {metrics['test_accuracy']:.4f}")
    print(f"best: {name}, registered as {MODEL_NAME} version {version}, alias {ALIAS}")
    same = compare(models[name], run_id, in_memory, x_test)
    print(f"done in {time.monotonic() - started:.1f} s")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
