// Whatever arrives as a webhook or a page of a forge is read without harm, and what is taken keeps
// within its bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "connect/forge/document.h"
#include "connect/forge/naming.h"
#include "connect/forge/payload.h"
#include "connect/forge/rest.h"

namespace forge = stetig::connect::forge;

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

void Look(const forge::Facts& facts) {
  for (const forge::Commit& commit : facts.commits) {
    Require(commit.sha.size() == 40 || commit.sha.size() == 64);
    Require(commit.message.size() <= forge::kMaxMessage);
    auto back = forge::CommitFrom(forge::ToDocument(commit));
    Require(back.has_value() && back->message == commit.message);
  }
  for (const forge::MergeRequest& request : facts.merge_requests) {
    Require(request.number > 0 && request.title.size() <= forge::kMaxText);
    auto back = forge::MergeRequestFrom(forge::ToDocument(request));
    Require(back.has_value() && forge::ToDocument(*back) == forge::ToDocument(request));
  }
  Require(forge::KeysIn(facts).size() <= 64 * (facts.commits.size() + facts.merge_requests.size()));
  for (const forge::Review& review : facts.reviews) Require(!review.state.empty());
  for (const forge::CommitStatus& status : facts.statuses) Require(!status.state.empty());
}

}  // namespace

// The first byte chooses what the rest is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::string_view kEvents[] = {
      "push", "pull_request", "pull_request_review", "pull_request_approved", "status", "ping"};
  const std::string sha(40, 'a');
  forge::Facts facts;
  const unsigned kind = data[0] % 12U;
  if (kind < 6) {
    if (auto read = forge::ParseWebhook(kEvents[kind], text)) facts = std::move(read->facts);
  } else if (kind == 6) {
    if (auto read = forge::ParsePulls(text)) facts.merge_requests = *std::move(read);
  } else if (kind == 7) {
    if (auto read = forge::ParseReviews(text, 1)) facts.reviews = *std::move(read);
  } else if (kind == 8) {
    if (auto read = forge::ParseStatuses(text, sha)) facts.statuses = *std::move(read);
  } else if (kind == 9) {
    if (auto read = forge::ParseCommits(text)) facts.commits = *std::move(read);
  } else if (kind == 10) {
    if (auto read = forge::ParseBranches(text, {1})) facts.branches = *std::move(read);
  } else {
    static_cast<void>(forge::ParseAddress(std::string(text)));
    static_cast<void>(forge::ParseHttpDate(text));
  }
  Look(facts);
  return 0;
}
