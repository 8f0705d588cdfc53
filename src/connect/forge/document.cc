#include "connect/forge/document.h"

#include "base/json_value.h"

namespace stetig::connect::forge {
namespace {

using std::string_view;

std::string Text(json::Object object) { return json::Dump(json::Value(std::move(object))); }

/// Reads a document back; what is missing is empty.
class Stored {
 public:
  static Result<Stored> Read(string_view document) {
    auto value = json::Parse(document);
    if (!value || value->AsObject() == nullptr) {
      return Err(Code::kDataLoss, "a row of forge_facts holds no JSON object");
    }
    return Stored(*std::move(value));
  }
  std::string Str(string_view name) const {
    const json::Value* value = value_.Find(name);
    return value == nullptr || value->AsString() == nullptr ? std::string() : *value->AsString();
  }
  int64_t Int(string_view name) const {
    const json::Value* value = value_.Find(name);
    return value == nullptr || value->AsInt64() == nullptr ? 0 : *value->AsInt64();
  }
  bool Flag(string_view name) const {
    const json::Value* value = value_.Find(name);
    return value != nullptr && value->AsBool() != nullptr && *value->AsBool();
  }

 private:
  explicit Stored(json::Value value) : value_(std::move(value)) {}
  json::Value value_;
};

}  // namespace

std::string ToDocument(const Commit& c) {
  return Text({{"sha", c.sha}, {"message", c.message}, {"at", c.at.ms}, {"url", c.url}});
}

std::string ToDocument(const Branch& b) {
  return Text({{"name", b.name}, {"head", b.head}, {"before", b.before}});
}

std::string ToDocument(const MergeRequest& m) {
  return Text({{"number", m.number},
               {"title", m.title},
               {"state", m.state},
               {"draft", m.draft},
               {"source_branch", m.source_branch},
               {"target_branch", m.target_branch},
               {"head", m.head},
               {"merge_commit", m.merge_commit},
               {"closed_at", m.closed_at.ms},
               {"author_id", m.author.id},
               {"url", m.url}});
}

std::string ToDocument(const Review& r) {
  return Text({{"merge_request", r.merge_request},
               {"reviewer_id", r.reviewer.id},
               {"state", r.state},
               {"commit", r.commit}});
}

std::string ToDocument(const CommitStatus& s) {
  return Text({{"commit", s.commit},
               {"context", s.context},
               {"state", s.state},
               {"description", s.description},
               {"url", s.url}});
}

Result<Commit> CommitFrom(string_view document) {
  ASSIGN_OR_RETURN(const Stored from, Stored::Read(document));
  return Commit{.sha = from.Str("sha"),
                .message = from.Str("message"),
                .author = {},
                .at = {from.Int("at")},
                .url = from.Str("url")};
}

Result<Branch> BranchFrom(string_view document) {
  ASSIGN_OR_RETURN(const Stored from, Stored::Read(document));
  return Branch{.name = from.Str("name"),
                .head = from.Str("head"),
                .before = from.Str("before"),
                .version = {}};
}

Result<MergeRequest> MergeRequestFrom(string_view document) {
  ASSIGN_OR_RETURN(const Stored from, Stored::Read(document));
  return MergeRequest{.number = from.Int("number"),
                      .title = from.Str("title"),
                      .state = from.Str("state"),
                      .draft = from.Flag("draft"),
                      .source_branch = from.Str("source_branch"),
                      .target_branch = from.Str("target_branch"),
                      .head = from.Str("head"),
                      .merge_commit = from.Str("merge_commit"),
                      .closed_at = {from.Int("closed_at")},
                      .author = {.id = from.Int("author_id"), .login = {}},
                      .url = from.Str("url"),
                      .version = {}};
}

}  // namespace stetig::connect::forge
