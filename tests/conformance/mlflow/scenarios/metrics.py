"""Metrics: values, duplicates, latest value, history, bulk history, sampled history."""

from scenario import AJAX, Scenario, done, error, invalid, missing, text_json

scenario = s = Scenario("metrics")
HALF = "stock goes on with a half-parsed request"
L = "runs/log-metric"
H = "metrics/get-history"

s.experiment("e", "metrics-${uid}")
s.run("r", "e")
s.run("f", "e")  # takes the calls that stock half accepts, so that they leave no trace in what is compared

def metric(name, key="m", run="${r}", **fields):
    body = {"run_id": "${f}" if "deviation" in fields else run, "key": key, "value": 1.0, "timestamp": 10, "step": 0}
    body.update(fields.pop("with_", {}))
    for field in fields.pop("without", ()):
        del body[field]
    s.post(name, L, body, **fields)

# Values.
for label, value in (
    ("integer", 3), ("negative zero", -0.0), ("tiny", 5e-324), ("largest", 1.7976931348623157e308), ("third", 1 / 3),
    ("number as text", "2.5"), ("exponent as text", "1e3"), ("NaN", "NaN"), ("Infinity", "Infinity"), ("-Infinity", "-Infinity"),
    ("large integer", 2**53 + 1), ("true counts as 1", True),
):
    metric(f"value: {label}", "v/" + label.replace("-", "minus "), with_={"value": value})
s.get("the latest values", "runs/get", {"run_id": "${r}"})
s.post("value: bare NaN literal", L, **text_json('{"run_id": "${f}", "key": "lit", "value": NaN, "timestamp": 1}'), deviation=HALF)
s.post("value: bare Infinity literal", L, **text_json('{"run_id": "${f}", "key": "lit", "value": Infinity, "timestamp": 1}'), deviation=HALF)
s.post("value: 1e400", L, **text_json('{"run_id": "${f}", "key": "lit", "value": 1e400, "timestamp": 1}'), deviation=HALF)
for label, value in (("lower-case nan", "nan"), ("inf", "inf")):
    metric(f"value: {label} as text", "lit", with_={"value": value}, deviation=HALF)
for label, value in (("text", "abc"), ("empty text", ""), ("list", [1]), ("object", {"a": 1})):
    fields = {"deviation": "stock answers 500"} if isinstance(value, (list, dict)) else {}
    metric(f"value: {label}", "bad", with_={"value": value}, **fields)
metric("value: null", "bad", with_={"value": None})
metric("value missing", "bad", without=["value"])
metric("timestamp missing", "bad", without=["timestamp"])
metric("key missing", without=["key"])
metric("run missing", without=["run_id"])
metric("step missing means 0", "nostep", without=["step"])
metric("timestamp 0", "zero", with_={"timestamp": 0})
metric("timestamp negative", "bad", with_={"timestamp": -1})
metric("timestamp is text", "bad", with_={"timestamp": "x"})
metric("timestamp as text", "numtext", with_={"timestamp": "12"})
metric("timestamp is a fraction", "bad", with_={"timestamp": 1.5}, deviation=HALF)
metric("timestamp is a bool", "bad", with_={"timestamp": True}, deviation=HALF)
metric("step negative", "neg", with_={"step": -5})
metric("step largest", "neg", with_={"step": 2**63 - 1})
metric("step smallest", "neg", with_={"step": -(2**63)})
metric("step is text", "bad", with_={"step": "x"})
metric("step as text", "numtext", with_={"step": "3"})
metric("step too large", "bad", with_={"step": 2**63}, deviation=HALF)
metric("key is a number", 5)
metric("key with Unicode", "größe 中/a.b-c_d:e f")
metric("key of 250 characters", {"$repeat": ["é", 250]})
metric("key of 251 characters", {"$repeat": ["é", 251]})
for key in ("a$", "../m", "a//b", "/a", "a/", ".", "a\nb", "a?b"):
    metric(f"key {key!r} refused", key)
metric("unknown run", run="abc")
metric("run id is a number", run=5)
s.post("by run_uuid", L, {"run_uuid": "${r}", "key": "uuid", "value": 1, "timestamp": 1})
s.post("camel case of the id does not count", L, {"runId": "${r}", "key": "uuid", "value": 1, "timestamp": 1})
s.get("none of the bad ones is there", H, {"run_id": "${r}", "metric_key": "bad"})
for key in ("bad", "lit"):
    s.get(f"ours wrote nothing of what stock half accepted: {key}", H, {"run_id": "${f}", "metric_key": key}, deviation=HALF, ours=done())
s.get("steps at both ends", H, {"run_id": "${r}", "metric_key": "neg"})

# Latest value: by (step, timestamp, value), not by arrival; duplicates are dropped.
for step, timestamp, value in ((1, 5, 0.5), (0, 9, 0.9), (1, 4, 0.4), (1, 5, 0.5), (1, 5, 0.4), (1, 5, 0.6), (-1, 99, 7)):
    metric(f"latest: step {step} time {timestamp} value {value}", "l", with_={"step": step, "timestamp": timestamp, "value": value})
s.get("latest: history is ordered by time, step, value, without the duplicate", H, {"run_id": "${r}", "metric_key": "l"})
for value in ("NaN", -1.0, "NaN", 0.0):
    metric(f"latest with NaN: {value}", "ln", with_={"value": value})
s.get("latest with NaN: history", H, {"run_id": "${r}", "metric_key": "ln"})
metric("clamped infinity", "inf", with_={"value": "Infinity", "step": 1})
metric("clamped infinity again", "inf", with_={"value": "Infinity", "step": 1})
s.get("clamped infinity in history", H, {"run_id": "${r}", "metric_key": "inf"})
s.get("all latest values", "runs/get", {"run_id": "${r}"})

# History and its pages.
s.run("h", "e")
s.post("history: write 7 points", "runs/log-batch",
       {"run_id": "${h}", "metrics": {"$each": 7, "value": {"key": "m", "value": "#i", "timestamp": "#i", "step": "#i"}}})
s.get("history: all", H, {"run_id": "${h}", "metric_key": "m"})
s.get("history: by run_uuid", H, {"run_uuid": "${h}", "metric_key": "m"})
s.get("history: page 1", H, {"run_id": "${h}", "metric_key": "m", "max_results": 3}, bind={"p2": "next_page_token"})
s.get("history: page 2", H, {"run_id": "${h}", "metric_key": "m", "max_results": 3, "page_token": "${p2}"}, bind={"p3": "next_page_token"})
s.get("history: page 3", H, {"run_id": "${h}", "metric_key": "m", "max_results": 3, "page_token": "${p3}"})
s.get("history: exactly all, no token", H, {"run_id": "${h}", "metric_key": "m", "max_results": 7})
s.get("history: unknown key", H, {"run_id": "${h}", "metric_key": "none"})
s.get("history: unknown run", H, {"run_id": "abc", "metric_key": "m"})
s.get("history: run missing", H, {"metric_key": "m"})
s.get("history: key missing", H, {"run_id": "${h}"})
s.get("history: key empty", H, {"run_id": "${h}", "metric_key": ""})
for value in ("0", "-1"):
    s.get(f"history: max_results {value}", H, {"run_id": "${h}", "metric_key": "m", "max_results": value})
s.get("history: max_results is text", H, {"run_id": "${h}", "metric_key": "m", "max_results": "x"}, deviation=HALF)
for label, token in (("garbage", "xx"), ("base64 of garbage", "AAAA"), ("offset 0", "eyJvZmZzZXQiOiAwfQ=="), ("no offset", "e30=")):
    s.get(f"history: page token: {label}", H, {"run_id": "${h}", "metric_key": "m", "max_results": 3, "page_token": token})
s.get("history on the ajax path", AJAX + H, {"run_id": "${h}", "metric_key": "m", "max_results": 7})

# Bulk.
s.run("g", "e")
s.post("bulk: second run", "runs/log-batch", {"run_id": "${g}", "metrics": [
    {"key": "m", "value": "NaN", "timestamp": 1, "step": 0}, {"key": "m", "value": 2, "timestamp": 1, "step": 0},
    {"key": "m", "value": 3, "timestamp": 0, "step": 5}]})
K = AJAX + "metrics/get-history-bulk"
s.get("bulk: one run", K, {"run_id": "${g}", "metric_key": "m"})
s.get("bulk: at most 2", K, {"run_id": "${h}", "metric_key": "m", "max_results": 2})
s.get("bulk: unknown run", K, {"run_id": "abc", "metric_key": "m"})
s.get("bulk: unknown key", K, {"run_id": "${g}", "metric_key": "none"})
s.get("bulk: no run", K, {"metric_key": "m"})
s.get("bulk: no key", K, {"run_id": "${g}"})
s.get("bulk: 101 runs", K, {"run_id": ["a"] * 101, "metric_key": "m"})
s.get("bulk: max_results is text", K, {"run_id": "${g}", "metric_key": "m", "max_results": "x"}, deviation="stock answers 500")
s.get("bulk: only on the ajax path", "metrics/get-history-bulk", {"run_id": "${g}", "metric_key": "m"})

# Sampled history.
I = AJAX + "metrics/get-history-bulk-interval"
s.run("w", "e")
s.post("interval: write 100 points", "runs/log-batch", {"run_id": "${w}", "metrics":
       {"$each": 100, "value": {"key": "m", "value": "#i", "timestamp": "#i", "step": "#i"}}})
s.post("interval: write 9 points of one step", "runs/log-batch", {"run_id": "${w}", "metrics":
       {"$each": 9, "value": {"key": "flat", "value": "#i", "timestamp": "#i"}}})
for count in (1, 2, 3, 4, 7, 10, 33, 50, 66, 99, 100, 101, 2500):
    s.get(f"interval: 100 points as {count}", I, {"run_ids": "${w}", "metric_key": "m", "max_results": count})
for count in (2, 4, 5, 8, 9):
    s.get(f"interval: 9 points of one step as {count}", I, {"run_ids": "${w}", "metric_key": "flat", "max_results": count})
for start, end, count in ((10, 20, 5), (0, 0, 5), (95, 200, 3), (-5, 3, 10), (300, 400, 10), (7, 7, 1)):
    s.get(f"interval: steps {start} to {end} as {count}", I,
          {"run_ids": "${w}", "metric_key": "m", "start_step": start, "end_step": end, "max_results": count})
s.get("interval: no limit given", I, {"run_ids": "${h}", "metric_key": "m"})
s.get("interval: NaN among the points", I, {"run_ids": "${g}", "metric_key": "m", "max_results": 2})
s.get("interval: several runs in the order asked", I, {"run_ids": ["${w}", "${g}", "${h}"], "metric_key": "m", "max_results": 2})
s.get("interval: a run twice", I, {"run_ids": ["${g}", "${g}"], "metric_key": "m", "max_results": 1})
s.get("interval: unknown run", I, {"run_ids": "abc", "metric_key": "m"})
s.get("interval: unknown key", I, {"run_ids": "${w}", "metric_key": "none"})
s.get("interval: runs missing", I, {"metric_key": "m"})
s.get("interval: key missing", I, {"run_ids": "${w}"})
s.get("interval: start only", I, {"run_ids": "${w}", "metric_key": "m", "start_step": 2})
s.get("interval: end only", I, {"run_ids": "${w}", "metric_key": "m", "end_step": 2})
s.get("interval: start after end", I, {"run_ids": "${w}", "metric_key": "m", "start_step": 5, "end_step": 2})
s.get("interval: start is text", I, {"run_ids": "${w}", "metric_key": "m", "start_step": "x", "end_step": 2})
for value in ("0", "2501", "-1", "x"):
    s.get(f"interval: max_results {value}", I, {"run_ids": "${w}", "metric_key": "m", "max_results": value})
s.get("interval: 101 runs", I, {"run_ids": ["a"] * 101, "metric_key": "m"})
s.get("interval on the api path", "metrics/get-history-bulk-interval", {"run_ids": "${w}", "metric_key": "m", "max_results": 2})
