"""Models: logged by flavor, loaded from run, registry and alias."""

import tempfile

import mlflow
import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
from harness import equal
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression

FEATURES = np.array([[0.0, 1.0], [1.0, 0.5], [2.0, -1.0], [3.0, 0.0]])
LABELS = np.array([0, 0, 1, 1])
PLACE = "name" if int(mlflow.__version__.split(".")[0]) >= 3 else "artifact_path"


def log_sklearn(name, **more):
    mlflow.set_experiment(name)
    model = LogisticRegression().fit(FEATURES, LABELS)
    with mlflow.start_run() as run:
        info = mlflow.sklearn.log_model(
            model,
            **{PLACE: "model"},
            signature=infer_signature(FEATURES, LABELS),
            pip_requirements=["scikit-learn"],
            **more,
        )
    return model, run.info.run_id, info


def same(loaded, model):
    equal(np.asarray(loaded.predict(FEATURES)).tolist(), model.predict(FEATURES).tolist())


def check_sklearn_model_comes_back_from_everywhere(client, name):
    model, run_id, info = log_sklearn(name, registered_model_name=name)
    client.set_registered_model_alias(name, "champion", "1")
    for uri in (info.model_uri, f"runs:/{run_id}/model", f"models:/{name}/1", f"models:/{name}@champion", f"models:/{name}/latest"):
        same(mlflow.pyfunc.load_model(uri), model)
    loaded = mlflow.sklearn.load_model(f"models:/{name}@champion")
    equal(loaded.predict_proba(FEATURES).tobytes(), model.predict_proba(FEATURES).tobytes())


def check_register_after_the_run(client, name):
    model, run_id, _ = log_sklearn(name)
    version = mlflow.register_model(f"runs:/{run_id}/model", name, tags={"from": "run"})
    equal((str(version.version), version.run_id), ("1", run_id))
    equal(client.get_model_version(name, "1").tags, {"from": "run"})
    same(mlflow.pyfunc.load_model(f"models:/{name}/1"), model)


def check_signature_and_model_info(client, name):
    _, run_id, _ = log_sklearn(name)
    info = mlflow.models.get_model_info(f"runs:/{run_id}/model")
    assert "sklearn" in info.flavors, info.flavors
    equal(info.signature.inputs.input_types()[0], np.dtype("float64"))
    local = mlflow.artifacts.download_artifacts(f"runs:/{run_id}/model", dst_path=tempfile.mkdtemp())
    equal(mlflow.models.Model.load(local).run_id, run_id)


class Doubler(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["factor"], encoding="utf-8") as file:
            self.factor = float(file.read())

    def predict(self, context, model_input, params=None):
        return np.asarray(model_input) * self.factor


def check_python_model_with_an_artifact(client, name):
    mlflow.set_experiment(name)
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as file:
        file.write("2.5")
    with mlflow.start_run() as run:
        mlflow.pyfunc.log_model(
            **{PLACE: "model"}, python_model=Doubler(), artifacts={"factor": file.name}, pip_requirements=["numpy"],
        )  # fmt: skip
    loaded = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
    equal(np.asarray(loaded.predict(FEATURES)).tolist(), (FEATURES * 2.5).tolist())
