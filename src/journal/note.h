// Signed checkpoints of the journal: the C2SP formats signed-note (https://c2sp.org/signed-note,
// Ed25519) and tlog-checkpoint (https://c2sp.org/tlog-checkpoint). Pure functions and values;
// thread-safe.
//
//   stetig/journal/4f1c2a90
//   20852
//   CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//   — stetig/journal/4f1c2a90 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gG…
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/signature.h"
#include "base/status.h"
#include "io/file.h"
#include "journal/merkle.h"

namespace stetig::journal::note {

/// The first 4 bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ public key).
using KeyId = std::array<std::byte, 4>;

/// Most bytes of a note that is read.
inline constexpr size_t kMaxNoteBytes = 64 * 1024;

/// A name and its public key.
class VerifierKey {
 public:
  /// "name+hash+base64(0x01 ‖ public key)". `name`: not empty, without white space and '+'.
  static Result<VerifierKey> Parse(std::string_view text);
  VerifierKey(std::string name, const ed25519::PublicKey& key);

  std::string Text() const;
  const std::string& name() const { return name_; }
  const KeyId& id() const { return id_; }
  bool Verifies(std::string_view message, const ed25519::Signature& signature) const;

 private:
  std::string name_;
  ed25519::PublicKey key_;
  KeyId id_;
};

/// A name and its private key. Not printed by anything but Text().
class SignerKey {
 public:
  static SignerKey Make(std::string name, Random& random);
  /// "PRIVATE+KEY+name+hash+base64(0x01 ‖ seed)", as golang.org/x/mod/sumdb/note writes it.
  static Result<SignerKey> Parse(std::string_view text);

  std::string Text() const;
  const VerifierKey& verifier() const { return verifier_; }
  /// The whole note: `body`, a blank line, the signature's line. `body` ends with a line break.
  std::string SignNote(std::string_view body) const;

 private:
  SignerKey(std::string name, const ed25519::Seed& seed);
  ed25519::Seed seed_;
  VerifierKey verifier_;
};

/// Reads the key of a data folder from `path`, or makes one of a random name there: mode 0600,
/// written atomically and synced. kDataLoss: the file holds no key; codes of io::Env. Blocking.
Result<SignerKey> LoadOrMakeKey(io::Env& env, const std::string& path, Random& random);
/// Reads it only. kNotFound.
Result<SignerKey> LoadKey(io::Env& env, const std::string& path);

/// What a checkpoint says: the log called `origin` had this root when it had `size` entries.
struct Checkpoint {
  std::string origin;
  int64_t size = 0;
  merkle::Hash root{};
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// Three lines.
std::string Body(const Checkpoint& checkpoint);

/// Reads a signed checkpoint and verifies it: at least one signature is by one of `keys`, and all
/// that are hold. Lines after the root (extensions) and signatures by other keys are passed over.
/// kInvalidArgument: no signed checkpoint; kUnauthenticated: by none of `keys`; kDataLoss: a
/// signature does not hold.
Result<Checkpoint> Open(std::string_view note, std::span<const VerifierKey> keys);

/// Reads it without asking who signed. kInvalidArgument.
Result<Checkpoint> Read(std::string_view note);

}  // namespace stetig::journal::note
