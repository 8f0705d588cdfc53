#include "registry/source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "base/paths.h"
#include "base/text.h"
#include "registry/validate.h"

namespace stetig::registry {
namespace {

/// What MLflow's clients send as the source of a prompt, which has no files.
constexpr std::string_view kPromptSources[] = {"dummy-source", "prompt-template"};

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\n\r\f\v") == std::string_view::npos;
}

std::string_view SchemeOf(std::string_view uri) {
  size_t colon = uri.find(':');
  bool windows_drive = colon == 1;
  if (colon == std::string_view::npos || windows_drive || uri.find('/') < colon) {
    return {};
  }
  return uri.substr(0, colon);
}

Failure Invalid(std::string_view source, std::string_view why) {
  return Err(Code::kInvalidArgument,
             fmt::format("Invalid model version source: '{}'. {}", source, why));
}

Failure Relative(std::string_view source) {
  return Invalid(
      source,
      "If supplying a source as an http, https, local file path, ftp, objectstore, or "
      "mlflow-artifacts uri, an absolute path must be "
      "provided without relative path references present. Please provide an absolute path.");
}

Failure WrongOwner(std::string_view source, std::string_view parameter) {
  return Invalid(
      source,
      fmt::format("The {} request parameter must identify the resource that contains the source.",
                  parameter));
}

Failure OutsideOwner(std::string_view source, std::string_view parameter) {
  return Invalid(
      source,
      fmt::format(
          "To use a local path as a model version source, the {0} request parameter has to be "
          "specified and the local path "
          "has to be contained within the artifact directory of the run specified by the {0}.",
          parameter));
}

bool IsBelow(std::string_view uri, std::string_view parent) {
  while (parent.ends_with('/')) {
    parent.remove_suffix(1);
  }
  return uri == parent ||
         (uri.starts_with(parent) && uri.size() > parent.size() && uri[parent.size()] == '/');
}

/// "file:///a/b" and "/a/b" name the same place.
std::string_view LocalPath(std::string_view uri) {
  if (uri.starts_with("file://")) {
    return uri.substr(7);
  }
  return uri.starts_with("file:") ? uri.substr(5) : uri;
}

/// The run or logged model that a request names: where it keeps its artifacts, and the run behind
/// it. Empty when neither is given.
struct Owner {
  std::string location;
  std::string run_id;
};
Task<Owner> OwnerOf(tracking::Service& tracking, Principal who, std::string run_id,
                    std::string model_id, Deadline deadline) {
  if (!model_id.empty()) {
    auto model = co_await tracking.GetLoggedModel(who, model_id, /*allow_deleted=*/false, deadline);
    ASSIGN_OR_CO_RETURN(tracking::LoggedModel found, std::move(model));
    co_return Owner{found.artifact_uri, found.source_run_id};
  }
  if (run_id.empty()) {
    co_return Owner{};
  }
  auto run = co_await tracking.GetRunInfo(who, run_id, deadline);
  ASSIGN_OR_CO_RETURN(tracking::RunInfo found, std::move(run));
  co_return Owner{found.artifact_uri, run_id};
}

/// What a models: URI names: a logged model, or a version of a registered model by number, alias,
/// stage or "latest".
struct ModelsUri {
  std::string model_id;
  std::string name;
  std::string alias;
  std::string suffix;  ///< a number, a stage, or "latest" in any case
};

/// As MLflow reads it; nothing when it is malformed.
std::optional<ModelsUri> ParseModelsUri(std::string_view path) {
  path = path.substr(0, path.find('?'));
  const size_t start = path.find_first_not_of('/');
  if (!path.starts_with('/') || start == std::string_view::npos) {
    return std::nullopt;
  }
  path.remove_prefix(start);
  const size_t slash = path.find('/');
  const std::string_view first = path.substr(0, slash);
  if (IsBlank(first)) {
    return std::nullopt;
  }
  ModelsUri uri;
  if (slash != std::string_view::npos) {
    const std::string_view suffix = path.substr(slash + 1);
    if (IsBlank(suffix) || suffix.contains('/')) {
      return std::nullopt;
    }
    uri.name = first;
    uri.suffix = suffix;
    return uri;
  }
  const size_t at = first.rfind('@');
  if (at == std::string_view::npos) {
    uri.model_id = first;
    return uri;
  }
  if (IsBlank(first.substr(at + 1))) {
    return std::nullopt;
  }
  uri.name = first.substr(0, at);
  uri.alias = first.substr(at + 1);
  return uri;
}

/// The version that a URI with a name means. kNotFound, kInvalidArgument (no such alias or stage).
Task<ModelVersion> VersionOf(Service& registry, Principal who, ModelsUri uri, Deadline deadline) {
  if (!uri.alias.empty()) {
    co_return co_await registry.GetVersionByAlias(who, uri.name, uri.alias, deadline);
  }
  if (std::ranges::all_of(uri.suffix, [](char c) { return c >= '0' && c <= '9'; })) {
    co_return co_await registry.GetVersion(who, uri.name, uri.suffix, deadline);
  }
  const bool any = EqualsIgnoreCase(uri.suffix, "latest");
  std::vector<std::string> stages;
  if (!any) {
    stages.push_back(uri.suffix);
  }
  auto listed = co_await registry.GetLatestVersions(who, uri.name, std::move(stages), deadline);
  ASSIGN_OR_CO_RETURN(std::vector<ModelVersion> versions, std::move(listed));
  if (versions.empty()) {
    co_return Err(Code::kNotFound,
                  fmt::format("No versions of model with name '{}'{} found", uri.name,
                              any ? "" : fmt::format(" and stage '{}'", uri.suffix)));
  }
  co_return *std::ranges::max_element(versions, {}, &ModelVersion::version);
}

/// models:/m-<id>, models:/name/version, models:/name@alias.
Task<ResolvedSource> ResolveModels(Service& registry, tracking::Service& tracking, Principal who,
                                   CreateModelVersion request, Deadline deadline) {
  std::string_view path =
      std::string_view(request.source).substr(std::string_view("models:").size());
  if (path.starts_with("//")) {
    path.remove_prefix(2);
    if (!path.empty() && !path.starts_with('/')) {
      co_return Invalid(request.source,
                        "Registered model sources must use the active model registry.");
    }
  }
  std::optional<ModelsUri> uri = ParseModelsUri(path);
  if (!uri || (!uri->model_id.empty() && uri->model_id != request.model_id)) {
    co_return WrongOwner(request.source, "model_id");
  }
  if (!uri->model_id.empty()) {
    auto read =
        co_await tracking.GetLoggedModel(who, uri->model_id, /*allow_deleted=*/false, deadline);
    ASSIGN_OR_CO_RETURN(tracking::LoggedModel model, std::move(read));
    std::string run_id = request.run_id.empty() ? model.source_run_id : request.run_id;
    co_return ResolvedSource{request.source, model.artifact_uri, run_id, uri->model_id};
  }
  auto owner = co_await registry.GetModel(who, uri->name, deadline);
  ASSIGN_OR_CO_RETURN(RegisteredModel model, std::move(owner));
  if (IsPrompt(model.tags)) {
    co_return Invalid(request.source, "Prompt versions cannot be used as model version sources.");
  }
  auto read = co_await VersionOf(registry, who, *std::move(uri), deadline);
  ASSIGN_OR_CO_RETURN(ModelVersion version, std::move(read));
  // MLflow's versions do not tell their logged model, so that any model_id contradicts them.
  bool conflict =
      (!request.run_id.empty() && request.run_id != version.run_id) || !request.model_id.empty();
  if (conflict) {
    co_return Invalid(
        request.source,
        "The run_id and model_id request parameters must match the referenced model version.");
  }
  co_return ResolvedSource{fmt::format("models:/{}/{}", version.name, version.version),
                           version.storage_location, version.run_id, /*model_id=*/""};
}

/// Files in a folder of this machine, below mlflow-artifacts:, of a run, or in an object store.
Task<ResolvedSource> ResolveStored(tracking::Service& tracking, Principal who,
                                   CreateModelVersion request, std::string scheme,
                                   Deadline deadline) {
  const std::string& source = request.source;
  const bool local = scheme.empty() || scheme == "file";
  const bool proxied = scheme == "mlflow-artifacts";
  const bool of_run = scheme == "runs";
  const bool by_model = !request.model_id.empty();
  const std::string_view parameter = by_model ? "model_id" : "run_id";
  if (local && (!LocalPath(source).starts_with('/') || LeavesItsFolder(source))) {
    co_return OutsideOwner(source, parameter);
  }
  if (!of_run && LeavesItsFolder(source)) {
    co_return Relative(source);
  }
  if (of_run) {
    std::string_view path = std::string_view(source).substr(5);
    path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
    if (by_model || path.substr(0, path.find('/')) != request.run_id) {
      co_return WrongOwner(source, parameter);
    }
  }
  ResolvedSource resolved{source, source, request.run_id, request.model_id};
  if (!local && !proxied && !by_model) {
    co_return resolved;
  }
  auto found = co_await OwnerOf(tracking, who, request.run_id, request.model_id, deadline);
  if (!found && found.error().code() == Code::kNotFound && (local || proxied)) {
    co_return WrongOwner(source, parameter);
  }
  ASSIGN_OR_CO_RETURN(Owner owner, std::move(found));
  if (resolved.run_id.empty()) {
    resolved.run_id = owner.run_id;
  }
  const bool owned = !owner.location.empty();
  if (local && !(owned && IsBelow(LocalPath(source), LocalPath(owner.location)))) {
    co_return OutsideOwner(source, parameter);
  }
  if (proxied && !(owned && IsBelow(source, owner.location))) {
    co_return WrongOwner(source, parameter);
  }
  co_return resolved;
}

}  // namespace

Task<ResolvedSource> ResolveSource(Service& registry, tracking::Service& tracking, Principal who,
                                   CreateModelVersion request, Deadline deadline) {
  const std::string& source = request.source;
  if (IsPrompt(request.tags)) {
    if (std::ranges::find(kPromptSources, source) == std::end(kPromptSources)) {
      co_return Err(
          Code::kInvalidArgument,
          fmt::format("Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.",
                      source));
    }
    co_return ResolvedSource{source, source, request.run_id, /*model_id=*/""};
  }
  std::string scheme = AsciiLower(SchemeOf(source));
  if (SchemeNamesHost(scheme)) {
    co_return Err(
        Code::kInvalidArgument,
        fmt::format(
            "'source' cannot use the '{0}' scheme: the '{0}' scheme addresses a host other than "
            "the tracking server's configured "
            "artifact storage, so the server would connect to the host named in the URI. Set the "
            "MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES environment variable on the server to "
            "allow it.",
            scheme));
  }
  if (scheme == "models") {
    co_return co_await ResolveModels(registry, tracking, who, request, deadline);
  }
  co_return co_await ResolveStored(tracking, who, request, std::move(scheme), deadline);
}

}  // namespace stetig::registry
