#!/usr/bin/env python3
"""Random walks: the same calls to stock MLflow and to a server under test, every answer compared. It finds what no one thought of
writing down as a golden call; what it finds becomes one.

    walk.py --stock http://127.0.0.1:5001 --server http://127.0.0.1:5000 [--seed 1] [--calls 1500]

Both servers should be fresh, or have seen the same walks. Not compared: answers that stock gives with a 500 or a page of SQL, as long as
ours is an error of the client, and the order of lists that MLflow leaves to its database.
"""

import argparse
import http.client
import json
import random
import re
import sys
import time
import urllib.parse

API = "/api/2.0/mlflow/"
FREE = {"sqlstate", "error_class"}
TIMES = re.compile(r"(creation|last_updated?)_time(stamp)?(_ms)?$")
UNORDERED = {"tags", "params", "metrics", "aliases", "dataset_inputs", "model_inputs", "model_outputs", "latest_versions"}


class Side:
    """One server with the ids that it gave to the things of the walk."""

    def __init__(self, url):
        self.address = urllib.parse.urlsplit(url).netloc
        self.ids = {}

    def call(self, method, path, body):
        path, body = API + self.fill(path), self.fill(body)
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            if method == "GET":
                connection.request(method, path + "?" + urllib.parse.urlencode(body, doseq=True))
            else:
                connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, {"text": text.decode("utf-8", "replace")}

    def fill(self, value):
        if isinstance(value, str):
            return re.sub(r"\$\{(\w+)\}", lambda m: self.ids.get(m.group(1), "none"), value)
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return {key: self.fill(item) for key, item in value.items()} if isinstance(value, dict) else value

    def plain(self, value, key="", ordered=False):
        """An answer with names for ids and times, so that two servers' answers can be compared."""
        if isinstance(value, dict):
            return {k: "<time>" if TIMES.match(k) else self.plain(v, k, ordered) for k, v in value.items() if k not in FREE}
        if isinstance(value, list):
            items = [self.plain(item, key, ordered) for item in value]
            return items if ordered or key not in UNORDERED else sorted(items, key=lambda item: json.dumps(item, sort_keys=True))
        if key == "next_page_token" or key == "start_time" and isinstance(value, int) and value > 10**12:
            return "<free>"
        return self.named(value, key) if isinstance(value, str) else value

    def named(self, text, key):
        names = {value: f"${{{name}}}" for name, value in self.ids.items()}
        if key == "experiment_id":
            return names.get(text, text)
        for value, name in names.items():
            if len(value) > 20:
                text = text.replace(value, name)
        by_id = r"((?:experiment|Experiment with id=|experiment ID|with id|artifacts:/) ?)(\d+)"
        text = re.sub(by_id, lambda m: m.group(1) + names.get(m.group(2), m.group(2)), text)
        return re.sub(r"^[a-z]+-[a-z]+-\d+$", "<name>", text)


class Walk:
    """Draws calls on a few experiments, runs, logged models and registered models."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.prefix = f"w{seed}x{int(time.time())}"
        self.made = {"e": [], "r": [], "m": []}

    def one(self, *choices):
        return self.random.choice(choices)

    def maybe(self, chance, fields):
        return fields if self.random.random() < chance else {}

    def known(self, kind, *others):
        made = self.made[kind]
        return f"${{{self.random.choice(made)}}}" if made and self.random.random() < 0.96 else self.one(*others)

    def experiment(self):
        return self.known("e", "424242", "x")

    def run(self):
        return self.known("r", "0" * 32, "x")

    def model(self):
        return self.known("m", "m-" + "0" * 32)

    def name(self):
        return self.prefix + self.one("A", "b", "é", "m1")

    def version(self):
        return {"name": self.name(), "version": self.one("1", "1", "2", "3", "9", "x", "0")}

    def key(self):
        return self.one("a", "a", "b", "b", "é", "x/y", "c d", "mlflow.runName", "", "../a", "a$")

    def pair(self):
        return {"key": self.key(), "value": self.one("1", "v", "", "x" * 6100, "é" * 10, "it's")}

    def pairs(self, most):
        """With different keys: of equal ones in a new run stock makes an error of SQL."""
        pairs = {pair["key"]: pair for pair in (self.pair() for _ in range(self.random.randrange(most)))}
        return list(pairs.values())

    def metric(self):
        value = self.one(0, 1, -1.5, "NaN", "Infinity", "-Infinity", 1e-7, 0.1, 2, 3)
        return {"key": self.key(), "value": value, "timestamp": self.one(0, 1, 2, 1700000000000, -1), **self.maybe(0.7, {"step": self.one(0, 1, 2, -1, 5)}),
                **self.maybe(0.1, {"dataset_name": "d", "dataset_digest": "x"})}  # fmt: skip

    def dataset(self):
        dataset = {"name": self.one("d1", "d2"), "digest": self.one("x", "y"), "source_type": "s", "source": self.one("p", "q")}
        tag = {"key": self.one("mlflow.data.context", "t"), "value": "train"}
        return {"tags": [tag], "dataset": {**dataset, **self.maybe(0.5, {"schema": "sc"})}}

    def experiment_call(self):
        body, name = {"experiment_id": self.experiment()}, self.name() + str(self.random.randrange(6))
        return self.one(
            ("POST", "experiments/create", {"name": name, "tags": self.pairs(2)}), ("POST", "experiments/create", {"name": name}),
            ("POST", "experiments/update", {**body, "new_name": name}), ("POST", "experiments/delete", body), ("POST", "experiments/restore", body),
            ("POST", "experiments/restore", body), ("GET", "experiments/get", body), ("POST", "experiments/set-experiment-tag", {**body, **self.pair()}),
            ("POST", "experiments/delete-experiment-tag", {**body, "key": self.key()}), ("GET", "experiments/get-by-name", {"experiment_name": name}),
        )  # fmt: skip

    def run_call(self):
        body, run = {"experiment_id": self.experiment()}, {"run_id": self.run()}
        batch = {"metrics": [self.metric() for _ in range(self.random.randrange(4))], "params": self.pairs(3), "tags": self.pairs(3)}
        tags = [pair for pair in self.pairs(3) if pair["key"] != "mlflow.runName"]
        start = {"start_time": self.one(0, 5, 1700000000000), "tags": tags}
        search = {"experiment_ids": [self.experiment(), self.experiment()], "run_view_type": self.one("ALL", "ACTIVE_ONLY", "DELETED_ONLY"),
                  "order_by": [*self.one([], ["metrics.a DESC"], ["params.a"], ["end_time"], ["status DESC"]), "start_time", "run_name"],
                  "filter": self.one("", "metrics.a > 0", "params.a = '1'", "tags.b != 'v'", "metrics.b != 1", "run_name LIKE 'n%'")}  # fmt: skip
        update = {**run, **self.maybe(0.7, {"status": self.one("RUNNING", "FINISHED", "FAILED", "KILLED")}),
                  **self.maybe(0.4, {"end_time": self.one(0, 7)}), **self.maybe(0.4, {"run_name": self.one(f"n{self.random.randrange(10**9)}", "")})}  # fmt: skip
        interval = {"run_ids": run["run_id"], "metric_key": self.one("a", "b"), "max_results": self.one(1, 2, 3, 100)}
        return self.one(
            ("POST", "runs/create", {**body, **start, "run_name": f"n{self.random.randrange(10**9)}"}), ("POST", "runs/update", update),
            ("POST", "runs/delete", run), ("POST", "runs/restore", run), ("POST", "runs/restore", run), ("GET", "runs/get", run), ("GET", "runs/get", run),
            ("POST", "runs/log-metric", {**run, **self.metric()}), ("POST", "runs/log-parameter", {**run, **self.pair()}),
            ("POST", "runs/set-tag", {**run, **self.pair()}), ("POST", "runs/delete-tag", {**run, "key": self.key()}),
            ("POST", "runs/log-batch", {**run, **batch}), ("POST", "runs/log-batch", {**run, **batch}), ("POST", "runs/search", search),
            ("POST", "runs/log-inputs", {**run, "datasets": [self.dataset()] * self.one(0, 1, 2), "models": [{"model_id": self.model()}]}),
            ("GET", "metrics/get-history", {**run, "metric_key": self.one("a", "b", "é")}), ("GET", "metrics/get-history-bulk-interval", interval),
        )  # fmt: skip

    def model_call(self):
        model = self.model()
        create = {"experiment_id": self.experiment(), "name": self.one("lm", "", "l m", "a/b"), "source_run_id": self.run(), "tags": self.pairs(2)}
        status = self.one("LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_PENDING")
        return self.one(
            ("POST", "logged-models", {**create, "params": self.pairs(2)}), ("GET", f"logged-models/{model}", {}),
            ("PATCH", f"logged-models/{model}", {"model_id": model, "status": status}), ("PATCH", f"logged-models/{model}/tags", {"tags": [self.pair()]}),
            ("DELETE", f"logged-models/{model}", {}), ("POST", "logged-models/search", {"experiment_ids": [self.experiment()]}),
        )  # fmt: skip

    def registry_call(self):
        name, version, run = {"name": self.name()}, self.version(), self.run()
        source = self.one("s3://b/x", f"runs:/{run}/m", f"models:/{self.name()}/1", "mlflow-artifacts:/x", "s3://b/y", "s3://b/z")
        stage = {"stage": self.one("Staging", "production", "None", "Archived", "x"), "archive_existing_versions": self.one(True, False)}
        create = {**name, "source": source, "tags": self.pairs(2), **self.maybe(0.6, {"run_id": self.one(run, self.run())})}
        mine = {"filter": f"name LIKE '{self.prefix}%'"}
        return self.one(
            ("POST", "registered-models/create", {**name, "description": self.one("", "d"), "tags": self.pairs(2)}),
            ("POST", "registered-models/create", name), ("GET", "registered-models/get", name), ("GET", "registered-models/search", mine),
            ("POST", "registered-models/rename", {**name, "new_name": self.name()}), ("PATCH", "registered-models/update", {**name, "description": "x"}),
            ("POST", "registered-models/set-tag", {**name, **self.pair()}), ("DELETE", "registered-models/delete-tag", {**name, "key": self.key()}),
            ("POST", "registered-models/alias", {**version, "alias": self.one("c", "d", "latest", "v1")}),
            ("DELETE", "registered-models/alias", {**name, "alias": self.one("c", "d")}), ("GET", "registered-models/alias", {**name, "alias": self.one("c", "d", "latest")}),
            ("POST", "registered-models/get-latest-versions", {**name, **self.maybe(0.5, {"stages": [self.one("None", "staging", "bad")]})}),
            ("POST", "model-versions/create", create), ("POST", "model-versions/create", create), ("GET", "model-versions/get", version),
            ("PATCH", "model-versions/update", {**version, "description": self.one("x", "")}), ("POST", "model-versions/set-tag", {**version, **self.pair()}),
            ("POST", "model-versions/transition-stage", {**version, **stage}), ("GET", "model-versions/get-download-uri", version),
            ("GET", "model-versions/search", mine), self.one(("DELETE", "model-versions/delete", version), ("DELETE", "registered-models/delete", name)),
        )  # fmt: skip

    def call(self):
        return self.one(self.experiment_call, self.run_call, self.run_call, self.run_call, self.model_call, self.registry_call, self.registry_call)()


def id_of(answer):
    """Kind and id of what an answer says was made."""
    info = {"e": answer.get("experiment_id"), "r": answer.get("run", {}).get("info", {}).get("run_id"),
            "m": answer.get("model", {}).get("info", {}).get("model_id")}  # fmt: skip
    return next(((kind, value) for kind, value in info.items() if value), (None, None))


def step(walk, stock, ours):
    """One call to both; a description of the difference, or nothing."""
    method, path, body = walk.call()
    (status, wanted), (found_status, found) = stock.call(method, path, body), ours.call(method, path, body)
    if path in ("experiments/create", "runs/create", "logged-models") and status == found_status == 200:
        kind, value = id_of(wanted)
        name = f"{kind}{len(walk.made[kind])}"
        stock.ids[name], ours.ids[name] = value, id_of(found)[1]
        walk.made[kind].append(name)
    if (status >= 500 or "sqlite3" in json.dumps(wanted) or "psycopg" in json.dumps(wanted)) and 400 <= found_status < 500:
        return None
    ordered = path.startswith("metrics/")
    wanted, found = stock.plain(wanted, ordered=ordered), ours.plain(found, ordered=ordered)
    if (status, wanted) == (found_status, found):
        return None
    a, b = (json.dumps(value, sort_keys=True, ensure_ascii=False) for value in (wanted, found))
    at = max(0, next((i for i in range(min(len(a), len(b))) if a[i] != b[i]), 0) - 100)
    return (f"{method} {path} {json.dumps(body, ensure_ascii=False)[:300]}\n"
            f"  stock {status} …{a[at : at + 250]}\n  ours  {found_status} …{b[at : at + 250]}")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--stock", required=True, help="base URL of a stock mlflow server")
    parser.add_argument("--server", required=True, help="base URL of the server under test")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--calls", type=int, default=1500)
    arguments = parser.parse_args()
    walk, stock, ours = Walk(arguments.seed), Side(arguments.stock), Side(arguments.server)
    differences = [found for found in (step(walk, stock, ours) for _ in range(arguments.calls)) if found]
    print("\n".join(differences))
    print(f"{len(differences)} of {arguments.calls} answers differ (seed {arguments.seed})")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
