"""The OpenID provider of the tests, and a browser that signs in there by following redirects and posting its two forms."""

import json
import re
import shutil
import socket
import subprocess
import threading
from urllib.parse import parse_qs, urljoin, urlsplit

import requests
from support.server import ROOT, free_port

READY_SECONDS = 20
PACKAGES = ROOT / ".cache/node/oidc"


class Provider:
    """oidc-provider on 127.0.0.1. `clients` are those of oidc-provider; `people` maps a login to its claims."""

    def __init__(self, clients: list[dict], people: dict[str, dict], port: int | None = None, clock_offset_ms: int = 0):
        node = shutil.which("node")
        if node is None or not (PACKAGES / "node_modules/oidc-provider").is_dir():
            raise FileNotFoundError("no OpenID provider to test with, expected node and .cache/node/oidc (tools/setup --only apt node)")
        self.port = port or free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        config = {"port": self.port, "clients": clients, "people": people, "clockOffsetMs": clock_offset_ms, "packages": str(PACKAGES)}
        self.process = subprocess.Popen(
            [node, str(ROOT / "tests/e2e/oidc/provider.mjs"), json.dumps(config)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        watchdog = threading.Timer(READY_SECONDS, self.process.kill)
        watchdog.start()
        line = self.process.stdout.readline()
        watchdog.cancel()
        if line.strip() != "ready":
            raise RuntimeError(f"the OpenID provider did not start: {line!r}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


class Raw:
    """A server that gives `answer` to every connection and nothing more; None: it never answers."""

    def __init__(self, answer: bytes | None):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.answer, self.held = answer, []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            if self.answer is None:
                self.held.append(connection)
                continue
            with connection:
                try:
                    connection.recv(65536)
                    connection.sendall(self.answer)
                except OSError:
                    pass

    def close(self) -> None:
        self.socket.close()
        for connection in self.held:
            connection.close()


class Browser:
    """A user agent with cookies. Stops at each redirect, so that a test can look at it or change it."""

    def __init__(self):
        self.session = requests.Session()

    def get(self, url: str, **headers) -> requests.Response:
        return self.session.get(url, headers=headers, allow_redirects=False, timeout=30)

    def begin(self, server: str, query: str = "") -> str:
        """Where the server sends a browser that wants to sign in."""
        answer = self.get(f"{server}/api/v1/sign-in{query}")
        assert answer.status_code == 302, (answer.status_code, answer.text)
        return answer.headers["Location"]

    def pass_provider(self, url: str, login: str, until: str = "/api/v1/sign-in/callback") -> str:
        """Signs in at the provider and consents; the address that it then sends the browser to."""
        for _ in range(12):
            answer = self.get(url)
            if answer.is_redirect:
                url = urljoin(url, answer.headers["Location"])
                if urlsplit(url).path == until:
                    return url
                continue
            assert answer.status_code == 200, (url, answer.status_code, answer.text[:500])
            action = re.search(r'<form[^>]*action="([^"]+)"', answer.text)[1]
            fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
            if fields["prompt"] == "login":
                fields |= {"login": login, "password": "any"}
            answer = self.session.post(urljoin(url, action), data=fields, allow_redirects=False, timeout=30)
            assert answer.is_redirect, (answer.status_code, answer.text[:500])
            url = urljoin(url, answer.headers["Location"])
            if urlsplit(url).path == until:
                return url
        raise AssertionError(f"the provider sends the browser in circles: {url}")

    def sign_in(self, server: str, login: str, query: str = "") -> requests.Response:
        """All of it; the server's answer to the callback."""
        return self.get(self.pass_provider(self.begin(server, query), login))


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
