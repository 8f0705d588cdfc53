"""Every rpc and hand-written route that MLflow has: those offered answer an empty request as stock does, at /api and at /ajax-api;
the others answer 404 without JSON, by which clients know that a server lacks them."""

from scenario import Scenario

scenario = s = Scenario("routes")

# Method and path below /{api|ajax-api}/2.0/. The message says which handler answered.
OFFERED = """
POST experiments/create|search|update|delete|restore|set-experiment-tag|delete-experiment-tag
GET experiments/get|get-by-name|search
POST runs/create|update|delete|restore|search|log-metric|log-parameter|set-tag|delete-tag|log-batch|log-inputs|outputs|log-model
GET runs/get
GET metrics/get-history|get-history-bulk-interval
GET artifacts/list
POST artifacts/presigned-upload-url|presigned-download-url
POST logged-models|logged-models/search|logged-models/m-x/params
GET logged-models/m-x|logged-models/m-x/artifacts/directories
PATCH logged-models/m-x|logged-models/m-x/tags
DELETE logged-models/m-x|logged-models/m-x/tags/t
POST registered-models/create|rename|get-latest-versions|set-tag|alias
PATCH registered-models/update
DELETE registered-models/delete|delete-tag|alias
GET registered-models/get|search?max_results=x|get-latest-versions|alias
POST model-versions/create|transition-stage|set-tag
PATCH model-versions/update
DELETE model-versions/delete|delete-tag
GET model-versions/get|search?max_results=x|get-download-uri
"""
PROXY = """
GET artifacts?path=..|artifacts/${uid}|presigned/..%2fx
PUT artifacts/${uid}/
DELETE artifacts/${uid}
POST mpu/create/${uid}|mpu/complete/${uid}|mpu/abort/${uid}
"""
NOT_OFFERED = {
    "2.0": """
POST traces|traces/delete-traces|traces/link-to-run|traces/link-prompts
GET traces|traces/x/info
PATCH traces/x|traces/x/tags
DELETE traces/x/tags
POST webhooks|webhooks/x/test
GET webhooks|webhooks/x
PATCH webhooks/x
DELETE webhooks/x
""",
    "3.0": """
POST traces|traces/batchGetInfos|traces/search|traces/delete-traces|traces/calculate-filter-correlation|traces/metrics|traces/x/assessments
GET traces/x|traces/get|traces/batchGet|traces/x/assessments/y
PATCH traces/x/tags|traces/x/assessments/y
DELETE traces/x/tags|traces/x/assessments/y
POST issues|issues/search|datasets/create|datasets/search|datasets/x/records|datasets/x/add-experiments|scorers/register
GET issues/x|datasets/search|datasets/x|datasets/x/records|datasets/x/experiment-ids|scorers/list|scorers/get|scorers/online-configs
DELETE datasets/x|datasets/x/tags/y|scorers/delete
PATCH issues/x|datasets/x/tags
PUT scorers/online-config
POST prompt-optimization/jobs|prompt-optimization/jobs/x/cancel|prompt-optimization/jobs/search
GET prompt-optimization/jobs/x|label-schemas/list|review-queues/list
POST gateway/secrets/create|gateway/endpoints/create|gateway/model-definitions/create|gateway/budgets/create|gateway/guardrails/create
GET gateway/secrets/list|gateway/endpoints/list|gateway/model-definitions/list|gateway/budgets/list|gateway/guardrails/list
GET workspaces|workspaces/x
POST workspaces
PATCH workspaces/x
DELETE workspaces/x
""",
}
OUTSIDE = """
POST /graphql|/v1/traces|/ajax-api/2.0/mlflow/gateway-proxy|/ajax-api/2.0/mlflow/runs/create-promptlab-run
GET /graphql|/ajax-api/2.0/mlflow/gateway-proxy|/ajax-api/2.0/mlflow/get-trace-artifact|/ajax-api/3.0/mlflow/ui-telemetry
GET /ajax-api/3.0/mlflow/get-trace-artifact|/ajax-api/3.0/mlflow/gateway/supported-providers|/ajax-api/3.0/mlflow/jobs/x|/ajax-api/3.0/jobs/x
POST /ajax-api/3.0/mlflow/scorer/invoke|/ajax-api/3.0/mlflow/issues/invoke|/ajax-api/3.0/jobs/search
"""


def routes(table):
    """Method and path of each; paths after the first share its folder unless they name one."""
    for line in table.split("\n"):
        method, _, rest = line.partition(" ")
        folder = ""
        for path in filter(None, rest.split("|")):
            if "/" in path:
                folder = path.rpartition("/")[0] + "/"
            yield method, path if "/" in path or not folder else folder + path


def ask(method, path, **fields):
    body = {"json": {"start_time": "x"} if path.endswith("runs/create") else {}} if method in ("POST", "PATCH", "DELETE") else {"text": "x"} if method == "PUT" else {}
    s.call(f"{method} {path}", method, path, **body, **fields)


for prefix in ("api", "ajax-api"):
    for method, path in routes(OFFERED):
        ask(method, f"/{prefix}/2.0/mlflow/{path}")
    for method, path in routes(PROXY):
        ask(method, f"/{prefix}/2.0/mlflow-artifacts/{path}")
for path in ("metrics/get-history-bulk", "logged-models/m-x/artifacts/files"):
    ask("GET", f"/ajax-api/2.0/mlflow/{path}")
    ask("GET", f"/api/2.0/mlflow/{path}")
for path in ("upload-artifact", "experiments/search-datasets"):
    ask("POST", f"/ajax-api/2.0/mlflow/{path}")
    ask("POST", f"/api/2.0/mlflow/{path}")
ask("GET", "/get-artifact", loose="stock answers with a page of HTML", ours={"status": 400})
ask("GET", "/model-versions/get-artifact?path=x")

LACKING = {"status": 404, "not_json": True}
for version, table in NOT_OFFERED.items():
    for method, path in routes(table):
        ask(method, f"/api/{version}/mlflow/{path}", deviation="not offered", ours=LACKING)
for method, path in routes(OUTSIDE):
    ask(method, path, deviation="not offered", ours=LACKING)
