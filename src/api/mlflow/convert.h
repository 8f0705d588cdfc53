// From request messages to the values that the services take.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tracking/types.h"

namespace stetig::api::mlflow {

/// Elements with optional `key` and `value`, as plain pairs.
template <class Pair>
std::vector<tracking::KeyValue> Pairs(std::vector<Pair> pairs) {
  std::vector<tracking::KeyValue> out;
  out.reserve(pairs.size());
  for (Pair& pair : pairs) {
    out.push_back({std::move(pair.key).value_or(std::string()),
                   std::move(pair.value).value_or(std::string())});
  }
  return out;
}

/// Active only unless the request says otherwise.
inline tracking::ViewType ViewOf(std::optional<int> number) {
  switch (number.value_or(1)) {
    case 2:
      return tracking::ViewType::kDeletedOnly;
    case 3:
      return tracking::ViewType::kAll;
    default:
      return tracking::ViewType::kActiveOnly;
  }
}

/// run_id, or its old name run_uuid.
template <class Message>
std::string RunIdOf(const Message& message) {
  return message.run_id && !message.run_id->empty() ? *message.run_id
                                                    : message.run_uuid.value_or(std::string());
}

/// A metric of a single or batch write.
template <class Message>
tracking::Metric MetricOf(Message& message) {
  return {.key = std::move(message.key).value_or(std::string()),
          .value = message.value.value_or(0),
          .timestamp = message.timestamp.value_or(0),
          .step = message.step.value_or(0),
          .model_id = std::move(message.model_id).value_or(std::string()),
          .dataset_name = std::move(message.dataset_name).value_or(std::string()),
          .dataset_digest = std::move(message.dataset_digest).value_or(std::string())};
}

}  // namespace stetig::api::mlflow
