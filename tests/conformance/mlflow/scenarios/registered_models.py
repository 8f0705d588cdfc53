"""Registered models: life, names, tags, aliases, prompts. Filters are in search_registry.py."""

from scenario import AJAX, Scenario, done, error, invalid, missing

scenario = s = Scenario("registered_models")
HALF = "stock goes on with a half-parsed request"
R = "registered-models/"
M = {"name": "m-${uid}"}

s.post("create", R + "create", {**M, "description": "d", "tags": [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}, {"key": "e", "value": ""}]},
       bind={"t0": "registered_model.last_updated_timestamp"})
s.post("create again", R + "create", M)
s.get("get", R + "get", M)
s.get("get on the ajax path", AJAX + R + "get", M)
s.post("create: bare", R + "create", {"name": "bare ünï-${uid}"})
s.get("get: bare, Unicode", R + "get", {"name": "bare ünï-${uid}"})
for name in ("a/b", "a:b", "..", ".", " ", "\t", "a/../b"):
    s.post(f"create: name {name!r} refused", R + "create", {"name": name})
    s.get(f"get: name {name!r} refused", R + "get", {"name": name})
s.post("create: name missing", R + "create", {})
s.post("create: name empty", R + "create", {"name": ""})
s.post("create: name is a number", R + "create", {"name": 5})
s.post("create: description is a number", R + "create", {"name": "x-${uid}", "description": 5})
s.post("create: tags is a string", R + "create", {"name": "x-${uid}", "tags": "a"})
s.post("create: tag key refused", R + "create", {"name": "x-${uid}", "tags": [{"key": "a$", "value": "b"}]})
s.post("create: tag value of 100,001", R + "create", {"name": "x-${uid}", "tags": [{"key": "a", "value": {"$repeat": ["v", 100001]}}]})
s.post("create: a tag is a string", R + "create", {"name": "xx-${uid}", "tags": ["a"]}, loose="stock goes on with a half-parsed request", ours=invalid())
s.get("none of these was made", R + "get", {"name": "x-${uid}"})
s.get("get: unknown", R + "get", {"name": "none-${uid}"})
s.get("get: missing", R + "get")
s.patch("update", R + "update", {**M, "description": "new"}, pause_ms=3)
s.get("updated, with a later time", R + "get", M, checks=[["registered_model.last_updated_timestamp", ">", "${t0}"]],
      bind={"t1": "registered_model.last_updated_timestamp"})
s.patch("update: no description clears it", R + "update", M)
s.patch("update: without JSON content type", R + "update", None, text='{"name": "m-${uid}", "description": "plain"}')
s.patch("update: description is a number", R + "update", {**M, "description": 5})
s.patch("update: unknown", R + "update", {"name": "none-${uid}", "description": "a"})
s.patch("update: name missing", R + "update", {"description": "a"})

# Tags.
s.post("tag: set", R + "set-tag", {**M, "key": "k", "value": "3"})
s.post("tag: no value", R + "set-tag", {**M, "key": "none"})
s.post("tag: Unicode", R + "set-tag", {**M, "key": "ü/中", "value": "😀"})
s.get("tags do not touch the time", R + "get", M)
s.post("tag: key missing", R + "set-tag", {**M, "value": "3"})
s.post("tag: value is a number", R + "set-tag", {**M, "key": "k", "value": 3})
s.post("tag: key refused", R + "set-tag", {**M, "key": "a$", "value": "3"})
s.post("tag: key path refused", R + "set-tag", {**M, "key": "../a", "value": "3"})
s.post("tag: key of 251", R + "set-tag", {**M, "key": {"$repeat": ["k", 251]}, "value": "3"})
s.post("tag: value of 100,001", R + "set-tag", {**M, "key": "k", "value": {"$repeat": ["k", 100001]}})
s.post("tag: unknown model", R + "set-tag", {"name": "none-${uid}", "key": "k", "value": "3"})
s.delete("tag: delete", R + "delete-tag", {**M, "key": "none"})
s.delete("tag: delete again succeeds", R + "delete-tag", {**M, "key": "none"})
s.delete("tag: delete, unknown model", R + "delete-tag", {"name": "none-${uid}", "key": "k"})
s.delete("tag: delete, key missing", R + "delete-tag", M)
s.delete("tag: delete, key refused", R + "delete-tag", {**M, "key": "a$"})

# Aliases.
for i in (1, 2, 3):
    s.post(f"version {i}", "model-versions/create", {**M, "source": f"s3://b/{i}"}, pause_ms=2)
A = R + "alias"
s.post("alias: set", A, {**M, "alias": "champion", "version": "1"})
s.get("alias: get", A, {**M, "alias": "champion"})
s.post("alias: move", A, {**M, "alias": "champion", "version": "2"})
s.post("alias: set again", A, {**M, "alias": "champion", "version": "2"})
s.post("alias: a second one", A, {**M, "alias": "Other_1-é", "version": "2"})
s.get("alias: moved, both listed", A, {**M, "alias": "champion"})
s.get("alias: case counts", A, {**M, "alias": "Champion"})
s.get("aliases in the model", R + "get", M)
s.get("aliases in the version", "model-versions/get", {**M, "version": "2"})
s.get("alias: latest", A, {**M, "alias": "latest"})
s.get("alias: LATEST", A, {**M, "alias": "LATEST"})
s.get("alias: unknown", A, {**M, "alias": "none"})
s.get("alias: unknown model", A, {"name": "none-${uid}", "alias": "a"})
s.get("alias: missing", A, M)
s.get("alias: refused name", A, {**M, "alias": "a b"})
for alias in ("latest", "Latest", "v1", "V23", "a b", "a.b", "a/b"):
    s.post(f"alias: {alias!r} refused", A, {**M, "alias": alias, "version": "1"})
s.post("alias: of 255", A, {**M, "alias": {"$repeat": ["a", 255]}, "version": "1"})
s.post("alias: of 256", A, {**M, "alias": {"$repeat": ["a", 256]}, "version": "1"})
s.post("alias: v1a is fine", A, {**M, "alias": "v1a", "version": "3"})
s.post("alias: unknown version", A, {**M, "alias": "a", "version": "77"})
s.post("alias: version is no number", A, {**M, "alias": "a", "version": "x"})
s.post("alias: version is a JSON number", A, {**M, "alias": "a", "version": 1})
s.post("alias: version missing", A, {**M, "alias": "a"})
s.post("alias: unknown model on set", A, {"name": "none-${uid}", "alias": "a", "version": "1"})
s.delete("alias: delete", A, {**M, "alias": "v1a"})
s.delete("alias: delete again succeeds", A, {**M, "alias": "v1a"})
s.delete("alias: delete the long one", A, {**M, "alias": {"$repeat": ["a", 255]}})
s.delete("alias: delete, unknown model", A, {"name": "none-${uid}", "alias": "a"})
s.delete("alias: delete, refused name", A, {**M, "alias": "a b"})
s.delete("deleting version 2 drops its aliases", "model-versions/delete", {**M, "version": "2"})
s.get("no aliases left", R + "get", M)
s.get("the alias is gone", A, {**M, "alias": "champion"})

# Rename.
s.post("alias before the rename", A, {**M, "alias": "keep", "version": "1"})
s.post("rename to another model's name", R + "rename", {**M, "new_name": "bare ünï-${uid}"},
       deviation="stock appends the SQL statement to the message",
       ours=error(400, "RESOURCE_ALREADY_EXISTS", "Registered Model (name=bare ünï-${uid}) already exists."))
s.post("rename: new name refused", R + "rename", {**M, "new_name": "a/b"})
s.post("rename: new name blank", R + "rename", {**M, "new_name": " "})
s.post("rename: new name missing", R + "rename", M)
s.post("rename: unknown", R + "rename", {"name": "none-${uid}", "new_name": "n2-${uid}"})
s.post("rename", R + "rename", {**M, "new_name": "n-${uid}"})
s.get("the old name is gone", R + "get", M)
s.get("versions, tags and aliases moved", R + "get", {"name": "n-${uid}"})
s.get("version under the new name", "model-versions/get", {"name": "n-${uid}", "version": "1"})
s.get("alias under the new name", A, {"name": "n-${uid}", "alias": "keep"})
s.post("the old name is free", R + "create", M)
s.delete("delete", R + "delete", {"name": "n-${uid}"})
s.delete("delete again", R + "delete", {"name": "n-${uid}"})
s.delete("delete: missing", R + "delete", {})
s.delete("delete: without JSON content type", R + "delete", None, text='{"name": "m-${uid}"}')
s.get("latest versions of a deleted model", R + "get-latest-versions", {"name": "n-${uid}"})
s.post("the name is free, versions start anew", R + "create", {"name": "n-${uid}"})
s.post("version 1 again", "model-versions/create", {"name": "n-${uid}", "source": "s3://b/new"})
s.get("alias latest of a model without versions", A, {"name": "bare ünï-${uid}", "alias": "latest"})

# Prompts.
PROMPT = {"key": "mlflow.prompt.is_prompt", "value": "true"}
s.post("prompt: create, the last of two tags counts", R + "create", {"name": "pp-${uid}", "tags": [{**PROMPT, "value": "false"}, PROMPT]})
s.post("prompt: create again, the last of two tags counts", R + "create", {"name": "pp-${uid}", "tags": [{**PROMPT, "value": "false"}, PROMPT]})
s.post("create: a tag without key", R + "create", {"name": "tk-${uid}", "tags": [{"value": "v"}]})
s.post("prompt: create", R + "create", {"name": "p-${uid}", "tags": [PROMPT]})
s.post("prompt: create again", R + "create", {"name": "p-${uid}", "tags": [PROMPT]})
s.post("prompt: a model of that name", R + "create", {"name": "p-${uid}"})
s.post("prompt: the name of a model", R + "create", {"name": "n-${uid}", "tags": [PROMPT]})
s.post("prompt: version", "model-versions/create",
       {"name": "p-${uid}", "source": "dummy-source", "tags": [PROMPT, {"key": "mlflow.prompt.text", "value": "Hello {{x}}"}]})
s.post("prompt: version with a path", "model-versions/create",
       {"name": "p-${uid}", "source": "/etc/passwd", "tags": [PROMPT]})
