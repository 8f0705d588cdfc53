"""The wire: content types, bodies, encodings, unknown paths and methods, server information, host and origin."""

from scenario import AJAX, API, Scenario, done, error, invalid, missing, text_json

scenario = s = Scenario("protocol")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
C = "experiments/create"

# Server information.
s.get("health", "/health", record_headers=["content-type"])
s.get("version is a version of MLflow", "/version", loose="the version is the one this suite tracks, or what is configured",
      ours={"status": 200})
INFO = done({"store_type": "SqlStore", "workspaces_enabled": "<bool>", "trace_archival_enabled": "<bool>",
             "multipart_uploads_enabled": "<bool>", "multipart_downloads_enabled": "<bool>",
             "presigned_upload_run_id_supported": "<bool>", "presigned_upload_model_id_supported": "<bool>",
             "features_enabled": {"gateway": "<bool>"}})
for path in ("/api/3.0/mlflow/server-info", "/ajax-api/3.0/mlflow/server-info"):
    s.get(f"server-info at {path}", path, loose="the flags say what a server offers, so they differ", ours=INFO)
s.get("server-info is not in 2.0", "server-info")
s.get("headers that forbid sniffing and framing", "experiments/get", {"experiment_id": "0"},
      record_headers=["x-content-type-options", "x-frame-options", "content-type"])

# Unknown paths and methods: never JSON, since clients fall back on such a 404.
for path in ("/nope", API + "nope", API + "runs/nope", "/api/3.0/mlflow/nope", "/api/2.0/nope", "/api/1.0/mlflow/runs/get", "/ajax-api/2.0/mlflow/nope",
             "/api/2.0/mlflow/runs/get/"):
    s.get(f"unknown path {path}", path)
s.get("two slashes in a path", "/api/2.0/mlflow//runs/get", loose="stock redirects to the path with one slash",
      ours={"status": [308, 404], "not_json": True})
s.post("unknown path by POST", "nope", {})
s.get("GET of a POST path", "runs/create")
s.post("POST of a GET path", "runs/get", {})
s.call("DELETE of a POST path", "DELETE", "experiments/delete")
s.call("PUT of a POST path", "PUT", "experiments/create", text="{}")
s.call("POST of a PATCH path", "POST", "registered-models/update", text="{}", headers={"Content-Type": "application/json"})
s.call("HEAD", "HEAD", "experiments/get", query={"experiment_id": "0"}, loose="stock takes a HEAD for a GET without arguments; no client sends one",
       ours={"status": [200, 400, 405]})

# Content types: checked on POST and PUT, never on PATCH and DELETE.
for label, headers in (("missing", {}), ("text", {"Content-Type": "text/plain"}), ("form", FORM),
                       ("JSON in capitals", {"Content-Type": "Application/JSON"}), ("a suffix", {"Content-Type": "application/jsonx"}),
                       ("another JSON type", {"Content-Type": "application/vnd.api+json"}), ("a list", {"Content-Type": "application/json, text/plain"})):
    s.call(f"content type {label}", "POST", C, text='{"name": "ct-${uid}"}', headers=headers)
s.call("content type with a charset", "POST", C, text='{"name": "ct1-${uid}"}', headers={"Content-Type": "application/json; charset=utf-8"},
       bind={"ct": "experiment_id|experiment_id"})
s.call("content type with a blank before the semicolon", "POST", C, text='{"name": "ct2-${uid}"}', headers={"Content-Type": "application/json ;a=b"})
s.post("registered model for PATCH and DELETE", "registered-models/create", {"name": "ct-${uid}"})
for label, headers in (("no", {}), ("a form", FORM)):
    s.call(f"PATCH with {label} content type", "PATCH", "registered-models/update", text='{"name": "ct-${uid}", "description": "d"}', headers=headers)
    s.call(f"DELETE with {label} content type", "DELETE", "registered-models/delete-tag", text='{"name": "ct-${uid}", "key": "k"}', headers=headers)
s.call("the content type comes before everything else", "POST", "runs/log-metric", text="", headers={})

# Bodies.
for label, text in (("empty", ""), ("blank", "  "), ("not JSON", "name=x"), ("cut off", '{"name": "x'), ("null", "null"),
                    ("an object, then more", '{"name": "x"} x'), ("single quotes", "{'name': 'x'}"), ("a comment", '{"name": "x"} // c'),
                    ("a trailing comma", '{"name": "tc-${uid}",}'), ("an empty object", "{}")):
    s.post(f"body: {label}", C, **text_json(text))
for label, text in (("not JSON", "x=y"), ("cut off", '{"filter": "x'), ("a lone surrogate", '{"filter": "\\ud800"}'), ("too large a number", '{"max_results": 1e400}')):
    s.post(f"body: {label}, where nothing is required", "runs/search", **text_json(text), deviation="stock takes it for an empty message or half of one")
s.post("body: blank, where nothing is required", "runs/search", **text_json("  "))
s.call("body: invalid UTF-8", "POST", C, base64="eyJuYW1lIjogIv/+In0=", headers={"Content-Type": "application/json"})
s.call("body: lone surrogate", "POST", C, text='{"name": "a\\ud800-${uid}"}', headers={"Content-Type": "application/json"},
       loose="stock names the database driver's fault",
       ours=error(400, "<any>"))
s.call("body: byte order mark", "POST", C, base64="77u/eyJuYW1lIjogImJvbSJ9", headers={"Content-Type": "application/json"},
       loose="a parser may accept it or not", ours={"status": [200, 400]})
STOCK_500 = "stock answers 500"
for label, text in (("a list", "[]"), ("a list of objects", '[{"name": "x"}]'), ("a number", "5"), ("true", "true"),
                    ("a doubly encoded list", '"[]"'), ("a doubly encoded broken object", '"{"'), ("a plain string", '"abc"')):
    s.post(f"body: {label}", C, **text_json(text), deviation=STOCK_500)
s.post("body: doubly encoded", C, **text_json('"{\\"name\\": \\"dd-${uid}\\"}"'), bind={"dd": "experiment_id|experiment_id"})
s.post("body: duplicate keys, the last wins", "experiments/set-experiment-tag",
       **text_json('{"experiment_id": "${dd}", "key": "a", "key": "b", "value": "1", "value": "2"}'))
s.post("body: duplicate keys, the first of a wrong type", "experiments/set-experiment-tag",
       **text_json('{"experiment_id": "${dd}", "key": 5, "key": "c", "value": {}, "value": "3"}'))
s.post("body: duplicate keys, the last of a wrong type", "experiments/set-experiment-tag",
       **text_json('{"experiment_id": "${dd}", "key": "c", "value": "4", "key": 5}'))
s.get("the last of the duplicate keys", "experiments/get", {"experiment_id": "${dd}"})
s.post("body: escapes", "experiments/set-experiment-tag",
       **text_json('{"experiment_id": "${dd}", "key": "esc", "value": "\\u00fc\\ud83d\\ude00\\n\\t\\"\\\\\\/\\u0001"}'))
s.get("the escapes come back", "experiments/get", {"experiment_id": "${dd}"})
s.post("body: keys in another order, blanks, line feeds", "experiments/set-experiment-tag",
       **text_json('\n{ "value" :\t"1" ,\r\n"key": "ws" , "experiment_id" : "${dd}" }\n'))
s.post("body: unknown fields of every kind", "experiments/set-experiment-tag",
       {"experiment_id": "${dd}", "key": "unk", "value": "1", "a": None, "b": [1, {"c": []}], "d": 1e99, "e": {}, "Key": 5})
s.post("body: nested 40 deep in an unknown field", "experiments/set-experiment-tag",
       **text_json('{"experiment_id": "${dd}", "key": "nest", "value": "1", "x": ' + "[" * 40 + "]" * 40 + "}"))
s.post("body: nested 100,000 deep", C, **text_json("[" * 100_000), deviation="stock answers 500 or closes", ours={"status": 400})
s.post("body: null fields are unset", "runs/search", {"experiment_ids": ["${dd}"], "filter": None, "order_by": None, "page_token": None})
s.post("body: a number as text for an int64", "experiments/search", {"max_results": "1", "filter": "name = 'dd-${uid}'"})
s.post("body: an integral float for an int64", "experiments/search", {"max_results": 1.0, "filter": "name = 'dd-${uid}'"})
s.post("body: an enum by number", "experiments/search", {"max_results": 1, "view_type": 2, "filter": "name = 'dd-${uid}'"})
s.post("body: an enum by name", "experiments/search", {"max_results": 1, "view_type": "DELETED_ONLY", "filter": "name = 'dd-${uid}'"})

# Queries.
s.get("query: repeated scalar, the first wins", "experiments/get", {"experiment_id": ["${dd}", "${ct}"]})
s.get("query: plus is a blank", "experiments/get-by-name?experiment_name=a+b+${uid}")
s.get("query: percent escapes", "experiments/get-by-name?experiment_name=dd%2D${uid}")
s.get("query: Unicode", "experiments/get-by-name", {"experiment_name": "ü中-${uid}"})
s.get("query: camel case is not read", "experiments/get", {"experimentId": "${dd}"})
s.get("query: experiments/search by GET", "experiments/search", {"max_results": "2", "filter": "name = 'dd-${uid}'", "order_by": ["name", "experiment_id DESC"]})
s.get("query: enum by name", "experiments/search", {"max_results": "2", "view_type": "ALL", "filter": "name = 'dd-${uid}'"})
s.get("query: enum by number", "experiments/search", {"max_results": "2", "view_type": "1", "filter": "name = 'dd-${uid}'"})
s.call("query on POST is not read", "POST", C, query={"name": "q-${uid}"}, text="{}", headers={"Content-Type": "application/json"})

# Host and origin.
s.get("a foreign host", "experiments/get", {"experiment_id": "0"}, headers={"Host": "evil.example"}, loose="the text is free",
      ours={"status": 403, "not_json": True})
s.get("a foreign host may ask for health", "/health", headers={"Host": "evil.example"})
s.get("localhost with a port", "experiments/get-by-name", {"experiment_name": "dd-${uid}"}, headers={"Host": "localhost:1234"})
s.post("a write from a foreign origin", C, {"name": "o-${uid}"}, headers={"Origin": "http://evil.example"}, loose="the text is free",
       ours={"status": 403, "not_json": True})
s.get("a read from a foreign origin", "experiments/get-by-name", {"experiment_name": "dd-${uid}"}, headers={"Origin": "http://evil.example"})
s.post("a write from localhost", C, {"name": "o-${uid}"}, headers={"Origin": "http://localhost:3000"})
