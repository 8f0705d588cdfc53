#include <fmt/format.h>

#include "base/text.h"
#include "registry/internal/impl.h"
#include "registry/validate.h"

namespace stetig::registry {

Task<> Service::SetAlias(Principal who, std::string name, std::string alias, std::string version,
                         Deadline deadline) {
  CO_TRY(CheckModelName(name));
  CO_TRY(CheckNewAliasName(alias));
  ASSIGN_OR_CO_RETURN(int64_t number, ParseVersion(version));
  WallTime now = impl_->Now();
  auto write = [who, name, alias, number, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::VersionRow row, RequireVersion(tx, who, name, number));
    ASSIGN_OR_RETURN(const auto old_version, repository::FindAlias(tx, row.model_no, alias));
    if (old_version == number) {
      return OkStatus();
    }
    TRY(repository::PutAlias(tx, row.model_no, alias, number));
    json::Object payload = {{"alias", alias}};
    if (old_version) {
      payload.emplace_back("old_version", *old_version);
    }
    return RecordVersion(tx, who, now, "alias.set", name, number, std::move(payload),
                         {{"alias", fmt::format("{}@{}", name, alias)}});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::DeleteAlias(Principal who, std::string name, std::string alias, Deadline deadline) {
  CO_TRY(CheckModelName(name));
  CO_TRY(CheckAliasName(alias));
  WallTime now = impl_->Now();
  auto write = [who, name, alias, now](store::Transaction& tx) -> Status {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(tx, who, name));
    ASSIGN_OR_RETURN(auto version, repository::FindAlias(tx, row.model_no, alias));
    if (!version) {
      return OkStatus();
    }
    TRY(repository::DeleteAlias(tx, row.model_no, alias));
    return RecordVersion(tx, who, now, "alias.deleted", name, *version, {{"alias", alias}},
                         {{"alias", fmt::format("{}@{}", name, alias)}});
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<ModelVersion> Service::GetVersionByAlias(Principal who, std::string name, std::string alias,
                                              Deadline deadline) {
  CO_TRY(CheckModelName(name));
  CO_TRY(CheckAliasName(alias));
  auto read = [who, name, alias](store::Session& session) -> Result<ModelVersion> {
    ASSIGN_OR_RETURN(repository::ModelRow row, RequireModel(session, who, name));
    if (EqualsIgnoreCase(alias, "latest")) {
      ASSIGN_OR_RETURN(auto last, repository::FindLastVersion(session, row.model_no));
      if (!last) {
        return Err(Code::kNotFound, fmt::format("Latest version not found for model {}.", name));
      }
      return LoadVersion(session, who, name, *last);
    }
    ASSIGN_OR_RETURN(auto version, repository::FindAlias(session, row.model_no, alias));
    if (!version) {
      return Err(Code::kInvalidArgument,
                 fmt::format("Registered model alias {} not found.", alias));
    }
    return LoadVersion(session, who, name, *version);
  };
  co_return co_await impl_->db.Read(std::move(read), deadline);
}

}  // namespace stetig::registry
