"""Fixtures that every black-box suite shares: the server under test on each store, and PostgreSQL."""

import pytest
from support.postgres import Postgres
from support.server import Server

STORES = ("sqlite", "postgres")


def pytest_addoption(parser):
    parser.addoption(
        "--server",
        choices=("stetig", "stock"),
        default="stetig",
        help="what to test: the built stetig, or a stock `mlflow server`, which proves the tests themselves",
    )


@pytest.fixture(scope="session")
def postgres():
    server = Postgres.for_session()
    yield server
    server.close()


@pytest.fixture(scope="session")
def start_server(request, tmp_path_factory):
    """start_server(store, *arguments): a running server with its own folder, stopped when the session ends."""
    kind, started = request.config.getoption("--server"), []

    def start(store: str, *arguments: str) -> Server:
        url = request.getfixturevalue("postgres").database() if store == "postgres" else None
        server = Server(kind, tmp_path_factory.mktemp(f"{kind}-{store}"), url, arguments)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session", params=STORES)
def server(request, start_server):
    """One server per store for the whole session; it must end cleanly on SIGTERM."""
    running = start_server(request.param)
    yield running
    if running.kind == "stetig":
        status = running.stop()
        assert status == 0, f"exit status {status} after SIGTERM:\n{running.log_tail()}"
