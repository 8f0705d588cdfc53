// Statuses made of the journal: what CI runs and gates of ours say of a commit goes back to its
// forge.
#include <fmt/format.h>

#include <algorithm>

#include "base/json_value.h"
#include "base/text.h"
#include "connect/forge/impl.h"
#include "connect/forge/reader.h"
#include "connect/forge/repository.h"

namespace stetig::connect::forge {
namespace {

using std::string_view;

constexpr size_t kMaxContext = 200;

std::string MemberOf(const json::Value& payload, string_view name) {
  const json::Value* value = payload.Find(name);
  return value == nullptr || value->AsString() == nullptr ? std::string() : *value->AsString();
}

/// The forge's word for ours; empty: says nothing to a forge.
string_view StateOf(string_view status) {
  const auto is = [status](std::initializer_list<string_view> words) {
    return std::ranges::find(words, status) != words.end();
  };
  if (is({"success", "succeeded", "passed", "finished", "waived"})) return "success";
  if (is({"failure", "failed", "refused"})) return "failure";
  if (is({"error", "killed", "cancelled", "canceled", "missing"})) return "error";
  if (is({"pending", "queued", "running", "scheduled"})) return "pending";
  return {};
}

/// The commit that the event speaks of; empty: none.
std::string CommitOf(const journal::Event& event, const json::Value& payload) {
  for (const journal::Ref& ref : event.refs) {
    if (ref.type == "commit") return ref.id;
  }
  return MemberOf(payload, "commit");
}

}  // namespace

Task<> Service::Report(journal::Event event, Deadline deadline) {
  if (event.actor.starts_with("forge/")) co_return OkStatus();  // it came from there
  auto payload = json::Parse(event.payload);
  if (!payload) co_return OkStatus();
  const string_view state = StateOf(MemberOf(*payload, "status"));
  std::string sha = CommitOf(event, *payload);
  if (state.empty() || sha.empty()) co_return OkStatus();
  std::string title = MemberOf(*payload, "title");
  if (title.empty()) title = MemberOf(*payload, "name");
  if (title.empty()) title = event.subject.type;
  NewStatus status{.sha = sha,
                   .context = FirstBytes("stetig/" + title, kMaxContext),
                   .state = std::string(state),
                   .description = FirstBytes(MemberOf(*payload, "description"), 140),
                   .url = FirstBytes(MemberOf(*payload, "url"), kMaxText)};
  auto read = [sha](store::Session& session) -> Result<std::vector<std::string>> {
    ASSIGN_OR_RETURN(const auto numbers, repository::RepositoriesWith(session, sha));
    ASSIGN_OR_RETURN(const auto all, repository::List(session));
    std::vector<std::string> names;
    for (const Repository& one : all) {
      if (std::ranges::find(numbers, one.repository_no) != numbers.end()) names.push_back(one.name);
    }
    return names;
  };
  auto found = co_await impl_->db.Read(std::move(read), deadline);
  ASSIGN_OR_CO_RETURN(const std::vector<std::string> names, std::move(found));
  for (const std::string& name : names) {
    Principal who{.user = event.actor};
    std::string to = name;
    NewStatus copy = status;
    auto posted = co_await PostStatus(std::move(who), std::move(to), std::move(copy), deadline);
    if (!posted && posted.error().code() != Code::kInvalidArgument) co_return posted.error();
  }
  co_return OkStatus();
}

}  // namespace stetig::connect::forge
