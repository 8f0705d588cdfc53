"""A strict reader of Prometheus's text exposition format 0.0.4, written from its specification.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import math
import re

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
_SAMPLE = re.compile(rf"^({_NAME})(?:\{{({_LABEL}(?:,{_LABEL})*)\}})? (\S+)$")
_HELP = re.compile(rf"^# HELP ({_NAME}) (.*)$")
_TYPE = re.compile(rf"^# TYPE ({_NAME}) (counter|gauge|histogram|summary|untyped)$")
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"')

Samples = dict[tuple[str, frozenset], float]


def read(text: str) -> tuple[Samples, dict[str, str]]:
    """Samples by name and labels, and the type of each family. Raises AssertionError with the line that is wrong."""
    samples: Samples = {}
    types: dict[str, str] = {}
    family, ended = "", set()
    assert text.endswith("\n"), "the last line must end with a line feed"
    for line in text.splitlines():
        if match := _HELP.match(line):
            assert match[1] not in ended, f"family twice: {line}"
            ended.add(match[1])
            family = match[1]
        elif match := _TYPE.match(line):
            assert match[1] == family and match[1] not in types, f"TYPE not right behind its HELP: {line}"
            types[match[1]] = match[2]
        else:
            match = _SAMPLE.match(line)
            assert match, f"no sample: {line}"
            name, labels, value = match[1], frozenset(_PAIR.findall(match[2] or "")), match[3]
            suffixes = ("_bucket", "_sum", "_count") if types.get(family) == "histogram" else ("",)
            assert name in {family + suffix for suffix in suffixes}, f"sample outside of its family: {line}"
            assert (name, labels) not in samples, f"series twice: {line}"
            samples[name, labels] = float(value.replace("Inf", "inf"))
    for name, kind in types.items():
        if kind == "counter":
            assert name.endswith("_total"), f"counter without _total: {name}"
        if kind == "histogram":
            _check_histogram(name, samples)
    return samples, types


def _check_histogram(name: str, samples: Samples) -> None:
    series: dict[frozenset, list[tuple[float, float]]] = {}
    for (sample, labels), value in samples.items():
        if sample == f"{name}_bucket":
            bounds = dict(labels)
            bound = float(bounds.pop("le").replace("Inf", "inf"))
            series.setdefault(frozenset(bounds.items()), []).append((bound, value))
    for labels, buckets in series.items():
        buckets.sort()
        counts = [count for _, count in buckets]
        assert counts == sorted(counts), f"buckets of {name} shrink"
        assert math.isinf(buckets[-1][0]), f"{name} has no bucket +Inf"
        assert buckets[-1][1] == samples[f"{name}_count", labels], f"count of {name} is not its last bucket"
        assert (f"{name}_sum", labels) in samples


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]
