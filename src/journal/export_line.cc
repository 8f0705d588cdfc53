#include "journal/export_line.h"

#include <fmt/format.h>

#include <cstring>

#include "base/json_value.h"
#include "base/json_writer.h"
#include "base/text.h"

namespace stetig::journal::line {
namespace {

constexpr int64_t kVersion = 1;

std::string Hex(const LeafHash& hash) {
  return HexEncode({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

void WriteRef(JsonWriter& json, const Ref& ref) {
  json.BeginArray();
  json.String(ref.type);
  json.String(ref.id);
  json.EndArray();
}

void WriteTexts(JsonWriter& json, const Entry& entry) {
  json.Key("commitments");
  json.BeginArray();
  for (const LeafHash& commitment : entry.commitments) {
    json.String(Hex(commitment));
  }
  json.EndArray();
  json.Key("texts");
  json.BeginArray();
  for (const std::optional<SealedText>& text : entry.texts) {
    if (!text) {
      json.Null();
      continue;
    }
    json.BeginObject();
    json.Field("salt", HexEncode(text->salt));
    json.Field("text", text->text);
    json.EndObject();
  }
  json.EndArray();
}

Failure Wrong(std::string_view field, std::string_view expected) {
  return Err(Code::kInvalidArgument, fmt::format("its {} is missing or no {}", field, expected));
}

Result<std::string> TextOf(const json::Value& object, std::string_view field) {
  const json::Value* value = object.Find(field);
  if (value == nullptr || value->AsString() == nullptr) {
    return Wrong(field, "text");
  }
  return *value->AsString();
}

Result<int64_t> IntOf(const json::Value& object, std::string_view field) {
  const json::Value* value = object.Find(field);
  if (value == nullptr || value->AsInt64() == nullptr) {
    return Wrong(field, "integer");
  }
  return *value->AsInt64();
}

Result<const json::Array*> ListOf(const json::Value& object, std::string_view field) {
  const json::Value* value = object.Find(field);
  if (value == nullptr || value->AsArray() == nullptr) {
    return Wrong(field, "list");
  }
  return value->AsArray();
}

Result<LeafHash> HashOf(const json::Value* value, std::string_view field) {
  const std::string* text = value == nullptr ? nullptr : value->AsString();
  const auto bytes = text == nullptr ? std::nullopt : HexDecode(*text);
  if (!bytes || bytes->size() != sizeof(LeafHash)) {
    return Wrong(field, "64 hex digits");
  }
  LeafHash hash;
  std::memcpy(hash.data(), bytes->data(), hash.size());
  return hash;
}

Result<Ref> RefOf(const json::Value& value) {
  const json::Array* pair = value.AsArray();
  if (pair == nullptr || pair->size() != 2 || (*pair)[0].AsString() == nullptr ||
      (*pair)[1].AsString() == nullptr) {
    return Wrong("ref", "pair of type and id");
  }
  return Ref{*(*pair)[0].AsString(), *(*pair)[1].AsString()};
}

Status ReadTexts(const json::Value& object, Entry& entry) {
  ASSIGN_OR_RETURN(const json::Array* commitments, ListOf(object, "commitments"));
  ASSIGN_OR_RETURN(const json::Array* texts, ListOf(object, "texts"));
  if (texts->size() != commitments->size() || texts->size() > kMaxTexts ||
      (entry.form == kForm) == texts->empty()) {
    return Err(Code::kInvalidArgument, fmt::format("it has {} texts and {} commitments in form {}",
                                                   texts->size(), commitments->size(), entry.form));
  }
  for (const json::Value& commitment : *commitments) {
    ASSIGN_OR_RETURN(LeafHash hash, HashOf(&commitment, "commitment"));
    entry.commitments.push_back(hash);
  }
  for (const json::Value& text : *texts) {
    entry.texts.emplace_back();
    if (!text.IsNull()) {
      ASSIGN_OR_RETURN(const std::string salt, TextOf(text, "salt"));
      const auto bytes = HexDecode(salt);
      if (!bytes) {
        return Wrong("salt", "hex");
      }
      ASSIGN_OR_RETURN(std::string plain, TextOf(text, "text"));
      entry.texts.back() = SealedText{*bytes, std::move(plain)};
    }
  }
  return OkStatus();
}

Result<Entry> ReadEntry(const json::Value& object) {
  Entry entry;
  Event& event = entry.event;
  ASSIGN_OR_RETURN(event.seq, IntOf(object, "seq"));
  ASSIGN_OR_RETURN(entry.form, IntOf(object, "form"));
  if (entry.form != kFirstForm && entry.form != kForm) {
    return Err(Code::kInvalidArgument, fmt::format("its form is {}", entry.form));
  }
  ASSIGN_OR_RETURN(event.time.ms, IntOf(object, "time"));
  ASSIGN_OR_RETURN(event.tenant, TextOf(object, "tenant"));
  ASSIGN_OR_RETURN(event.project, TextOf(object, "project"));
  if (entry.form == kFirstForm) {
    ASSIGN_OR_RETURN(event.actor, TextOf(object, "actor"));
  }
  ASSIGN_OR_RETURN(event.kind, TextOf(object, "kind"));
  const json::Value* subject = object.Find("subject");
  ASSIGN_OR_RETURN(event.subject, RefOf(subject == nullptr ? json::Value() : *subject));
  ASSIGN_OR_RETURN(const json::Array* refs, ListOf(object, "refs"));
  for (const json::Value& one : *refs) {
    ASSIGN_OR_RETURN(Ref ref, RefOf(one));
    event.refs.push_back(std::move(ref));
  }
  ASSIGN_OR_RETURN(event.payload, TextOf(object, "payload"));
  ASSIGN_OR_RETURN(event.request_id, TextOf(object, "request_id"));
  TRY(ReadTexts(object, entry));
  ASSIGN_OR_RETURN(entry.leaf_hash, HashOf(object.Find("leaf_hash"), "leaf_hash"));
  return entry;
}

}  // namespace

std::string Header(std::string_view key, int64_t size) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("type", std::string_view("journal"));
  json.Field("version", kVersion);
  json.Field("key", key);
  json.Field("size", size);
  json.EndObject();
  return out + "\n";
}

std::string Write(const Entry& entry) {
  const Event& event = entry.event;
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("type", std::string_view("event"));
  json.Field("seq", event.seq);
  json.Field("form", entry.form);
  json.Field("time", event.time.ms);
  json.Field("tenant", event.tenant);
  json.Field("project", event.project);
  if (entry.form == kFirstForm) {
    json.Field("actor", event.actor);
  }
  json.Field("kind", event.kind);
  json.Key("subject");
  WriteRef(json, event.subject);
  json.Key("refs");
  json.BeginArray();
  for (const Ref& ref : event.refs) {
    WriteRef(json, ref);
  }
  json.EndArray();
  json.Field("payload", event.payload);
  json.Field("request_id", event.request_id);
  WriteTexts(json, entry);
  json.Field("leaf_hash", Hex(entry.leaf_hash));
  json.EndObject();
  return out + "\n";
}

std::string Write(const repository::StoredCheckpoint& checkpoint) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("type", std::string_view("checkpoint"));
  json.Field("size", checkpoint.size);
  json.Field("note", checkpoint.note);
  json.EndObject();
  return out + "\n";
}

std::string End(int64_t size) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("type", std::string_view("end"));
  json.Field("size", size);
  json.EndObject();
  return out + "\n";
}

Result<Line> Read(std::string_view text) {
  ASSIGN_OR_RETURN(const json::Value object, json::Parse(text, {.bytes = kMaxBytes, .depth = 8}));
  ASSIGN_OR_RETURN(const std::string type, TextOf(object, "type"));
  Line line;
  if (type == "event") {
    line.kind = Line::Kind::kEvent;
    ASSIGN_OR_RETURN(line.entry, ReadEntry(object));
    return line;
  }
  ASSIGN_OR_RETURN(line.size, IntOf(object, "size"));
  if (type == "checkpoint") {
    line.kind = Line::Kind::kCheckpoint;
    line.checkpoint.size = line.size;
    ASSIGN_OR_RETURN(line.checkpoint.note, TextOf(object, "note"));
  } else if (type == "journal") {
    line.kind = Line::Kind::kHeader;
    ASSIGN_OR_RETURN(const int64_t version, IntOf(object, "version"));
    if (version != kVersion) {
      return Err(Code::kInvalidArgument,
                 fmt::format("its version is {}, expected {}", version, kVersion));
    }
    ASSIGN_OR_RETURN(line.key, TextOf(object, "key"));
  } else if (type != "end") {
    return Err(Code::kInvalidArgument, fmt::format("its type is '{}'", type));
  }
  return line;
}

}  // namespace stetig::journal::line
