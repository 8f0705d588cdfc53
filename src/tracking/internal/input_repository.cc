#include "tracking/internal/input_repository.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "tracking/internal/rows.h"

namespace stetig::tracking {
namespace {

using store::Params;
using store::Row;
using store::Statement;
using store::Value;

constexpr std::string_view kContextTag = "mlflow.data.context";

constexpr Statement kFindDataset{
    "SELECT d.dataset_no, i.run_no FROM datasets d "
    "LEFT JOIN dataset_inputs i ON i.dataset_no = d.dataset_no AND i.run_no = $4 "
    "WHERE d.experiment_no = $1 AND d.name = $2 AND d.digest = $3"};
constexpr Statement kLastDataset{"SELECT COALESCE(MAX(dataset_no), 0) FROM datasets"};
constexpr Statement kInsertDataset{
    "INSERT INTO datasets (dataset_no, experiment_no, name, digest, source_type, source, "
    "schema_text, profile_text) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"};
constexpr Statement kInsertDatasetInput{
    "INSERT INTO dataset_inputs (run_no, dataset_no, context) VALUES ($1, $2, $3)"};
constexpr Statement kInsertDatasetInputTag{
    "INSERT INTO dataset_input_tags (run_no, dataset_no, key, value) VALUES ($1, $2, $3, $4) "
    "ON CONFLICT (run_no, dataset_no, key) DO UPDATE SET value = excluded.value"};
constexpr Statement kHasModelInput{
    "SELECT 1 FROM model_inputs WHERE run_no = $1 AND model_id = $2"};
constexpr Statement kHasModelOutput{
    "SELECT 1 FROM model_outputs WHERE run_no = $1 AND model_id = $2"};
constexpr Statement kInsertModelInput{
    "INSERT INTO model_inputs (run_no, model_id) VALUES ($1, $2) ON CONFLICT (run_no, model_id) DO "
    "NOTHING"};
constexpr Statement kInsertModelOutput{
    "INSERT INTO model_outputs (run_no, model_id, step) VALUES ($1, $2, $3) ON CONFLICT (run_no, "
    "model_id) DO NOTHING"};
constexpr Statement kDatasetInputs{
    "SELECT d.dataset_no, d.name, d.digest, d.source_type, d.source, d.schema_text, "
    "d.profile_text, t.key, t.value "
    "FROM dataset_inputs i JOIN datasets d ON d.dataset_no = i.dataset_no "
    "LEFT JOIN dataset_input_tags t ON t.run_no = i.run_no AND t.dataset_no = i.dataset_no "
    "WHERE i.run_no = $1 ORDER BY d.dataset_no, t.key"};
constexpr Statement kModelInputs{
    "SELECT model_id FROM model_inputs WHERE run_no = $1 ORDER BY model_id"};
constexpr Statement kModelOutputs{
    "SELECT model_id, step FROM model_outputs WHERE run_no = $1 ORDER BY model_id"};
constexpr Statement kDatasetSummaries{
    "SELECT DISTINCT d.name, d.digest, i.context FROM datasets d JOIN dataset_inputs i ON "
    "i.dataset_no = d.dataset_no "
    "WHERE d.experiment_no = $1 ORDER BY d.name, d.digest, i.context LIMIT $2"};

/// A dataset input of this request and the number of its dataset.
struct Use {
  size_t index = 0;
  int64_t dataset_no = 0;
  bool new_dataset = false;
};

/// The first input of each (name, digest).
std::vector<size_t> FirstOfEach(std::span<const DatasetInput> inputs) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::vector<size_t> first;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (seen.emplace(inputs[i].dataset.name, inputs[i].dataset.digest).second) {
      first.push_back(i);
    }
  }
  return first;
}

/// The uses that are not stored yet, with numbers given to new datasets.
Result<std::vector<Use>> FindNewUses(store::Transaction& tx, const RunRef& run,
                                     std::span<const DatasetInput> inputs) {
  const std::vector<size_t> first = FirstOfEach(inputs);
  std::vector<std::array<Value, 4>> values;
  values.reserve(first.size());
  for (const size_t i : first) {
    values.push_back({Value(run.experiment_no), Value(inputs[i].dataset.name),
                      Value(inputs[i].dataset.digest), Value(run.run_no)});
  }
  struct Known {
    int64_t dataset_no = 0;
    bool used = false;
  };
  std::vector<Known> known(first.size());
  const std::vector<Params> batch(values.begin(), values.end());
  TRY(tx.QueryMany(kFindDataset, batch, [&](size_t i, const Row& row) {
    known[i] = {.dataset_no = row.Int(0), .used = !row.IsNull(1)};
    return OkStatus();
  }));
  int64_t last = 0;
  TRY(tx.Query(kLastDataset, {}, [&](const Row& row) {
    last = row.Int(0);
    return OkStatus();
  }));
  std::vector<Use> uses;
  for (size_t i = 0; i < first.size(); ++i) {
    if (!known[i].used) {
      const bool is_new = known[i].dataset_no == 0;
      uses.push_back({.index = first[i],
                      .dataset_no = is_new ? ++last : known[i].dataset_no,
                      .new_dataset = is_new});
    }
  }
  return uses;
}

Value ContextOf(const DatasetInput& input) {
  const auto tag = std::find_if(input.tags.rbegin(), input.tags.rend(),
                                [](const KeyValue& t) { return t.key == kContextTag; });
  return tag == input.tags.rend() ? Value(nullptr) : Value(tag->value);
}

template <size_t N>
Status ExecuteRows(store::Transaction& tx, const Statement& statement,
                   const std::vector<std::array<Value, N>>& values) {
  if (values.empty()) {
    return OkStatus();
  }
  const std::vector<Params> rows(values.begin(), values.end());
  return tx.ExecuteMany(statement, rows);
}

/// Which of `ids` `has` does not find for the run, each once, in order.
Result<std::vector<std::string>> Missing(store::Transaction& tx, const Statement& has,
                                         const RunRef& run, std::span<const std::string> ids) {
  std::vector<std::array<Value, 2>> values;
  values.reserve(ids.size());
  for (const std::string& id : ids) {
    values.push_back({Value(run.run_no), Value(id)});
  }
  std::vector<bool> found(ids.size());
  const std::vector<Params> batch(values.begin(), values.end());
  TRY(tx.QueryMany(has, batch, [&](size_t i, const Row&) {
    found[i] = true;
    return OkStatus();
  }));
  std::vector<std::string> missing;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (!found[i] && std::ranges::find(missing, ids[i]) == missing.end()) {
      missing.push_back(ids[i]);
    }
  }
  return missing;
}

template <class Model>
std::vector<std::string> ModelIds(std::span<const Model> models) {
  std::vector<std::string> ids;
  ids.reserve(models.size());
  for (const Model& model : models) {
    ids.push_back(model.model_id);
  }
  return ids;
}

}  // namespace

Result<std::vector<NewInput>> AddDatasetInputs(store::Transaction& tx, const RunRef& run,
                                               std::span<const DatasetInput> inputs) {
  std::vector<NewInput> added;
  if (inputs.empty()) {
    return added;
  }
  ASSIGN_OR_RETURN(const std::vector<Use> uses, FindNewUses(tx, run, inputs));
  std::vector<std::array<Value, 8>> datasets;
  std::vector<std::array<Value, 3>> edges;
  std::vector<std::array<Value, 4>> tags;
  for (const Use& use : uses) {
    const DatasetInput& input = inputs[use.index];
    const Dataset& d = input.dataset;
    if (use.new_dataset) {
      datasets.push_back({Value(use.dataset_no), Value(run.experiment_no), Value(d.name),
                          Value(d.digest), Value(d.source_type), Value(d.source), OrNull(d.schema),
                          OrNull(d.profile)});
    }
    edges.push_back({Value(run.run_no), Value(use.dataset_no), ContextOf(input)});
    for (const KeyValue& tag : input.tags) {
      tags.push_back({Value(run.run_no), Value(use.dataset_no), Value(tag.key), Value(tag.value)});
    }
    added.push_back({.index = use.index, .new_dataset = use.new_dataset});
  }
  TRY(ExecuteRows(tx, kInsertDataset, datasets));
  TRY(ExecuteRows(tx, kInsertDatasetInput, edges));
  TRY(ExecuteRows(tx, kInsertDatasetInputTag, tags));
  return added;
}

Result<std::vector<std::string>> AddModelInputs(store::Transaction& tx, const RunRef& run,
                                                std::span<const ModelInput> models) {
  if (models.empty()) {
    return std::vector<std::string>{};
  }
  ASSIGN_OR_RETURN(std::vector<std::string> added,
                   Missing(tx, kHasModelInput, run, ModelIds(models)));
  std::vector<std::array<Value, 2>> rows;
  for (const std::string& id : added) {
    rows.push_back({Value(run.run_no), Value(id)});
  }
  TRY(ExecuteRows(tx, kInsertModelInput, rows));
  return added;
}

Result<std::vector<std::string>> AddModelOutputs(store::Transaction& tx, const RunRef& run,
                                                 std::span<const ModelOutput> models) {
  if (models.empty()) {
    return std::vector<std::string>{};
  }
  ASSIGN_OR_RETURN(std::vector<std::string> added,
                   Missing(tx, kHasModelOutput, run, ModelIds(models)));
  std::vector<std::array<Value, 3>> rows;
  for (const ModelOutput& model : models) {
    rows.push_back({Value(run.run_no), Value(model.model_id), Value(model.step)});
  }
  TRY(ExecuteRows(tx, kInsertModelOutput, rows));
  return added;
}

Status ReadDatasetInputs(store::Session& session, std::span<const RunRef> runs,
                         std::move_only_function<void(size_t, DatasetInput)> on_item) {
  struct Current {
    size_t run = 0;
    int64_t dataset_no = 0;
    DatasetInput input;
  };
  std::optional<Current> current;
  const auto flush = [&] {
    if (current) {
      on_item(current->run, std::move(current->input));
      current.reset();
    }
  };
  TRY(QueryForEach(session, kDatasetInputs, RunNumbers(runs), [&](size_t i, const Row& row) {
    if (!current || current->run != i || current->dataset_no != row.Int(0)) {
      flush();
      current = Current{.run = i,
                        .dataset_no = row.Int(0),
                        .input = {.tags = {},
                                  .dataset = {.name = std::string(row.Text(1)),
                                              .digest = std::string(row.Text(2)),
                                              .source_type = std::string(row.Text(3)),
                                              .source = std::string(row.Text(4)),
                                              .schema = OptionalText(row, 5),
                                              .profile = OptionalText(row, 6)}}};
    }
    if (!row.IsNull(7)) {
      current->input.tags.push_back(
          {.key = std::string(row.Text(7)), .value = std::string(row.Text(8))});
    }
    return OkStatus();
  }));
  flush();
  return OkStatus();
}

Status ReadModelInputs(store::Session& session, std::span<const RunRef> runs,
                       std::move_only_function<void(size_t, ModelInput)> on_item) {
  return QueryForEach(session, kModelInputs, RunNumbers(runs), [&](size_t i, const Row& row) {
    on_item(i, ModelInput{.model_id = std::string(row.Text(0))});
    return OkStatus();
  });
}

Status ReadModelOutputs(store::Session& session, std::span<const RunRef> runs,
                        std::move_only_function<void(size_t, ModelOutput)> on_item) {
  return QueryForEach(session, kModelOutputs, RunNumbers(runs), [&](size_t i, const Row& row) {
    on_item(i, ModelOutput{.model_id = std::string(row.Text(0)), .step = row.Int(1)});
    return OkStatus();
  });
}

Result<std::vector<DatasetSummary>> ReadDatasetSummaries(store::Session& session,
                                                         std::span<const int64_t> experiment_nos,
                                                         size_t limit) {
  std::vector<std::array<Value, 2>> values;
  values.reserve(experiment_nos.size());
  for (const int64_t no : experiment_nos) {
    values.push_back({Value(no), Value(static_cast<int64_t>(limit))});
  }
  const std::vector<Params> batch(values.begin(), values.end());
  std::vector<DatasetSummary> summaries;
  TRY(session.QueryMany(kDatasetSummaries, batch, [&](size_t i, const Row& row) {
    if (summaries.size() < limit) {
      summaries.push_back({.experiment_id = std::to_string(experiment_nos[i]),
                           .name = std::string(row.Text(0)),
                           .digest = std::string(row.Text(1)),
                           .context = OptionalText(row, 2)});
    }
    return OkStatus();
  }));
  return summaries;
}

}  // namespace stetig::tracking
