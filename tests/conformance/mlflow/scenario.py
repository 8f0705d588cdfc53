"""The small language in which scenarios are written; record.py turns a scenario into a case file."""

API = "/api/2.0/mlflow/"
AJAX = "/ajax-api/2.0/mlflow/"
ARTIFACTS = "/api/2.0/mlflow-artifacts/"


class Scenario:
    """A topic: its steps in the order in which they are sent."""

    def __init__(self, topic):
        self.topic = topic
        self.steps = []

    def call(self, name, method, path, **fields):
        """Adds a step. Fields are those of a case file; `ours` is the answer of a deviation or a loose step."""
        step = {"name": name, "method": method, "path": path if path.startswith("/") else API + path}
        ours = fields.pop("ours", None)
        if "deviation" in fields and ours is None:
            ours = invalid()
        step.update({key: value for key, value in fields.items() if value is not None})
        if ours is not None:
            step["expect"] = ours
        self.steps.append(step)

    def post(self, name, path, json=None, **fields):
        if not {"text", "base64"} & fields.keys():
            fields["json"] = {} if json is None else json
        self.call(name, "POST", path, **fields)

    def get(self, name, path, query=None, **fields):
        self.call(name, "GET", path, query=query, **fields)

    def patch(self, name, path, json, **fields):
        self.call(name, "PATCH", path, json=json, **fields)

    def delete(self, name, path, json=None, **fields):
        self.call(name, "DELETE", path, json=json, **fields)

    def put(self, name, path, text="", **fields):
        if "base64" not in fields:
            fields["text"] = text
        self.call(name, "PUT", path, **fields)

    def experiment(self, variable, name, **fields):
        """Creates an experiment and binds its id."""
        self.post(f"create experiment {name}", "experiments/create", {"name": name, **fields},
                  bind={variable: "experiment_id|experiment_id"})

    def run(self, variable, experiment, **fields):
        """Creates a run and binds its id."""
        body = {"experiment_id": "${" + experiment + "}", "start_time": 1700000000000, "run_name": variable}
        self.post(f"create run {variable}", "runs/create", {**body, **fields},
                  bind={variable: "run.info.run_id|run_id"})

    def model(self, variable, experiment, **fields):
        """Creates a logged model and binds its id."""
        self.post(f"create logged model {variable}", "logged-models",
                  {"experiment_id": "${" + experiment + "}", **fields},
                  bind={variable: "model.info.model_id|model_id"})


def error(status, code, message="<any>"):
    return {"status": status, "json": {"error_code": code, "message": message}}


def invalid(message="<any>"):
    """Our answer to input that stock answers with a 500, half accepts, or meets with a page of SQL."""
    return error(400, "INVALID_PARAMETER_VALUE", message)


def missing(message="<any>"):
    return error(404, "RESOURCE_DOES_NOT_EXIST", message)


def done(json=None):
    return {"status": 200, "json": {} if json is None else json}


def text_json(text):
    """Fields of a step whose body is this very text, sent as application/json."""
    return {"text": text, "headers": {"Content-Type": "application/json"}}
