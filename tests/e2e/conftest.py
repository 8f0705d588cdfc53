"""What the end-to-end tests of API v1 share."""

import pytest
from support.api import Api


@pytest.fixture(scope="session")
def api(request, server) -> Api:
    if request.config.getoption("--server") == "stock":
        pytest.skip("stetig's own interface")
    return Api(server.url)


@pytest.fixture
def project(api) -> dict:
    return api.project(title="The project of a test")
