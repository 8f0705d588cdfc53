// Webhooks.
#include <fmt/format.h>

#include "base/json_value.h"
#include "base/log.h"
#include "base/text.h"
#include "connect/forge/impl.h"
#include "connect/forge/payload.h"
#include "connect/forge/repository.h"
#include "connect/forge/signature.h"
#include "journal/service.h"

namespace stetig::connect::forge {
namespace {

constexpr size_t kMaxDelivery = 100;
constexpr std::chrono::hours kDeliveriesFor{24 * 7};

std::string HeaderOf(const http::Headers& headers, std::string_view first,
                     std::string_view second) {
  auto value = headers.Get(first);
  if (!value) value = headers.Get(second);
  return std::string(value.value_or(""));
}

Status NoteRefusal(store::Transaction& tx, const Webhook& webhook, int64_t held_back,
                   std::string_view reason, WallTime now) {
  json::Object payload = {{"reason", reason}};
  if (held_back > 0) payload.emplace_back("unrecorded_before", held_back);
  std::string name(FirstCodePoints(webhook.repository, 64));
  if (!IsValidUtf8(name) || name.contains('\0') || name.empty()) name = "?";
  return journal::Append(tx, {.time = now,
                              .actor = "anonymous",
                              .kind = "webhook.refused",
                              .subject = {"forge_repository", std::move(name)},
                              .refs = {},
                              .payload = json::Dump(json::Value(std::move(payload))),
                              .request_id = webhook.request_id,
                              .texts = {webhook.address}});
}

}  // namespace

Task<Applied> Service::Receive(Webhook webhook, Deadline deadline) {
  std::string name = webhook.repository;
  auto found = co_await impl_->Find(std::move(name), deadline);
  if (!found && found.error().code() != Code::kNotFound) co_return Err(found.error());
  Secret<std::string> secret;
  if (found) {
    // Without its secret nothing of the repository can be believed; whoever runs the server must
    // know.
    auto text = impl_->SecretOf(found->secret);
    if (!text) {
      LOG(kError, "a webhook cannot be checked", {"repository", found->name},
          {"reason", text.error()});
      co_return Err(Code::kUnavailable, "the webhook's secret cannot be read now");
    }
    secret = *std::move(text);
  }
  // An unknown repository costs the same work, so that names cannot be told by time.
  const std::string& key = found ? secret.Reveal() : webhook.repository;
  const bool fits = SignatureFits(webhook.headers, webhook.body, key) && found.has_value();
  if (!fits) {
    const bool signed_at_all = webhook.headers.Get("X-Hub-Signature-256").has_value() ||
                               webhook.headers.Get("X-Gitea-Signature").has_value();
    const char* reason = signed_at_all ? "wrong signature" : "no signature";
    int64_t held_back = 0;
    if (impl_->refusals.Pass(std::chrono::steady_clock::now(), &held_back)) {
      const WallTime now = impl_->Now();
      auto write = [webhook = std::move(webhook), held_back, reason,
                    now](store::Transaction& tx) -> Status {
        return NoteRefusal(tx, webhook, held_back, reason, now);
      };
      const Status noted = co_await impl_->db.Write(std::move(write), deadline);
      CO_TRY(Status(noted));
    }
    co_return Err(Code::kUnauthenticated,
                  "the webhook's signature is missing or wrong, expected X-Hub-Signature-256 with "
                  "the HMAC-SHA256 of the body under the repository's secret",
                  "bad_signature");
  }
  const std::string event = HeaderOf(webhook.headers, "X-GitHub-Event", "X-Gitea-Event");
  const std::string delivery = HeaderOf(webhook.headers, "X-GitHub-Delivery", "X-Gitea-Delivery");
  if (event.empty() || delivery.empty() || delivery.size() > kMaxDelivery ||
      !IsValidUtf8(delivery) || delivery.contains('\0')) {
    co_return Err(Code::kInvalidArgument,
                  "X-GitHub-Event or X-GitHub-Delivery is missing or no text of at most 100 bytes",
                  "invalid_payload");
  }
  ASSIGN_OR_CO_RETURN(Delivery parsed, ParseWebhook(event, webhook.body));
  if (!parsed.repository.empty() && !EqualsIgnoreCase(parsed.repository, found->full_name)) {
    co_return Err(Code::kInvalidArgument,
                  fmt::format("the webhook is of repository '{}', expected '{}'",
                              FirstCodePoints(parsed.repository, 200), found->full_name),
                  "other_repository");
  }
  auto named = co_await impl_->keys.Find(KeysIn(parsed.facts), deadline);
  ASSIGN_OR_CO_RETURN(Keys keys, std::move(named));
  Intake intake{.repository_no = found->repository_no,
                .repository = found->name,
                .source = Source::kWebhook,
                .now = impl_->Now(),
                .request_id = webhook.request_id};
  auto write = [intake = std::move(intake), delivery, parsed = std::move(parsed),
                keys = std::move(keys)](store::Transaction& tx) -> Result<Applied> {
    ASSIGN_OR_RETURN(const bool fresh,
                     repository::AddDelivery(tx, intake.repository_no, delivery, intake.now));
    if (!fresh) return Applied{.duplicate = true};
    ASSIGN_OR_RETURN(Applied applied, Apply(tx, intake, parsed.facts, keys));
    applied.partial = parsed.partial;
    if (parsed.partial) TRY(repository::HurryPoll(tx, intake.repository_no));
    return applied;
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

Task<> Service::Prune(Deadline deadline) {
  const WallTime before{impl_->Now().ms - std::chrono::milliseconds(kDeliveriesFor).count()};
  auto write = [before](store::Transaction& tx) -> Status {
    return repository::ForgetDeliveries(tx, before);
  };
  co_return co_await impl_->db.Write(std::move(write), deadline);
}

}  // namespace stetig::connect::forge
