"""Sign-in through a real OpenID provider: the browser's way, the command line's way, and everything that has to be refused."""

import json
import re
import subprocess
import time
from urllib.parse import urlsplit

import pytest
import requests
from support.command import clean_environment, stetig
from support.oidc import Browser, Provider, Raw, query_of
from support.server import Server, free_port, stetig_binary

PEOPLE = {
    "p1": {"preferred_username": "ada", "groups": ["ml", "admins"], "email": "ada@example.org", "email_verified": True},
    "p2": {"preferred_username": "grace", "groups": ["ml", "urn:with:colons"], "email": "grace@example.org", "email_verified": False},
    "p3": {"preferred_username": "root", "groups": []},
    "p4": {"groups": ["ml"]},
    "p5": {"preferred_username": "name:with:colons"},
    "p6": {"preferred_username": "linus", "groups": ["nobody knows"]},
}
SERVER = "/api/v1/server"
ROOT_PASSWORD = "root has a pass phrase"


def clients(port: int) -> list[dict]:
    callback = {"redirect_uris": [f"http://127.0.0.1:{port}/api/v1/sign-in/callback"], "response_types": ["code"], "grant_types": ["authorization_code"]}
    public = callback | {"token_endpoint_auth_method": "none"}
    secret = callback | {"client_secret": "a secret: with/odd+characters & more, 32 bytes"}
    return [
        {"client_id": "stetig", **public},
        {"client_id": "stetig-es256", "id_token_signed_response_alg": "ES256", **public},
        {"client_id": "stetig-eddsa", "id_token_signed_response_alg": "EdDSA", **public},
        {"client_id": "stetig-hs256", "id_token_signed_response_alg": "HS256", **secret},
        {"client_id": "stetig-basic", "token_endpoint_auth_method": "client_secret_basic", **secret},
    ]  # fmt: skip


class Site:
    """A stetig whose people come through a provider, with one local admin called root."""

    def __init__(self, folder, issuer: str, *arguments: str, store: str | None = None, client: str = "stetig", secret: str = "", port: int = 0):
        self.server = Server(
            "stetig", folder, store, ("--oidc-issuer", issuer, "--oidc-client-id", client, "--oidc-roles", "admins=admin,ml=ml_engineer", *arguments)
        )
        if port:
            self.server.port = port
            self.server.url = f"http://127.0.0.1:{port}"
        if secret:
            self.server.environment["STETIG_OIDC_CLIENT_SECRET"] = secret
        self.place = ["--data", str(folder / "data"), *(["--store", store] if store else [])]
        done = stetig("user", "add", "root", "--role", "admin", *self.place, stdin=ROOT_PASSWORD)
        assert done.returncode == 0, done.stderr
        self.server.start()
        self.url = self.server.url

    def events(self, kind: str) -> list[dict]:
        answer = requests.get(f"{self.url}/api/v1/journal?kind={kind}&limit=1000", auth=("root", ROOT_PASSWORD), timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


def refused(answer: requests.Response, status: int, code: str) -> dict:
    assert answer.headers["Content-Type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    return problem


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def provider(request, port):
    if request.config.getoption("--server") == "stock":
        pytest.skip("stock MLflow has no such sign-in")
    made = Provider(clients(port), PEOPLE)
    yield made
    made.close()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def site(request, provider, port, tmp_path_factory):
    store = request.getfixturevalue("postgres").database() if request.param == "postgres" else None
    made = Site(tmp_path_factory.mktemp(f"oidc-{request.param}"), provider.issuer, store=store, port=port)
    yield made
    assert made.server.stop() == 0


@pytest.fixture
def other(provider, port, tmp_path):
    """other(*arguments, issuer=…, …): another server, which ends with the test."""
    made = []

    def start(*arguments: str, issuer: str | None = None, **more) -> Site:
        folder = tmp_path / str(len(made))
        own = free_port()
        made.append(Site(folder, issuer or provider.issuer, *arguments, port=own, **more))
        return made[-1]

    yield start
    for one in made:
        one.server.kill()


# The browser's way


def test_a_person_signs_in_and_out(site):
    browser = Browser()
    answer = browser.sign_in(site.url, "p1", "?return_to=/board%3Fx%3D1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/board?x=1")
    cookies = "\n".join(value for name, value in answer.raw.headers.items() if name.lower() == "set-cookie")
    session = re.search(r"stetig_session=([\w-]{43}); Path=/; Max-Age=604800; HttpOnly; SameSite=Lax", cookies)
    assert session, cookies
    assert "stetig_sign_in=; Path=/; Max-Age=0" in cookies
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    who = browser.get(site.url + SERVER).json()
    assert (who["user"], who["role"]) == ("ada", "admin")

    (mine,) = [one for one in browser.get(f"{site.url}/api/v1/sessions").json()["items"] if one["user"] == "ada"]
    assert (mine["way"], mine["address"]) == ("oidc", "127.0.0.1")
    assert site.events("user.signed_in")[-1]["subject_id"] == "ada"

    gone = browser.session.post(f"{site.url}/api/v1/sign-out", headers={"Origin": site.url}, timeout=10)
    assert gone.status_code == 204
    assert site.events("user.signed_out")[-1]["actor"] == "ada"
    stale = requests.get(site.url + SERVER, headers={"Cookie": f"stetig_session={session[1]}"}, timeout=10)
    refused(stale, 401, "session_ended")


def test_a_change_by_a_session_needs_the_origin_of_this_site(site):
    browser = Browser()
    assert browser.sign_in(site.url, "p1").status_code == 302
    create = f"{site.url}/api/2.0/mlflow/experiments/create"
    for origin, status in ((None, 403), ("https://evil.example", 403), ("null", 403), (site.url, 200)):
        headers = {"Origin": origin} if origin else {}
        made = browser.session.post(create, json={"name": f"by {origin} {time.time()}"}, headers=headers, timeout=10)
        assert made.status_code == status, (origin, made.text)
    out = browser.session.post(f"{site.url}/api/v1/sign-out", timeout=10)
    refused(out, 403, "origin_missing")


def test_role_and_groups_are_the_providers(site):
    browser = Browser()
    assert browser.sign_in(site.url, "p2").status_code == 302
    who = browser.get(site.url + SERVER).json()
    assert (who["user"], who["role"]) == ("grace", "ml_engineer")
    added = [event["refs"] for event in site.events("group.user_added") if event["subject_id"] == "ml"]
    assert [["user", "grace"]] in added
    assert not [event for event in site.events("group.created") if "colons" in event["subject_id"]]
    viewer = Browser()
    assert viewer.sign_in(site.url, "p6").status_code == 302
    assert viewer.get(site.url + SERVER).json()["role"] == "viewer"


def test_a_session_can_be_taken_away(site):
    ada, grace = Browser(), Browser()
    assert ada.sign_in(site.url, "p1").status_code == grace.sign_in(site.url, "p2").status_code == 302
    mine = grace.get(f"{site.url}/api/v1/sessions?everybody=true").json()["items"]
    assert {one["user"] for one in mine} == {"grace"}
    of_ada = next(one["id"] for one in ada.get(f"{site.url}/api/v1/sessions").json()["items"])
    not_hers = grace.session.delete(f"{site.url}/api/v1/sessions/{of_ada}", headers={"Origin": site.url}, timeout=10)
    refused(not_hers, 404, "no_such_session")
    newest = mine[0]["id"]
    ended = ada.session.delete(f"{site.url}/api/v1/sessions/{newest}", headers={"Origin": site.url}, timeout=10)
    assert ended.status_code == 204
    refused(grace.get(site.url + SERVER), 401, "session_ended")
    assert ada.get(site.url + SERVER).status_code == 200
    assert [["session", newest]] in [event["refs"] for event in site.events("session.ended")]


def test_local_users_cannot_be_taken_over(site):
    refused(Browser().sign_in(site.url, "p3"), 403, "name_taken")
    assert "name_taken" in [event["payload"]["reason"] for event in site.events("sign_in.refused")]


@pytest.mark.parametrize(("login", "code"), [("p4", "no_name"), ("p5", "name_refused")])
def test_names_that_cannot_be_used(site, login, code):
    refused(Browser().sign_in(site.url, login), 403, code)


def test_no_secret_is_stored_or_logged(site):
    browser = Browser()
    callback = browser.pass_provider(browser.begin(site.url), "p1")
    attempt = browser.session.cookies["stetig_sign_in"]
    assert browser.get(callback).status_code == 302
    secret = browser.session.cookies["stetig_session"]
    log = site.server.log.read_text()
    stored = b"".join(path.read_bytes() for path in (site.server.folder / "data").glob("stetig.db*"))
    for text in (secret, query_of(callback)["code"], attempt.split(".")[0]):
        assert text not in log
        assert text.encode() not in stored


# What has to be refused


def test_a_code_works_once(site):
    browser = Browser()
    callback = browser.pass_provider(browser.begin(site.url), "p1")
    attempt = browser.session.cookies["stetig_sign_in"]
    assert browser.get(callback).status_code == 302
    refused(Browser().get(callback), 403, "sign_in_not_begun")
    again = Browser().get(callback, Cookie=f"stetig_sign_in={attempt}")
    refused(again, 403, "code_used")


def test_the_provider_refuses_a_used_code_and_we_say_so(site, provider):
    """The same code in another sign-in of the same browser: our state is fresh, the code is not."""
    browser = Browser()
    first = browser.pass_provider(browser.begin(site.url), "p1")
    assert browser.get(first).status_code == 302
    state = query_of(browser.begin(site.url))["state"]
    again = browser.get(f"{site.url}/api/v1/sign-in/callback?code={query_of(first)['code']}&state={state}&iss={provider.issuer}")
    refused(again, 403, "code_refused")


def test_the_state_must_be_of_this_browser(site):
    victim, attacker = Browser(), Browser()
    url = attacker.pass_provider(attacker.begin(site.url), "p2")
    refused(victim.get(url), 403, "sign_in_not_begun")
    victim.begin(site.url)
    refused(victim.get(url), 403, "wrong_state")
    assert victim.get(site.url + SERVER).status_code == 401


def changed(url: str, name: str, value: str) -> str:
    made = re.sub(rf"([?&]{name}=)[^&]*", rf"\g<1>{value}", url)
    assert made != url
    return made


def test_the_nonce_must_be_of_this_sign_in(site):
    browser = Browser()
    url = changed(browser.begin(site.url), "nonce", "another")
    refused(browser.get(browser.pass_provider(url, "p1")), 403, "wrong_nonce")


def test_the_challenge_must_be_ours(site):
    browser = Browser()
    url = changed(browser.begin(site.url), "code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    refused(browser.get(browser.pass_provider(url, "p1")), 403, "code_refused")


def test_the_answer_must_be_of_this_provider(site):
    for change in (lambda url: changed(url, "iss", "https%3A%2F%2Fother.example"), lambda url: re.sub(r"&iss=[^&]*", "", url)):
        browser = Browser()
        callback = browser.pass_provider(browser.begin(site.url), "p1")
        refused(browser.get(change(callback)), 403, "wrong_issuer")


def test_an_error_of_the_provider_is_told(site):
    browser = Browser()
    state = query_of(browser.begin(site.url))["state"]
    path = f"{site.url}/api/v1/sign-in/callback?error=access_denied&error_description=%3Cb%3Eno&state={state}"
    shown = browser.get(path, Accept="text/html")
    assert shown.status_code == 403
    assert "access_denied &lt;b&gt;no" in shown.text
    assert shown.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "WWW-Authenticate" not in shown.headers


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "https://evil.example", "/%5Cevil.example", "%2F%2Fevil.example", "javascript:alert(1)", "/x%0D%0AY:z", "evil", "/" + "x" * 2000],
)
def test_there_is_no_open_redirect(site, target):
    refused(Browser().get(f"{site.url}/api/v1/sign-in?return_to={target}"), 400, "invalid_parameter")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "8.8.8.8"])
def test_the_host_must_be_ours(site, host):
    refused(Browser().get(f"{site.url}/api/v1/sign-in", Host=host), 403, "host_not_allowed")
    refused(Browser().get(f"{site.url}/api/v1/sign-in/callback?code=x&state=y", Host=host), 403, "host_not_allowed")


@pytest.mark.parametrize("cookie", ["", "x", "." * 6, "a" * 43 + ".1.x.y.0..", "é", "a" * 5000])
def test_foreign_cookies_are_no_sign_in(site, cookie):
    answer = Browser().get(f"{site.url}/api/v1/sign-in/callback?code=x&state=y", Cookie=f"stetig_sign_in={cookie}".encode())
    refused(answer, 403, "sign_in_not_begun")


@pytest.mark.parametrize("session", ["x", "A" * 43, "' OR 1=1 --", ""])
def test_foreign_sessions_are_nobody(site, session):
    refused(requests.get(site.url + SERVER, headers={"Cookie": f"stetig_session={session}"}, timeout=10), 401, "session_ended")


def test_two_session_cookies_are_none(site):
    browser = Browser()
    assert browser.sign_in(site.url, "p1").status_code == 302
    secret = browser.session.cookies["stetig_session"]
    answer = requests.get(site.url + SERVER, headers={"Cookie": f"stetig_session={secret}; stetig_session={secret}"}, timeout=10)
    assert answer.status_code == 401


# Other clients of the provider


def signs_in(provider_clients, site_of, tmp_path, **more):
    """A provider of its own for one server at a port of its own."""
    own = free_port()
    provider = Provider(clients(own), PEOPLE, **more)
    try:
        site = Site(tmp_path / "data-of-it", provider.issuer, port=own, **site_of)
        try:
            return Browser().sign_in(site.url, provider_clients)
        finally:
            site.server.kill()
    finally:
        provider.close()


@pytest.mark.parametrize("client", ["stetig-es256", "stetig-eddsa"])
def test_the_other_algorithms(tmp_path, provider, client):
    assert signs_in("p1", {"client": client}, tmp_path).status_code == 302


def test_a_client_with_a_secret(tmp_path, provider):
    secret = clients(1)[-1]["client_secret"]
    assert signs_in("p1", {"client": "stetig-basic", "secret": secret}, tmp_path).status_code == 302


def test_a_wrong_secret_is_our_own_fault(tmp_path, provider):
    problem = refused(signs_in("p1", {"client": "stetig-basic", "secret": "wrong"}, tmp_path), 503, "provider_answer_invalid")
    assert "invalid_client" in problem["detail"]


def test_shared_secrets_sign_nothing(tmp_path, provider):
    secret = clients(1)[-1]["client_secret"]
    problem = refused(signs_in("p1", {"client": "stetig-hs256", "secret": secret}, tmp_path), 403, "algorithm_refused")
    assert "HS256" in problem["detail"]


@pytest.mark.parametrize(("offset", "code"), [(-2 * 3600_000, "token_expired"), (600_000, "token_from_future")])
def test_a_provider_whose_clock_is_wrong(tmp_path, provider, offset, code):
    refused(signs_in("p1", {}, tmp_path, clock_offset_ms=offset), 403, code)


def test_new_keys_of_the_provider_are_fetched_at_once(tmp_path, provider):
    own, at = free_port(), free_port()
    first = Provider(clients(own), PEOPLE, port=at)
    site = Site(tmp_path / "data-of-it", first.issuer, port=own)
    try:
        assert Browser().sign_in(site.url, "p1").status_code == 302
        first.close()
        second = Provider(clients(own), PEOPLE, port=at)
        try:
            assert Browser().sign_in(site.url, "p1").status_code == 302
        finally:
            second.close()
    finally:
        first.close()
        site.server.kill()


# A provider in trouble


def local_sign_in_works(site) -> bool:
    return requests.get(site.url + SERVER, auth=("root", ROOT_PASSWORD), timeout=10).status_code == 200


def test_a_provider_that_is_down(other):
    site = other(issuer=f"http://127.0.0.1:{free_port()}")
    problem = refused(Browser().get(f"{site.url}/api/v1/sign-in"), 503, "provider_unavailable")
    assert "refused" in problem["detail"].lower()
    assert local_sign_in_works(site)


def test_a_provider_that_never_answers(other):
    silent = Raw(None)
    site = other("--oidc-timeout", "500ms", issuer=silent.url)
    begin = time.monotonic()
    refused(Browser().get(f"{site.url}/api/v1/sign-in"), 504, "provider_slow")
    assert 0.4 < time.monotonic() - begin < 4
    assert local_sign_in_works(site)
    silent.close()


@pytest.mark.parametrize(
    ("name", "body"),
    [("huge", b'{"issuer": "' + b"x" * 2_000_000 + b'"}'), ("other", b'{"issuer": "https://other.example"}'), ("broken", b"{"), ("list", b"[1]"),
     ("deep", b"[" * 10_000), ("html", b"<html></html>")],
)  # fmt: skip
def test_a_discovery_document_that_cannot_be_used(other, name, body):
    raw = Raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
    site = other(issuer=raw.url)
    refused(Browser().get(f"{site.url}/api/v1/sign-in"), 503, "provider_answer_invalid")
    assert local_sign_in_works(site)
    raw.close()


def test_a_redirect_of_the_provider_is_not_followed(other):
    raw = Raw(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    site = other(issuer=raw.url)
    refused(Browser().get(f"{site.url}/api/v1/sign-in"), 503, "provider_answer_invalid")
    raw.close()


# Who may come


def test_people_who_were_never_here(provider, tmp_path):
    own = free_port()
    mine = Provider(clients(own), PEOPLE)
    try:
        for word, login, outcome in (("refuse", "p1", "unknown_person"), ("link", "p1", "unknown_person"), ("link", "p3", None), ("create-or-link", "p1", None)):
            site = Site(tmp_path / f"{word}-{login}", mine.issuer, "--oidc-new-people", word, port=own)
            try:
                browser = Browser()
                answer = browser.sign_in(site.url, login)
                if outcome:
                    refused(answer, 403, outcome)
                    continue
                assert answer.status_code == 302, answer.text
                who = browser.get(site.url + SERVER).json()
                # root is in no group of the provider, but is the last admin.
                assert (who["user"], who["role"]) == (PEOPLE[login]["preferred_username"], "admin")
            finally:
                site.server.kill()
    finally:
        mine.close()


def test_an_email_address_as_name_must_be_verified(provider, tmp_path):
    own = free_port()
    mine = Provider(clients(own), PEOPLE)
    site = Site(tmp_path / "email", mine.issuer, "--oidc-name-claim", "email", port=own)
    try:
        refused(Browser().sign_in(site.url, "p2"), 403, "email_not_verified")
        browser = Browser()
        assert browser.sign_in(site.url, "p1").status_code == 302
        assert browser.get(site.url + SERVER).json()["user"] == "ada@example.org"
    finally:
        site.server.kill()
        mine.close()


def test_behind_a_proxy_with_tls_cookies_are_bound_to_the_host(other):
    site = other("--oidc-redirect-hosts", "https://ml.example.org")
    answer = Browser().get(f"{site.url}/api/v1/sign-in", Host="ml.example.org")
    assert re.match(r"__Host-stetig_sign_in=[^;]+; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$", answer.headers["Set-Cookie"])
    assert query_of(answer.headers["Location"])["redirect_uri"] == "https://ml.example.org/api/v1/sign-in/callback"
    refused(Browser().get(f"{site.url}/api/v1/sign-in"), 403, "host_not_allowed")


def test_without_a_provider_nothing_is_offered(server):
    if server.kind == "stock":
        pytest.skip("stetig's own interface")
    refused(Browser().get(f"{server.url}/api/v1/sign-in"), 404, "sign_in_not_offered")
    assert requests.get(f"{server.url}/api/v1/sign-in/options", timeout=10).json() == {"provider": False}


# The command line's way


class CommandLine:
    def __init__(self, site, folder):
        self.environment = clean_environment(XDG_CONFIG_HOME=str(folder), HOME=str(folder))
        for name in ("DISPLAY", "WAYLAND_DISPLAY"):
            self.environment.pop(name, None)
        self.process = subprocess.Popen(
            [str(stetig_binary()), "login", site.url, "--browser", "--name", "here"],
            env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert "Sign in with a browser" in self.process.stderr.readline()
        self.address = self.process.stderr.readline().strip()

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([str(stetig_binary()), *arguments], env=self.environment, capture_output=True, text=True, timeout=30)


def test_the_command_line_signs_in_with_the_browser(site, tmp_path):
    command = CommandLine(site, tmp_path)
    browser = Browser()
    begun = browser.get(command.address)
    back = browser.get(browser.pass_provider(begun.headers["Location"], "p2"))
    assert back.status_code == 302
    assert urlsplit(back.headers["Location"]).hostname == "127.0.0.1"
    assert "stetig_session" not in browser.session.cookies
    page = browser.get(back.headers["Location"])
    assert (page.status_code, "Signed in" in page.text) == (200, True)
    status, out, err = command.end()
    assert (status, err) == (0, "")
    assert f"logged in at {site.url} as grace (ml_engineer); the context is called here" in out
    who = json.loads(command.run("server", "info", "-o", "json").stdout)
    assert (who["user"], who["role"]) == ("grace", "ml_engineer")
    kept = json.loads((tmp_path / "stetig/contexts.json").read_text())
    assert "stetig_" in json.dumps(kept)
    code = query_of(back.headers["Location"])["code"]
    again = requests.post(f"{site.url}/api/v1/sign-in/token", json={"code": code, "verifier": "x" * 43}, timeout=10)
    refused(again, 403, "code_refused")


def test_a_code_for_the_command_line_needs_its_verifier_and_ends_with_a_wrong_one(site):
    browser = Browser()
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    for tried in (["wrong", verifier], [verifier, verifier]):
        back = browser.sign_in(site.url, "p1", f"?port=40000&challenge={challenge}&state=s")
        assert back.headers["Location"].startswith("http://127.0.0.1:40000/?code=")
        code = query_of(back.headers["Location"])["code"]
        answers = [requests.post(f"{site.url}/api/v1/sign-in/token", json={"code": code, "verifier": one}, timeout=10) for one in tried]
        assert [answer.status_code for answer in answers] == ([403, 403] if tried[0] == "wrong" else [200, 403])


@pytest.mark.parametrize("query", ["port=80&challenge=" + "x" * 43 + "&state=s", "port=x&challenge=" + "x" * 43 + "&state=s", "port=4000&challenge=x&state=s",
                                   "port=4000&challenge=" + "x" * 43 + "&state=%0a", "port=4000", "port=127.0.0.1&challenge=" + "x" * 43 + "&state=s"])  # fmt: skip
def test_a_command_line_that_is_none(site, query):
    refused(Browser().get(f"{site.url}/api/v1/sign-in?{query}"), 400, "invalid_parameter")


def test_the_command_line_says_why_it_was_refused(site, tmp_path):
    command = CommandLine(site, tmp_path)
    browser = Browser()
    begun = browser.get(command.address)
    back = browser.get(browser.pass_provider(begun.headers["Location"], "p3"))
    forged = browser.get(re.sub(r"state=[^&]*", "state=forged", back.headers["Location"]))
    assert forged.status_code == 403
    assert command.process.poll() is None
    assert browser.get(back.headers["Location"]).status_code == 403
    status, _, err = command.end()
    assert (status, "the sign-in was refused: name_taken" in err) == (4, True), (status, err)


def test_a_server_without_provider_wants_a_token(server, tmp_path):
    if server.kind == "stock":
        pytest.skip("stetig's own interface")
    done = stetig("login", server.url, "--browser", env={"XDG_CONFIG_HOME": str(tmp_path)})
    assert done.returncode == 5
    assert "has no OpenID provider, expected a token instead" in done.stderr
