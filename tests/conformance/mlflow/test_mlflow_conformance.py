"""The golden MLflow calls against the server under test on each store, or against the one at STETIG_URL."""

import os

import golden
import pytest
import run

GIVEN = os.environ.get("STETIG_URL")


if GIVEN:

    @pytest.fixture(scope="module")
    def url():
        return GIVEN

else:

    @pytest.fixture(scope="module")
    def url(server):
        return server.url


@pytest.fixture(scope="module")
def stock(request):
    return request.config.getoption("--server") == "stock"


@pytest.fixture(scope="module")
def client(url, stock):
    client = golden.Client(url, keep_alive=not stock)
    yield client
    client.close()


@pytest.mark.parametrize("topic", run.topics())
def test_answers_as_mlflow_does(client, stock, topic):
    count, report = run.play_topic(client, topic, stock)
    assert count > 0
    assert not report, f"{len(report)} of {count} steps differ\n" + "\n".join(report)
