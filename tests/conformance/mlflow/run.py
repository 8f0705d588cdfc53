#!/usr/bin/env python3
"""Plays the golden MLflow calls against a running server and reports every difference.

    run.py --server http://127.0.0.1:5000 [--stock] [--only runs,search] [--verbose]
"""

import argparse
import json
import pathlib
import sys
import time
import uuid

import golden

HERE = pathlib.Path(__file__).parent
CASES = HERE / "cases"


def topics():
    return sorted(path.stem for path in CASES.glob("*.json"))


def load(topic):
    return json.loads((CASES / f"{topic}.json").read_text(encoding="utf-8"))


def play_topic(client, topic, stock=False):
    """Plays one topic with a fresh `uid`, so that a suite can run again on the same server.
    Returns (number of steps, list of readable differences)."""
    variables = {"uid": "q" + uuid.uuid4().hex[:9]}
    report = []
    count = 0
    for step, differences in golden.play(client, load(topic), variables, stock):
        count += 1
        if differences:
            report.append(describe(topic, step, differences))
    return count, report


def describe(topic, step, differences):
    lines = [f"{topic} · {step['name']}: {step['method']} {step['path']}"]
    for key in ("query", "json", "text"):
        if key in step:
            lines.append(f"    {key}: {_short(step[key])}")
    for path, expected, found in differences:
        lines.append(f"    at {path}\n      expected {_short(expected)}\n      found    {_short(found)}")
    return "\n".join(lines)


def _short(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 400 else text[:400] + f"… ({len(text)} characters)"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--server", required=True, help="base URL of the server under test")
    parser.add_argument("--stock", action="store_true", help="the server is stock MLflow: skip deviations")
    parser.add_argument("--only", help="topics, separated by commas")
    parser.add_argument("--authorization", help="value of the Authorization header")
    arguments = parser.parse_args()
    client = golden.Client(arguments.server, keep_alive=not arguments.stock, auth=arguments.authorization)
    chosen = arguments.only.split(",") if arguments.only else topics()
    total = failed = 0
    start = time.monotonic()
    for topic in chosen:
        count, report = play_topic(client, topic, arguments.stock)
        total += count
        failed += len(report)
        print(f"{topic}: {count - len(report)} of {count} steps agree")
        for entry in report:
            print("  " + entry.replace("\n", "\n  "))
    client.close()
    print(f"{total - failed} of {total} steps agree, {time.monotonic() - start:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
