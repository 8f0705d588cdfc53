#include "journal/note.h"

#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "base/digest.h"
#include "base/text.h"

namespace stetig::journal::note {
namespace {

constexpr char kEd25519 = '\x01';
constexpr std::string_view kPrivate = "PRIVATE+KEY+";
constexpr std::string_view kDash = "\xE2\x80\x94 ";  // an em dash and a blank
constexpr size_t kMaxSignatures = 100;
constexpr size_t kMaxKeyFile = 4096;

template <class Array>
std::string_view View(const Array& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// `bytes` has the array's size.
template <class Array>
Array ArrayOf(std::string_view bytes) {
  Array out;
  std::memcpy(out.data(), bytes.data(), out.size());
  return out;
}

KeyId IdOf(std::string_view name, const ed25519::PublicKey& key) {
  std::string text(name);
  text += '\n';
  text += kEd25519;
  text += View(key);
  const Sha256Digest digest = Sha256(text);
  return ArrayOf<KeyId>({reinterpret_cast<const char*>(digest.data()), sizeof(KeyId)});
}

bool IsName(std::string_view name) {
  return !name.empty() && IsValidUtf8(name) &&
         name.find_first_of("+ \t\r\n\v\f") == std::string_view::npos;
}

struct KeyText {
  std::string name;
  KeyId id;
  std::array<std::byte, 32> key;
};

/// "name+hash+base64(0x01 ‖ 32 bytes)"; base64 may hold a plus.
Result<KeyText> ReadKeyText(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) {
    return Err(Code::kInvalidArgument, "the key is no name+hash+base64");
  }
  const std::string_view name = text.substr(0, first);
  const auto id = HexDecode(text.substr(first + 1, second - first - 1));
  const auto key = Base64Decode(text.substr(second + 1));
  if (!IsName(name) || !id || id->size() != sizeof(KeyId) || !key || key->size() != 33 ||
      key->front() != kEd25519) {
    return Err(Code::kInvalidArgument,
               "the key is no name+hash+base64 of an Ed25519 key, expected 8 hex digits and 33 "
               "bytes that begin with 1");
  }
  return KeyText{std::string(name), ArrayOf<KeyId>(*id),
                 ArrayOf<std::array<std::byte, 32>>(std::string_view(*key).substr(1))};
}

std::string WriteKeyText(const std::string& name, const KeyId& id, std::string_view key) {
  return fmt::format("{}+{}+{}", name, HexEncode(View(id)),
                     Base64Encode(std::string(1, kEd25519) + std::string(key)));
}

Failure OtherHash(const std::string& name) {
  return Err(Code::kInvalidArgument,
             fmt::format("the key of '{}' does not belong to its hash", name));
}

struct SignatureLine {
  std::string_view name;
  std::string bytes;  ///< key id and signature
};

struct Parts {
  std::string_view text;  ///< what is signed, with its last line break
  std::vector<SignatureLine> signatures;
};

Failure NoNote(std::string_view why) {
  return Err(Code::kInvalidArgument, fmt::format("this is no signed note: {}", why));
}

Result<SignatureLine> ReadSignature(std::string_view line) {
  if (!line.starts_with(kDash)) {
    return NoNote("a line after the blank one is no signature");
  }
  line.remove_prefix(kDash.size());
  const size_t blank = line.find(' ');
  if (blank == std::string_view::npos || !IsName(line.substr(0, blank))) {
    return NoNote("a signature has no name");
  }
  auto bytes = Base64Decode(line.substr(blank + 1));
  if (!bytes || bytes->size() <= sizeof(KeyId)) {
    return NoNote("a signature is no base64");
  }
  return SignatureLine{line.substr(0, blank), *std::move(bytes)};
}

Result<Parts> Take(std::string_view note) {
  if (note.size() > kMaxNoteBytes) {
    return NoNote(fmt::format("it has {} bytes, expected at most {}", note.size(), kMaxNoteBytes));
  }
  if (!IsValidUtf8(note) || !note.ends_with('\n')) {
    return NoNote("it is not UTF-8 that ends with a line break");
  }
  const size_t blank = note.rfind("\n\n");
  if (blank == std::string_view::npos) {
    return NoNote("it has no blank line before the signatures");
  }
  Parts parts{.text = note.substr(0, blank + 1), .signatures = {}};
  std::string_view rest = note.substr(blank + 2);
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    ASSIGN_OR_RETURN(SignatureLine line, ReadSignature(rest.substr(0, end)));
    parts.signatures.push_back(std::move(line));
    rest.remove_prefix(end + 1);
    if (parts.signatures.size() > kMaxSignatures) {
      return NoNote(fmt::format("it has more than {} signatures", kMaxSignatures));
    }
  }
  if (parts.signatures.empty()) {
    return NoNote("it has no signature");
  }
  return parts;
}

Result<Checkpoint> ReadBody(std::string_view text) {
  const std::vector<std::string_view> lines = Split(text, '\n');  // the last one is empty
  if (lines.size() < 4 || lines[0].empty()) {
    return Err(Code::kInvalidArgument,
               "this is no checkpoint: expected lines of origin, size and root");
  }
  const auto size = ParseInt64(lines[1]);
  if (!size || *size < 0 || fmt::format("{}", *size) != lines[1]) {
    return Err(Code::kInvalidArgument,
               fmt::format("a checkpoint's size is '{}', expected a decimal number", lines[1]));
  }
  const auto root = Base64Decode(lines[2]);
  if (!root || root->size() != sizeof(merkle::Hash) || Base64Encode(*root) != lines[2]) {
    return Err(Code::kInvalidArgument, "a checkpoint's root is no base64 of 32 bytes");
  }
  return Checkpoint{std::string(lines[0]), *size, ArrayOf<merkle::Hash>(*root)};
}

/// Nothing: by another key.
std::optional<bool> Holds(const SignatureLine& line, std::string_view text,
                          const VerifierKey& key) {
  const std::string_view bytes = line.bytes;
  if (line.name != key.name() || bytes.substr(0, sizeof(KeyId)) != View(key.id())) {
    return std::nullopt;
  }
  const std::string_view signature = bytes.substr(sizeof(KeyId));
  return signature.size() == sizeof(ed25519::Signature) &&
         key.Verifies(text, ArrayOf<ed25519::Signature>(signature));
}

}  // namespace

VerifierKey::VerifierKey(std::string name, const ed25519::PublicKey& key)
    : name_(std::move(name)), key_(key), id_(IdOf(name_, key_)) {}

Result<VerifierKey> VerifierKey::Parse(std::string_view text) {
  ASSIGN_OR_RETURN(KeyText parts, ReadKeyText(Trim(text)));
  VerifierKey key(parts.name, parts.key);
  return key.id() == parts.id ? Result<VerifierKey>(std::move(key)) : OtherHash(parts.name);
}

std::string VerifierKey::Text() const { return WriteKeyText(name_, id_, View(key_)); }

bool VerifierKey::Verifies(std::string_view message, const ed25519::Signature& signature) const {
  return ed25519::Verify(key_, message, signature);
}

SignerKey::SignerKey(std::string name, const ed25519::Seed& seed)
    : seed_(seed), verifier_(std::move(name), ed25519::PublicKeyOf(seed)) {}

SignerKey SignerKey::Make(std::string name, Random& random) {
  ed25519::Seed seed;
  random.Fill(seed);
  return {std::move(name), seed};
}

Result<SignerKey> SignerKey::Parse(std::string_view text) {
  std::string_view rest = Trim(text);
  if (!rest.starts_with(kPrivate)) {
    return Err(Code::kInvalidArgument, "the key does not begin with PRIVATE+KEY+");
  }
  rest.remove_prefix(kPrivate.size());
  ASSIGN_OR_RETURN(KeyText parts, ReadKeyText(rest));
  SignerKey key(parts.name, parts.key);
  return key.verifier().id() == parts.id ? Result<SignerKey>(std::move(key))
                                         : OtherHash(parts.name);
}

std::string SignerKey::Text() const {
  return std::string(kPrivate) + WriteKeyText(verifier_.name(), verifier_.id(), View(seed_));
}

std::string SignerKey::SignNote(std::string_view body) const {
  std::string signature(View(verifier_.id()));
  signature += View(ed25519::Sign(seed_, body));
  return fmt::format("{}\n{}{} {}\n", body, kDash, verifier_.name(), Base64Encode(signature));
}

Result<SignerKey> LoadKey(io::Env& env, const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, io::ReadFile(env, path, kMaxKeyFile));
  auto key = SignerKey::Parse(text);
  if (!key) {
    return Err(Code::kDataLoss,
               fmt::format("the journal's key file holds no key: {}", key.error().message()));
  }
  return key;
}

Result<SignerKey> LoadOrMakeKey(io::Env& env, const std::string& path, Random& random) {
  ASSIGN_OR_RETURN(const bool exists, io::Exists(env, path));
  if (exists) {
    return LoadKey(env, path);
  }
  std::array<std::byte, 8> number;
  random.Fill(number);
  SignerKey key = SignerKey::Make("stetig/journal/" + HexEncode(View(number)), random);
  TRY(io::WriteFileAtomically(env, path, key.Text() + "\n"));
  return key;
}

std::string Body(const Checkpoint& checkpoint) {
  return fmt::format("{}\n{}\n{}\n", checkpoint.origin, checkpoint.size,
                     Base64Encode(View(checkpoint.root)));
}

Result<Checkpoint> Read(std::string_view note) {
  ASSIGN_OR_RETURN(const Parts parts, Take(note));
  return ReadBody(parts.text);
}

Result<Checkpoint> Open(std::string_view note, std::span<const VerifierKey> keys) {
  ASSIGN_OR_RETURN(const Parts parts, Take(note));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, ReadBody(parts.text));
  bool known = false;
  for (const SignatureLine& line : parts.signatures) {
    for (const VerifierKey& key : keys) {
      const std::optional<bool> holds = Holds(line, parts.text, key);
      if (holds == false) {
        return Err(Code::kDataLoss, fmt::format("the signature of {} does not hold", key.name()));
      }
      known = known || holds.has_value();
    }
  }
  if (!known) {
    return Err(Code::kUnauthenticated, "the checkpoint is signed by none of the known keys");
  }
  return checkpoint;
}

}  // namespace stetig::journal::note
