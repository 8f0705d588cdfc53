// Against the key and note of golang.org/x/mod/sumdb/note, the first implementation of the format.
#include "journal/note.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/text.h"
#include "store/testing/fixture.h"

namespace stetig::journal::note {
namespace {

constexpr const char* kVerifier =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr const char* kSigner =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
constexpr const char* kText =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n";
constexpr const char* kSignature =
    "\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n";

SignerKey Signer(uint64_t seed = 1, std::string name = "stetig/test") {
  SeededRandom random(seed);
  return SignerKey::Make(std::move(name), random);
}

Checkpoint Made() {
  Checkpoint checkpoint{.origin = "stetig/test", .size = 20852, .root = {}};
  checkpoint.root[0] = std::byte{9};
  return checkpoint;
}

TEST(Note, SignsAsGosNotePackageDoes) {
  const auto signer = SignerKey::Parse(kSigner);
  ASSERT_TRUE(signer.has_value()) << signer.error().ToString();
  EXPECT_EQ(signer->verifier().Text(), kVerifier);
  EXPECT_EQ(signer->Text(), kSigner);
  EXPECT_EQ(signer->SignNote(kText), std::string(kText) + kSignature);
}

TEST(Note, RefusesEveryMangledKey) {  // as TestNewVerifier of the same package
  std::string key = kVerifier;
  for (size_t i = 0; i <= key.size(); ++i) {
    for (size_t j = i + 1; j <= key.size(); ++j) {
      EXPECT_EQ(VerifierKey::Parse(key.substr(i, j - i)).has_value(), i == 0 && j == key.size());
    }
  }
  for (char& c : key) {
    ++c;
    EXPECT_FALSE(VerifierKey::Parse(key).has_value()) << key;
    --c;
  }
}

TEST(Note, OpensWhatItSigned) {
  const SignerKey signer = Signer();
  const std::string note = signer.SignNote(Body(Made()));
  const VerifierKey keys[] = {Signer(2, "other").verifier(), signer.verifier()};
  const auto opened = Open(note, keys);
  ASSERT_TRUE(opened.has_value()) << opened.error().ToString();
  EXPECT_EQ(*opened, Made());
  EXPECT_EQ(Open(note, std::span(keys).first(1)).error().code(), Code::kUnauthenticated);
}

TEST(Note, PassesOverOtherSignaturesAndExtensions) {
  const SignerKey signer = Signer();
  const SignerKey witness = Signer(3, "witness");
  std::string note = signer.SignNote(Body(Made()) + "an extension\n");
  const std::string cosigned = witness.SignNote(Body(Made()) + "an extension\n");
  note += cosigned.substr(cosigned.find("\n\n") + 2);
  const VerifierKey keys[] = {signer.verifier()};
  EXPECT_EQ(Open(note, keys).value(), Made());
  const VerifierKey both[] = {signer.verifier(), witness.verifier()};
  EXPECT_EQ(Open(note, both).value(), Made());
}

TEST(Note, EveryFlippedBitIsNoticed) {
  const SignerKey signer = Signer();
  const VerifierKey keys[] = {signer.verifier()};
  std::string note = signer.SignNote(Body(Made()));
  for (size_t bit = 0; bit < note.size() * 8; ++bit) {
    note[bit / 8] = static_cast<char>(note[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Open(note, keys).has_value()) << bit;
    note[bit / 8] = static_cast<char>(note[bit / 8] ^ (1 << (bit % 8)));
  }
  for (size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(Open(std::string_view(note).substr(0, size), keys).has_value()) << size;
  }
  EXPECT_FALSE(Open(note + "\n", keys).has_value());
}

TEST(Note, RefusesWhatIsNoCheckpoint) {
  const SignerKey signer = Signer();
  const std::string root = Base64Encode(std::string(32, 'r'));
  for (const std::string& body :
       {std::string("o\n1\n"), "\n1\n" + root + "\n", "o\n01\n" + root + "\n",
        "o\n-1\n" + root + "\n", "o\n1\n" + root.substr(4) + "\n", std::string("text\n")}) {
    EXPECT_EQ(Read(signer.SignNote(body)).error().code(), Code::kInvalidArgument) << body;
  }
  EXPECT_TRUE(Read(signer.SignNote("o\n1\n" + root + "\n")).has_value());
  EXPECT_EQ(Read(std::string(kMaxNoteBytes + 1, '\n')).error().code(), Code::kInvalidArgument);
}

TEST(Note, TheKeyFileIsMadeOnceAndForItsOwnerAlone) {
  const std::string folder =
      std::filesystem::path(::testing::TempDir()) / ("key_" + std::to_string(getpid()));
  std::filesystem::remove_all(folder);
  std::filesystem::create_directory(folder);
  const std::string path = folder + "/journal.key";
  io::Env& env = io::Env::System();
  EXPECT_EQ(LoadKey(env, path).error().code(), Code::kNotFound);
  const auto made = LoadOrMakeKey(env, path, Random::System());
  ASSERT_TRUE(made.has_value());
  struct stat info{};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600);
  EXPECT_EQ(LoadOrMakeKey(env, path, Random::System())->Text(), made->Text());
  ASSERT_TRUE(io::WriteFileAtomically(env, path, "nonsense").ok());
  EXPECT_EQ(LoadOrMakeKey(env, path, Random::System()).error().code(), Code::kDataLoss);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stetig::journal::note
