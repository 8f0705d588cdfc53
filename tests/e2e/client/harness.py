"""Runs the walk-through inside one client environment: `python harness.py` with MLFLOW_TRACKING_URI set.

Each `check_*` function of the modules named in MODULES gets an MlflowClient and a name of its own. One JSON line per check goes
to stdout: {"check": "module.function", "error": null | traceback, "seconds": 1.2}; everything else goes to stderr.
"""

import contextlib
import importlib
import json
import logging
import os
import sys
import time
import traceback
import uuid
import warnings

MODULES = ("experiments", "runs", "search", "datasets", "registry", "artifacts", "models", "fluent", "logged_models")


def equal(actual, expected):
    assert actual == expected, f"found {actual!r}, expected {expected!r}"


@contextlib.contextmanager
def refused(error_code, text=""):
    """The server must refuse with this MLflow error code, and `text` must occur in its message."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        equal(error.error_code, error_code)
        assert text in str(error), f"found {str(error)!r}, expected it to contain {text!r}"
        return
    raise AssertionError(f"nothing was refused, expected {error_code}")


def main():
    import mlflow

    warnings.filterwarnings("ignore")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the client prints must not mix with the report
    major = int(mlflow.__version__.split(".")[0])
    client = mlflow.MlflowClient()
    for name in MODULES:
        module = importlib.import_module(name)
        if getattr(module, "NEEDS_MLFLOW_3", False) and major < 3:
            continue
        for function_name, function in list(vars(module).items()):
            if not function_name.startswith("check_"):
                continue
            started, error = time.monotonic(), None
            try:
                function(client, f"{function_name[6:]}-{uuid.uuid4().hex[:8]}")
            except Exception:
                error = traceback.format_exc()
            finally:
                while mlflow.active_run():
                    mlflow.end_run()
            line = {"check": f"{name}.{function_name}", "error": error, "seconds": round(time.monotonic() - started, 2)}
            report.write(json.dumps(line) + "\n")
            report.flush()


if __name__ == "__main__":
    sys.exit(main())
