"""Texts of people that are meant to do harm: stored and given back to the byte, and never as HTML."""

import pytest
from support.api import Api

TEXTS = {
    "script": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "link": "[click](javascript:alert(1)) ![x](data:text/html;base64,PHNjcmlwdD4=)",
    "end of a page": '</textarea></title></script><svg/onload=alert(1)>"\'`${{7*7}}',
    "turned round": "safe\u202egnp.exe\u2066 and \u200b\ufeff",
    "formula": '=HYPERLINK("http://example.org","x")',
    "windows": "one\r\ntwo\rthree\n",
    "front matter": "---\nid: !!python/object/apply:os.system [true]\na: &a [*a, *a]\n---\n",
    "deep": "> " * 5000 + "[" * 5000,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_comes_back_as_it_was_and_not_as_html(server, text):
    api = Api(server.url)
    key = api.project()["key"]
    made = api.make("requirement", key, text=text)
    answer = api.call("requirement.get", made["id"])
    assert answer.json()["text"] == text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert api.good("requirement.history", made["id"])["items"][0]["document"]["text"] == text


@pytest.mark.parametrize("data", [b'{"title": "a\\u0000b"}', b'{"title": "\xff\xfe"}', b'{"title": "\\ud800"}'], ids=["NUL", "no UTF-8", "half a pair"])
def test_a_title_that_is_no_text_is_refused(server, data):
    api = Api(server.url)
    project = api.project(title="Stays")
    answer = api.session.patch(f"{server.url}/api/v1/projects/{project['id']}", data=data, headers={"Content-Type": "application/json"}, timeout=30)
    assert answer.status_code == 400, answer.text
    assert api.good("project.get", project["id"]) == project
