// What the use cases of the registry share.
#pragma once

#include "base/json.h"
#include "journal/service.h"
#include "registry/repository.h"
#include "registry/service.h"

namespace stetig::registry {

/// kPermissionDenied.
inline Status CheckMay(const Principal& who, const std::string& model) {
  if (who.MayInModel(model)) return OkStatus();
  return Status(Code::kPermissionDenied, access::DenialOf(who));
}

struct Service::Impl {
  store::Database& db;
  tracking::Service& tracking;
  const Clock& clock;

  WallTime Now() const { return clock.Now(); }
};

/// Reads the model or says `Registered Model with name=… not found` (kNotFound); one that `who`
/// does not see is not there, nor are its versions. kPermissionDenied: seen, but what is under way
/// is not allowed with it.
Result<repository::ModelRow> RequireModel(store::Session& session, const Principal& who,
                                          const std::string& name);
/// Reads the version or says `Model Version (name=…, version=…) not found`; a missing model is
/// reported first.
Result<repository::VersionRow> RequireVersion(store::Session& session, const Principal& who,
                                              const std::string& name, int64_t version);
/// The version as answers show it, with tags and aliases.
Result<ModelVersion> LoadVersion(store::Session& session, const Principal& who,
                                 const std::string& name, int64_t version);
/// The model as answers show it.
Result<RegisteredModel> LoadModel(store::Session& session, const Principal& who,
                                  const std::string& name);
/// One journal event about a model ("fraud") or a version ("fraud/3"), for a write that changed
/// something; `payload` says what. README.md lists kinds and payloads.
Status RecordModel(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
                   const std::string& name, json::Object payload = {});
Status RecordVersion(store::Transaction& tx, const Principal& who, WallTime now, std::string kind,
                     const std::string& name, int64_t version, json::Object payload = {},
                     std::vector<journal::Ref> refs = {});

}  // namespace stetig::registry
