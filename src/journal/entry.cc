#include "journal/entry.h"

#include <bit>
#include <cstring>

#include "base/digest.h"
#include "base/json_value.h"
#include "journal/merkle.h"

namespace stetig::journal {
namespace {

constexpr size_t kSaltBytes = 16;

void AppendInt(std::string& out, uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) {
    out += static_cast<char>((value >> shift) & 0xFF);
  }
}

void AppendText(std::string& out, std::string_view text) {
  AppendInt(out, text.size());
  out += text;
}

SealedText SealText(std::string text, Random& random) {
  SealedText sealed{.salt = std::string(kSaltBytes, '\0'), .text = std::move(text)};
  random.Fill(std::as_writable_bytes(std::span(sealed.salt)));
  return sealed;
}

}  // namespace

LeafHash Commit(const SealedText& text) {
  const Sha256Digest digest = Sha256(text.salt + text.text);
  LeafHash hash;
  std::memcpy(hash.data(), digest.data(), hash.size());
  return hash;
}

Entry Seal(const Event& event, Random& random) {
  Entry entry{.event = event};
  entry.event.actor.clear();
  entry.event.texts.clear();
  entry.event.erased.clear();
  entry.texts.emplace_back(SealText(event.actor, random));
  for (const std::string& text : event.texts) {
    entry.texts.emplace_back(SealText(text, random));
  }
  for (const std::optional<SealedText>& text : entry.texts) {
    entry.commitments.push_back(Commit(*text));
  }
  entry.leaf_hash = HashLeaf(entry);
  return entry;
}

Event Unseal(Entry entry) {
  Event event = std::move(entry.event);
  for (size_t place = 0; place < entry.texts.size(); ++place) {
    std::optional<SealedText>& sealed = entry.texts[place];
    std::string text = sealed ? std::move(sealed->text) : kErasedText;
    if (!sealed) {
      event.erased.push_back(static_cast<int>(place));
    }
    if (place == 0) {
      event.actor = std::move(text);
    } else {
      event.texts.push_back(std::move(text));
    }
  }
  return event;
}

std::string CanonicalBytes(const Entry& entry) {
  const Event& event = entry.event;
  const bool plain = entry.form == kFirstForm;
  std::string out;
  out += static_cast<char>(entry.form);
  AppendInt(out, std::bit_cast<uint64_t>(event.time.ms));
  AppendText(out, event.tenant);
  AppendText(out, event.project);
  if (plain) {
    AppendText(out, event.actor);
  }
  AppendText(out, event.kind);
  AppendText(out, event.subject.type);
  AppendText(out, event.subject.id);
  AppendInt(out, event.refs.size());
  for (const Ref& ref : event.refs) {
    AppendText(out, ref.type);
    AppendText(out, ref.id);
  }
  AppendText(out, event.payload);
  AppendText(out, event.request_id);
  if (!plain) {
    AppendInt(out, entry.commitments.size());
    for (const LeafHash& commitment : entry.commitments) {
      out.append(reinterpret_cast<const char*>(commitment.data()), commitment.size());
    }
  }
  return out;
}

LeafHash HashLeaf(const Entry& entry) { return merkle::HashLeaf(CanonicalBytes(entry)); }

std::string RefsToJson(const std::vector<Ref>& refs) {
  json::Array array;
  for (const Ref& ref : refs) {
    array.emplace_back(json::Array{json::Value(ref.type), json::Value(ref.id)});
  }
  return json::Dump(json::Value(std::move(array)));
}

Result<std::vector<Ref>> RefsFromJson(std::string_view text) {
  auto value = json::Parse(text);
  if (!value || value->AsArray() == nullptr) {
    return Err(Code::kDataLoss, "its refs are no JSON list");
  }
  std::vector<Ref> refs;
  for (const json::Value& one : *value->AsArray()) {
    const json::Array* pair = one.AsArray();
    if (pair == nullptr || pair->size() != 2 || (*pair)[0].AsString() == nullptr ||
        (*pair)[1].AsString() == nullptr) {
      return Err(Code::kDataLoss, "one of its refs is no pair of type and id");
    }
    refs.push_back({*(*pair)[0].AsString(), *(*pair)[1].AsString()});
  }
  if (RefsToJson(refs) != text) {  // one meaning, one text: else a change could go unseen
    return Err(Code::kDataLoss, "its refs are not written as stetig writes them");
  }
  return refs;
}

}  // namespace stetig::journal
