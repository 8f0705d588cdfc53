#!/usr/bin/env python3
"""Records the case files from a stock MLflow server: sends each scenario's steps and keeps the answers.

    record.py --mlflow /path/to/venv/bin/mlflow [--only runs,search]

The server is started on a fresh SQLite database whose experiment ids begin at an unusual number, so that
an id can be recognised inside messages and URIs. Steps with a deviation keep the answer written in the
scenario, and stock must differ from it; the status that stock gave is noted beside it. Loose steps keep
theirs too, but stock must agree.
"""

import argparse
import base64
import contextlib
import importlib
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

import golden

HERE = pathlib.Path(__file__).parent
FIRST_EXPERIMENT = 730_000
TIME_KEYS = {
    "creation_time", "last_update_time", "creation_timestamp", "last_updated_timestamp",
    "creation_timestamp_ms", "last_updated_timestamp_ms",
}
GENERATED_NAME = re.compile(r"[a-z]+-[a-z]+-[0-9]{1,3}")
# Python prints sets in random order: what follows "one of" or "Valid keys are" is not part of the contract.
RANDOM_SET = re.compile(r"'?\{('[^']*'(, )?)+\}'?")

# What is wrong with the shape of a filter is told in the words of the tokenizer of the day.
SHAPE = (
    "Invalid clause(s)", "Invalid comparison clause", "Invalid comparison:", "Search filter contained", "Invalid order_by clause",
    "Invalid filter string", "Error on parsing", "Invalid ordering key", "While parsing a list",
)


class Recorder:
    """Turns answers into expectations by putting variables and kinds where values change from run to run."""

    def __init__(self, variables, written):
        self._names = sorted(variables.items(), key=lambda item: -len(str(item[1])))
        self._written = written

    def text(self, value):
        for name, bound in self._names:
            if len(str(bound)) >= 6:
                value = value.replace(str(bound), "${" + name + "}")
        value = re.sub(r"\bm-[0-9a-f]{32}\b", "<model_id>", value)
        value = re.sub(r"\b[0-9a-f]{32}\b", "<run_id>", value)
        value = re.sub(rf"\b{FIRST_EXPERIMENT // 10_000}[0-9]{{4}}\b", "<experiment_id>", value)
        if len(value) > 200 and len(set(value)) == 1:
            return {"$repeat": [value[0], len(value)]}
        return value

    def json(self, value, key=None):
        if isinstance(value, dict):
            return {self.text(k): self.json(v, k) for k, v in value.items()}
        if isinstance(value, list):
            return [self.json(item, key) for item in value]
        if key in TIME_KEYS and isinstance(value, int):
            return "<time>"
        if key == "next_page_token":
            return "<token>"
        if isinstance(value, str):
            if GENERATED_NAME.fullmatch(value) and value not in self._written:
                return "<name>"
            if key == "message":
                value = RANDOM_SET.sub("<any>", value)
                value = re.sub(r"(?s)^(Invalid page token).*", r"\1<any>", value)
                value = "<any>" if value.startswith(SHAPE) or " in the page token do" in value else value
            return self.text(value)
        return "<nan>" if value != value else value

    def expectation(self, step, answer):
        expect = {"status": answer.status}
        body = answer.body.decode("utf-8", "replace")
        if answer.json is not None:
            found = answer.json
            if isinstance(found, dict) and "error_code" in found:
                found = {key: found[key] for key in ("error_code", "message")}
            elif "pick" in step:
                found = golden.pick(found, step["pick"])
            expect["json"] = self.json(found)
        elif answer.status >= 400:
            expect["not_json"] = True
        elif "record_base64" in step:
            expect["base64"] = base64.b64encode(answer.body).decode()
        else:
            expect["text"] = self.text(body)
        wanted = step.get("record_headers", [])
        if wanted:
            expect["headers"] = {name: self.text(answer.headers.get(name, "(absent)")) for name in wanted}
        return expect


def record(client, scenario):
    variables = {"uid": "q" + uuid.uuid4().hex[:9]}
    written = json.dumps(scenario.steps)
    cases = []
    for step in scenario.steps:
        if "pause_ms" in step:
            time.sleep(step["pause_ms"] / 1000)
        answer = client.send(step, variables)
        for name, source in step.get("bind", {}).items():
            path = source.partition("|")[0]
            try:
                variables[name] = golden.lookup(answer.json, path)
            except golden.StepError:
                if "deviation" not in step:
                    print(f"{scenario.topic} · {step['name']}: cannot bind {name}: {answer.body[:300]!r}")
        case = {key: value for key, value in step.items() if key not in ("record_headers", "record_base64")}
        if "deviation" in step or "loose" in step:
            agrees = not golden.check(step, answer, variables)
            if agrees == ("deviation" in step):
                print(f"{scenario.topic} · {step['name']}: stock {'agrees' if agrees else 'differs'}: {answer.status}")
            if "deviation" in step:
                case["stock_status"] = answer.status
        else:
            case["expect"] = Recorder(variables, written).expectation(step, answer)
            if answer.status >= 500 or "sqlalche" in str(answer.body):
                print(f"{scenario.topic} · {step['name']}: {answer.status} without a deviation: {answer.body[:200]!r}")
        cases.append(case)
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases)
    (HERE / "cases" / f"{scenario.topic}.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    return len(cases)


def start(mlflow, folder):
    """Starts stock MLflow with one worker; returns (process, url) once it answers and its ids are moved."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [mlflow, "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination",
         f"{folder}/artifacts", "--serve-artifacts", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(url + "/api/2.0/mlflow/experiments/get?experiment_id=0", timeout=2).read()
            break
        except OSError:
            time.sleep(0.5)
    else:
        raise SystemExit("the stock server did not start within two minutes")
    with sqlite3.connect(f"{folder}/mlflow.db") as database:
        database.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, workspace,"
            " creation_time, last_update_time) VALUES (?, 'first', 'mlflow-artifacts:/first', 'deleted',"
            " 'default', 1, 1)", (FIRST_EXPERIMENT,))
    return process, url


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--mlflow", required=True, help="the mlflow executable of the version to record")
    parser.add_argument("--only", help="topics, separated by commas")
    arguments = parser.parse_args()
    names = sorted(path.stem for path in (HERE / "scenarios").glob("*.py") if path.stem != "__init__")
    if arguments.only:
        names = arguments.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        process, url = start(arguments.mlflow, folder)
        try:
            client = golden.Client(url, keep_alive=False)
            for name in names:
                scenario = importlib.import_module(f"scenarios.{name}").scenario
                print(f"{name}: {record(client, scenario)} steps")
        finally:
            process.terminate()
            process.wait(30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # MLflow leaves job workers behind
    return 0


if __name__ == "__main__":
    sys.exit(main())
