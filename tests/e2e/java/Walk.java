import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.RunsPage;

/** A walk through tracking and registry with the Java client; ends with "java walk: done" and status 0, or throws. */
public final class Walk {
  private static void equal(Object actual, Object expected) {
    if (!actual.equals(expected)) {
      throw new AssertionError("found " + actual + ", expected " + expected);
    }
  }

  private static void experiment(MlflowClient client, String id, String name) {
    equal(client.getExperiment(id).getName(), name);
    client.setExperimentTag(id, "team", "größe 中");
    equal(client.getExperiment(id).getTags(0).getValue(), "größe 中");
    equal(client.getExperimentByName(name).get().getExperimentId(), id);
    equal(client.getExperimentByName(name + "-unknown").isPresent(), false);
    equal(client.searchExperiments("name = '" + name + "'").getItems().size(), 1);
  }

  private static String run(MlflowClient client, String experiment, int number) {
    RunInfo info = client.createRun(experiment);
    String id = info.getRunId();
    equal(info.getStatus(), RunStatus.RUNNING);
    client.logParam(id, "number", String.valueOf(number));
    client.logMetric(id, "acc", number / 10.0, 1000, 0);
    List<Metric> metrics = new ArrayList<>();
    for (int step = 0; step < 100; step++) {
      metrics.add(Metric.newBuilder().setKey("loss").setValue(1.0 / (step + 1)).setTimestamp(5000 + step).setStep(step).build());
    }
    client.logBatch(
        id,
        metrics,
        List.of(Param.newBuilder().setKey("lr").setValue("0.1").build()),
        List.of(RunTag.newBuilder().setKey("kind").setValue(number % 2 == 0 ? "even" : "odd").build()));
    client.setTerminated(id, RunStatus.FINISHED, 9_000_000_000_000L);

    Run found = client.getRun(id);
    equal(found.getInfo().getStatus(), RunStatus.FINISHED);
    equal(found.getInfo().getEndTime(), 9_000_000_000_000L);
    equal(found.getData().getMetricsCount(), 2);
    List<Metric> history = client.getMetricHistory(id, "loss");
    equal(history.size(), 100);
    equal(history.get(99).getValue(), 0.01);
    equal(history.get(99).getStep(), 99L);
    return id;
  }

  private static void search(MlflowClient client, String experiment, List<String> ids) {
    List<String> order = List.of("metrics.acc DESC");
    RunsPage page = client.searchRuns(List.of(experiment), "tags.kind = 'even' AND metrics.loss < 0.5", ViewType.ACTIVE_ONLY, 2, order);
    List<String> found = page.getItems().stream().map(run -> run.getInfo().getRunId()).collect(Collectors.toList());
    equal(found, List.of(ids.get(4), ids.get(2)));
    equal(page.hasNextPage(), true);
    equal(page.getNextPage().getItems().iterator().next().getInfo().getRunId(), ids.get(0));
    equal(client.searchRuns(List.of(experiment), "params.number = '3'").get(0).getRunId(), ids.get(3));
  }

  private static void registry(MlflowClient client, String name, String run) {
    client.sendPost("registered-models/create", "{\"name\": \"" + name + "\"}");
    String source = client.getRun(run).getInfo().getArtifactUri() + "/model";
    client.sendPost(
        "model-versions/create",
        "{\"name\": \"" + name + "\", \"source\": \"" + source + "\", \"run_id\": \"" + run + "\"}");
    ModelVersion version = client.getModelVersion(name, "1");
    equal(version.getSource(), source);
    equal(client.getLatestVersions(name).size(), 1);
    equal(client.searchModelVersions("name = '" + name + "'").getItems().size(), 1);
  }

  private static void refusals(MlflowClient client) {
    try {
      client.getRun("0".repeat(32));
    } catch (MlflowHttpException error) {
      equal(error.getStatusCode(), 404);
      equal(error.getBodyMessage().contains("RESOURCE_DOES_NOT_EXIST"), true);
      return;
    }
    throw new AssertionError("an unknown run was found");
  }

  public static void main(String[] arguments) {
    try (MlflowClient client = new MlflowClient(arguments[0])) {
      String name = "java-" + UUID.randomUUID();
      String experiment = client.createExperiment(name);
      experiment(client, experiment, name);
      List<String> ids = new ArrayList<>();
      for (int number = 0; number < 5; number++) {
        ids.add(run(client, experiment, number));
      }
      search(client, experiment, ids);
      registry(client, name, ids.get(0));
      refusals(client);
      client.deleteRun(ids.get(1));
      equal(client.listRunInfos(experiment).size(), 4);
    }
    System.out.println("java walk: done");
  }
}
