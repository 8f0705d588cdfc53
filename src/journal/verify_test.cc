// Whatever is changed in the journal's tables or in an exported file, the verifier says so and
// names the place.
#include "journal/verify.h"

#include <gtest/gtest.h>

#include <sstream>

#include "base/testing/rounds.h"
#include "base/text.h"
#include "journal/testing/fixture.h"

namespace stetig::journal {
namespace {

constexpr auto kPageTime = std::chrono::seconds(20);

class VerifyTest : public testing::AuditTest {
 protected:
  VerifyOptions Options() { return {.keys = {Key().verifier()}, .witness = std::nullopt}; }

  Report Verify(VerifyOptions options) {
    auto report = Run(VerifyStore(db(), std::move(options), kPageTime));
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    return report.value_or(Report());
  }
  Report Verify() { return Verify(Options()); }
  std::string Found(VerifyOptions options) {
    const Report report = Verify(std::move(options));
    return report.finding ? report.finding->what : "";
  }
  std::string Found() { return Found(Options()); }

  template <size_t N>
  void Do(const store::Statement (&statements)[N]) {
    for (const store::Statement& statement : statements) {
      ASSERT_TRUE(
          Write([&statement](store::Transaction& tx) { return tx.Execute(statement, {}); }).ok());
    }
  }

  /// 700 entries, two checkpoints, tiles of 512, ada erased in the last third.
  void Prepare() {
    AppendUpTo(300);
    ASSERT_EQ(Sign().value(), 300);
    AppendUpTo(600);
    for (int64_t seq = 450; seq < 460; ++seq) {
      auto erase = [seq](store::Transaction& tx) { return Erase(tx, {.seq = seq, .by = "eve"}); };
      ASSERT_TRUE(Write(erase).has_value());
    }
    FillAll();
    ASSERT_EQ(Sign().value(), 610);
  }

  std::string Exported() {
    std::string file;
    auto write = [&file](std::string_view piece) {
      file += piece;
      return OkStatus();
    };
    auto count = Run(Export(db(), Key().verifier().Text(), write, kPageTime));
    EXPECT_TRUE(count.has_value()) << count.error().ToString();
    return file;
  }
  static Report VerifyText(const std::string& text, VerifyOptions options = {}) {
    std::istringstream in(text);
    auto report = VerifyFile(in, std::move(options));
    EXPECT_TRUE(report.has_value()) << report.error().ToString();
    return report.value_or(Report());
  }
};

TEST_P(VerifyTest, AnEmptyJournalIsIntact) {
  const Report report = Verify();
  EXPECT_FALSE(report.finding);
  EXPECT_EQ(report.root, merkle::EmptyRoot());
  EXPECT_FALSE(VerifyText(Exported()).finding);
}

TEST_P(VerifyTest, AnUntouchedJournalIsIntact) {
  Prepare();
  const Report report = Verify();
  EXPECT_FALSE(report.finding) << report.finding->what;
  EXPECT_EQ(report.entries, 610);
  EXPECT_EQ(report.checkpoints, 2);
  EXPECT_EQ(report.checkpoint_size, 610);
  EXPECT_EQ(report.tiles, 3);
  EXPECT_EQ(report.erased_texts, 14);
  EXPECT_EQ(report.root, Run(Audit(db()).Root(610, Soon())).value());
}

TEST_P(VerifyTest, AChangedRowIsNamedEvenWithItsLeafHash) {
  static constexpr store::Statement kPayload[] = {
      {"UPDATE journal_events SET payload = '{}' WHERE seq = 17"}};
  Prepare();
  Do(kPayload);
  EXPECT_TRUE(Found().starts_with("entry 17: its row was changed")) << Found();
  const LeafHash forged = HashLeaf(Read([](store::Session& session) {
                                     return repository::ReadEntries(session, 16, 1, {});
                                   })->front());
  static constexpr store::Statement kForge{
      "UPDATE journal_events SET leaf_hash = $1 WHERE seq = 17"};
  ASSERT_TRUE(Write([forged](store::Transaction& tx) {
                return tx.Execute(kForge, {std::span<const std::byte>(forged)});
              }).ok());
  EXPECT_TRUE(Found().starts_with("tile 0/0 hash 16 (entries 17 to 17): it does not fit"))
      << Found();
  static constexpr store::Statement kNoTiles[] = {{"DELETE FROM journal_tiles"}};
  Do(kNoTiles);
  EXPECT_TRUE(Found().starts_with("checkpoint of size 300: it signs root")) << Found();
  static constexpr store::Statement kNoCheckpoints[] = {{"DELETE FROM journal_checkpoints"}};
  Do(kNoCheckpoints);
  EXPECT_EQ(Found(), "");  // all that is left is a witness
}

TEST_P(VerifyTest, ACutTailIsNoticedByWhatItLeaves) {
  static constexpr store::Statement kCheckpoints[] = {
      {"DELETE FROM journal_checkpoints WHERE size > 500"}};
  static constexpr store::Statement kTiles[] = {{"DELETE FROM journal_tiles"}};
  Prepare();
  VerifyOptions witness = Options();
  witness.witness = Run(Audit(db()).LastCheckpoint(Soon())).value()->note;
  EXPECT_EQ(Found(witness), "");
  // Erasures are entries too; without them ten entries lack texts, which is said first.
  static constexpr store::Statement kErasures[] = {{"DELETE FROM journal_events WHERE seq > 600"}};
  Do(kErasures);
  EXPECT_EQ(Found(), "entry 450: the actor's name is gone, and no erasure in the journal names it");
  static constexpr store::Statement kEvents2[] = {{"DELETE FROM journal_events WHERE seq > 440"},
                                                  {"DELETE FROM journal_texts WHERE seq > 600"}};
  Do(kEvents2);
  EXPECT_EQ(Found(), "checkpoint of size 610: the journal has 440 entries: its end was cut off");
  Do(kCheckpoints);
  EXPECT_EQ(Found(), "entry 441: it is gone, the personal texts of entry 600 are there");
  static constexpr store::Statement kTexts2[] = {{"DELETE FROM journal_texts WHERE seq > 440"}};
  Do(kTexts2);
  EXPECT_EQ(Found(), "there are 2 tiles, but 440 entries: the end was cut off");
  Do(kTiles);
  EXPECT_EQ(Found(), "");
  EXPECT_EQ(Found(witness), "the witness saw 610 entries, there are 440: the end was cut off");
}

TEST_P(VerifyTest, AWitnessCatchesAHistoryThatWasWrittenAnew) {
  Prepare();
  VerifyOptions witness = Options();
  witness.witness = Run(Audit(db()).LastCheckpoint(Soon())).value()->note;
  Close();
  SetUp();  // another database: other salts, other hashes, everything else alike
  ForgetHead();
  Prepare();
  EXPECT_EQ(Found(), "");
  EXPECT_TRUE(Found(witness).starts_with("the witness saw 610 entries with root"))
      << Found(witness);
}

TEST_P(VerifyTest, ChangesThatLeaveTheHashAloneAreFoundToo) {
  static constexpr store::Statement kRefs[] = {
      {"UPDATE journal_events SET refs = '[[\"experiment\", \"1\"]]' WHERE seq = 9"}};
  static constexpr store::Statement kActor[] = {
      {"UPDATE journal_events SET actor = 'mallory' WHERE seq = 8"}};
  static constexpr store::Statement kText[] = {
      {"INSERT INTO journal_texts (seq, place, salt, text) SELECT 7, 1, salt, text FROM "
       "journal_texts WHERE seq = 7"}};
  Prepare();
  Do(kRefs);
  EXPECT_EQ(Found(), "entry 9: its refs are not written as stetig writes them");
  Do(kActor);
  EXPECT_EQ(Found(), "entry 8: its column actor is not empty");
  Do(kText);
  EXPECT_EQ(Found(), "entry 7: it has a text at place 1, but 1 commitments");
}

TEST_P(VerifyTest, ATileWhereNoneShouldBeIsFound) {
  static constexpr store::Statement kStray[] = {
      {"INSERT INTO journal_tiles (level, tile_no, hashes) SELECT 3, 0, hashes FROM journal_tiles "
       "WHERE level = 0 AND tile_no = 0"}};
  Prepare();
  Do(kStray);
  EXPECT_EQ(Found(), "tile 3/0: there should be none of that number");
}

TEST_P(VerifyTest, AWitnessMustBeByAKnownKey) {
  Prepare();
  VerifyOptions witness = Options();
  SeededRandom random(9);
  const note::SignerKey other = note::SignerKey::Make("stetig/test", random);
  witness.witness = other.SignNote(note::Body({.origin = "stetig/test", .size = 1, .root = {}}));
  EXPECT_EQ(Run(VerifyStore(db(), witness, kPageTime)).error().code(), Code::kUnauthenticated);
  witness.witness = "nonsense";
  EXPECT_EQ(Run(VerifyStore(db(), witness, kPageTime)).error().code(), Code::kInvalidArgument);
}

TEST_P(VerifyTest, ConsistencyHoldsBetweenAnyTwoCheckpoints) {
  for (const int64_t size : {1, 2, 100, 255, 256, 257, 400, 512, 600, 777}) {
    AppendUpTo(size);
    ASSERT_EQ(Sign().value(), size);
    Fill(1);
  }
  const auto notes = Read([](store::Session& s) { return repository::Checkpoints(s, 0, 100); });
  ASSERT_EQ(notes->size(), 10);
  for (const auto& older : *notes) {
    for (const auto& newer : *notes) {
      if (older.size > newer.size) {
        continue;
      }
      const auto proof = Run(Audit(db()).Consistency(older.size, newer.size, Soon()));
      EXPECT_EQ(
          merkle::VerifyConsistency(older.size, newer.size, *proof, note::Read(older.note)->root,
                                    note::Read(newer.note)->root),
          OkStatus());
    }
  }
}

TEST_P(VerifyTest, AnExportedFileVerifiesWithoutTheDatabase) {
  Prepare();
  const std::string file = Exported();
  const Report report = VerifyText(file);
  EXPECT_FALSE(report.finding) << report.finding->what;
  EXPECT_EQ(report.entries, 610);
  EXPECT_EQ(report.checkpoints, 2);
  EXPECT_EQ(report.root, Verify().root);
  VerifyOptions witness;
  witness.witness = Run(Audit(db()).LastCheckpoint(Soon())).value()->note;
  EXPECT_FALSE(VerifyText(file, witness).finding);
  SeededRandom random(9);
  const VerifyOptions other{.keys = {note::SignerKey::Make("other", random).verifier()},
                            .witness = std::nullopt};
  EXPECT_EQ(VerifyText(file, other).finding->seq, 300);
}

TEST_P(VerifyTest, AChangedFileIsNoticed) {
  Prepare();
  const std::string file = Exported();
  const auto changed = [&](std::string_view from, std::string_view to, size_t skip = 0) {
    std::string text = file;
    size_t at = text.find(from);
    for (; skip > 0; --skip) {
      at = text.find(from, at + 1);
    }
    text.replace(at, from.size(), to);
    const Report report = VerifyText(text);
    return report.finding ? report.finding->what : std::string();
  };
  EXPECT_TRUE(changed(R"("r17")", R"("r71")").starts_with("entry 17: its row was changed"));
  EXPECT_TRUE(changed("\"text\":\"ada\"", "\"text\":\"eva\"").starts_with("entry 2: the actor"));
  EXPECT_TRUE(changed("a remark", "a lie").starts_with("entry 3: personal text 1"));
  EXPECT_TRUE(changed(R"("texts":[null])", R"("texts":[])").starts_with("line 4"));
  EXPECT_TRUE(changed(R"("seq":30,)", R"("seq":31,)").starts_with("entry 30: it is missing"));
  EXPECT_TRUE(changed(R"("type":"event")", R"("type":"event2")", 4).starts_with("line 6:"));
  EXPECT_TRUE(changed("\n{\"type\":\"end\"", "\n{\"type\":\"and\"").contains("its type is 'and'"));
  for (const size_t keep : {size_t{0}, size_t{10}, file.size() / 2, file.size() - 20}) {
    EXPECT_TRUE(VerifyText(file.substr(0, keep)).finding) << keep;
  }
  EXPECT_TRUE(VerifyText(file + "\n").finding);
  EXPECT_TRUE(VerifyText("x\n").finding);
}

STETIG_ON_BOTH_STORES(VerifyTest);

}  // namespace
}  // namespace stetig::journal
