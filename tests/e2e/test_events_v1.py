"""The journal by API v1: a list, and server-sent events as they happen, on both stores."""

import concurrent.futures
import json
import socket
import threading
import time

import pytest
import requests
from support.api import BASE, Api, expect_problem


def test_the_journal_is_a_list_in_order(api, project):
    tasks = [api.make("task", project["key"]) for _ in range(5)]
    query = {"project": project["id"], "kind": "task.*", "limit": 2}
    seen = []
    while True:
        page = api.good("event.list", query=query)
        seen += page["items"]
        if "next_page_token" not in page:
            break
        query["page_token"] = page["next_page_token"]
    assert [event["subject_id"] for event in seen] == [task["id"] for task in tasks]
    numbers = [event["seq"] for event in seen]
    assert numbers == sorted(set(numbers))
    assert seen[0]["payload"]["key"] == tasks[0]["key"] and seen[0]["request_id"]
    after = api.good("event.list", query={"project": project["id"], "kind": ["task.created", "project.*"], "after": numbers[2]})
    assert [event["seq"] for event in after["items"]] == numbers[3:]
    assert api.good("event.list", query={"actor": "nobody at all"})["items"] == []
    for query in ({"limit": 0}, {"limit": 1001}, {"after": -1}, {"page_token": "x"}):
        api.refused(400, "invalid_parameter", "event.list", query=query)


class Stream:
    """A reader of server-sent events (WHATWG HTML, section 9.2), on a socket of its own."""

    def __init__(self, api: Api, query: str = "", last: str | None = None, receive_buffer: int | None = None):
        host, port = api.url.removeprefix("http://").split(":")
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(20)
        self.socket.connect((host, int(port)))
        resume = f"Last-Event-ID: {last}\r\n" if last else ""
        self.socket.sendall(f"GET {BASE}/events{query} HTTP/1.0\r\nHost: localhost\r\n{resume}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.head = b"".join(iter(self.file.readline, b"\r\n")).decode()

    def next(self) -> dict:
        """One event: its id, its name and its data."""
        found, data = {}, []
        for line in self.file:
            text = line.decode().rstrip("\r\n")
            if not text:
                if data:
                    return {**found, "data": json.loads("\n".join(data))}
                continue
            name, _, value = text.partition(":")
            if name == "data":
                data.append(value.removeprefix(" "))
            elif name:
                found[name] = value.removeprefix(" ")
        raise EOFError("the stream has ended")

    def close(self) -> None:
        self.file.close()
        self.socket.close()


def test_events_come_as_they_happen_and_resume(api, project):
    stream = Stream(api, f"?project={project['id']}")
    assert stream.head.startswith("HTTP/1.") and " 200 " in stream.head.splitlines()[0]
    assert "text/event-stream" in stream.head and "no-cache" in stream.head
    first = api.make("task", project["key"])
    begun = time.monotonic()
    event = stream.next()
    assert time.monotonic() - begun < 5
    assert (event["event"], event["data"]["subject_id"]) == ("task.created", first["id"])
    assert event["id"] == str(event["data"]["seq"])
    assert not api.spec.errors({"$ref": "#/components/schemas/Event"}, event["data"])
    stream.close()
    missed = [api.make("task", project["key"]) for _ in range(3)]
    resumed = Stream(api, f"?project={project['id']}", last=event["id"])
    assert [resumed.next()["data"]["subject_id"] for _ in missed] == [task["id"] for task in missed]
    resumed.close()
    after = Stream(api, f"?project={project['id']}&after=0")
    assert after.next()["event"] == "project.created"
    after.close()
    refused = requests.get(f"{api.url}{BASE}/events", headers={"Last-Event-ID": "x"}, timeout=10)
    expect_problem(refused, 400, "invalid_parameter")


def test_events_are_filtered(api, project):
    streams = {
        "kind": Stream(api, f"?project={project['id']}&kind=requirement.*&kind=task.deleted"),
        "subject": Stream(api, f"?subject_type=project&subject_id={project['id']}"),
        "actor": Stream(api, "?actor=nobody"),
    }
    task = api.make("task", project["key"])
    requirement = api.make("requirement", project["key"])
    api.call("task.delete", task["key"])
    api.good("project.update", project["key"], body={"title": "renamed"})
    kinds = [streams["kind"].next() for _ in range(2)]
    assert [event["event"] for event in kinds] == ["requirement.created", "task.deleted"]
    assert kinds[0]["data"]["subject_id"] == requirement["id"]
    assert streams["subject"].next()["event"] == "project.updated"
    streams["actor"].socket.settimeout(0.5)
    with pytest.raises(TimeoutError):
        streams["actor"].next()
    for stream in streams.values():
        stream.close()


def test_a_slow_reader_gets_everything_and_keeps_nobody_waiting(api, project):
    slow = Stream(api, f"?project={project['id']}&after=0", receive_buffer=4096)
    title = "x" * 400
    made: list[str] = []
    lock = threading.Lock()

    def make(_) -> None:
        with requests.Session() as session:
            for _ in range(150):
                answer = session.post(f"{api.url}{BASE}/tasks", json={"project": project["key"], "title": title}, timeout=30)
                with lock:
                    made.append(answer.json()["id"])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(8)))
    begun = time.monotonic()
    assert api.good("server.info")["name"] == "stetig"
    assert time.monotonic() - begun < 2
    events = [slow.next() for _ in range(len(made) + 1)]
    slow.close()
    assert events[0]["event"] == "project.created"
    assert {event["data"]["subject_id"] for event in events[1:]} == set(made)
    numbers = [event["data"]["seq"] for event in events]
    assert numbers == sorted(set(numbers))
