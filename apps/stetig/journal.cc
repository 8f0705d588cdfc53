#include "journal.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "base/json_writer.h"
#include "base/text.h"
#include "io/file.h"
#include "io/loop.h"
#include "journal/audit.h"
#include "journal/verify.h"
#include "open.h"

namespace stetig::app {
namespace {

constexpr auto kPageTime = std::chrono::seconds(60);
constexpr auto kTimeLimit = std::chrono::seconds(60);

/// What these commands take besides settings.
struct Asked {
  std::string file;
  std::string witness;
  std::vector<std::string> keys;
  std::string actor;
  int64_t seq = 0;
  std::string reason;
  std::string by = "operator";
};

int Fail(const Status& status, std::string_view command) {
  fmt::print(stderr, "stetig: {}\n{}\n", InWords(status), Say("See: stetig help {}", command));
  const bool usage = status.code() == Code::kInvalidArgument;
  return usage ? kWrongCommandLine : kFailed;
}

/// Unlike OpenStoreBeside it makes nothing: an empty journal would verify.
Result<std::unique_ptr<store::Database>> OpenExisting(const UpOptions& options) {
  std::error_code error;
  if (options.store.empty() && !std::filesystem::exists(options.data + "/stetig.db", error)) {
    return Err(Code::kNotFound, Say("there is no store in {}", options.data));
  }
  return OpenStoreBeside(options);
}

Result<std::vector<journal::note::VerifierKey>> Keys(const std::vector<std::string>& given) {
  std::vector<journal::note::VerifierKey> keys;
  for (const std::string& text : given) {
    auto key = journal::note::VerifierKey::Parse(text);
    if (!key) {
      return Err(Code::kInvalidArgument, fmt::format("--key: {}", key.error().message()));
    }
    keys.push_back(*std::move(key));
  }
  return keys;
}

Result<journal::VerifyOptions> OptionsOf(const Asked& asked) {
  journal::VerifyOptions options;
  ASSIGN_OR_RETURN(options.keys, Keys(asked.keys));
  if (!asked.witness.empty()) {
    auto note = io::ReadFile(io::Env::System(), asked.witness, journal::note::kMaxNoteBytes);
    if (!note) {
      return Err(Code::kInvalidArgument,
                 fmt::format("--witness {}: {}", asked.witness, note.error().message()));
    }
    options.witness = *std::move(note);
  }
  return options;
}

Result<journal::Report> VerifyData(const UpOptions& options, journal::VerifyOptions verify) {
  ASSIGN_OR_RETURN(const auto db, OpenExisting(options));
  if (verify.keys.empty()) {
    auto key = journal::note::LoadKey(io::Env::System(), JournalKeyPath(options));
    if (key) {
      verify.keys.push_back(key->verifier());
    } else if (key.error().code() != Code::kNotFound) {
      return Err(std::move(key).error());
    }
  }
  return io::RunSync(journal::VerifyStore(*db, std::move(verify), kPageTime));
}

Result<journal::Report> VerifyExported(const std::string& path, journal::VerifyOptions verify) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Err(Code::kInvalidArgument, Say("{} cannot be read", path));
  }
  return journal::VerifyFile(file, std::move(verify));
}

void PrintText(const journal::Report& report, bool witness) {
  if (report.finding) {
    fmt::print("{}\n", Say("CHANGED: {}", report.finding->what));
    return;
  }
  const std::string_view root(reinterpret_cast<const char*>(report.root.data()),
                              report.root.size());
  fmt::print("{}\n", Say("intact: {} entries ({} personal texts erased), root {}", report.entries,
                         report.erased_texts, Base64Encode(root)));
  fmt::print("{}\n",
             witness
                 ? Say("{} signed checkpoints hold, the last one of size {}; consistent with the "
                       "witness",
                       report.checkpoints, report.checkpoint_size)
                 : Say("{} signed checkpoints hold, the last one of size {}", report.checkpoints,
                       report.checkpoint_size));
  if (!witness) fmt::print("{}\n", Say("Without --witness a cut tail may go unnoticed."));
}

void PrintJson(const journal::Report& report, bool witness) {
  std::string out;
  JsonWriter json(&out);
  json.BeginObject();
  json.Field("intact", !report.finding.has_value());
  json.Field("entries", report.entries);
  json.Field("erased_texts", report.erased_texts);
  json.Field("tiles", report.tiles);
  json.Field("checkpoints", report.checkpoints);
  json.Field("checkpoint_size", report.checkpoint_size);
  json.Field("witnessed", witness);
  json.Field("root",
             Base64Encode({reinterpret_cast<const char*>(report.root.data()), report.root.size()}));
  if (report.finding) {
    json.Key("finding");
    json.BeginObject();
    json.Field("kind", journal::KindName(report.finding->kind));
    json.Field("seq", report.finding->seq);
    json.Field("what", report.finding->what);
    json.EndObject();
  }
  json.EndObject();
  fmt::print("{}\n", out);
}

int Verify(const UpOptions& options, const Asked& asked, bool json) {
  auto verify = OptionsOf(asked);
  if (!verify) {
    return Fail(verify.error(), "verify");
  }
  const bool witness = verify->witness.has_value();
  const auto report = asked.file.empty() ? VerifyData(options, *std::move(verify))
                                         : VerifyExported(asked.file, *std::move(verify));
  if (!report) {
    return Fail(report.error(), "verify");
  }
  if (json) {
    PrintJson(*report, witness);
  } else {
    PrintText(*report, witness);
  }
  return report->finding ? kFailed : kDone;
}

Status ExportTo(const UpOptions& options, const std::string& path) {
  ASSIGN_OR_RETURN(const auto db, OpenExisting(options));
  ASSIGN_OR_RETURN(const auto key,
                   journal::note::LoadKey(io::Env::System(), JournalKeyPath(options)));
  ASSIGN_OR_RETURN(const auto file, io::Env::System().Open(path, io::OpenMode::kCreateTruncate));
  io::File* to = file.get();
  auto write = [to](std::string_view piece) { return to->Append(std::as_bytes(std::span(piece))); };
  ASSIGN_OR_RETURN(const int64_t count,
                   io::RunSync(journal::Export(*db, key.verifier().Text(), write, kPageTime)));
  TRY(file->Sync());
  fmt::print("{}\n", Say("{} entries written; check them with: stetig verify {}", count, path));
  return OkStatus();
}

Status PrintCheckpoint(const UpOptions& options) {
  ASSIGN_OR_RETURN(const auto db, OpenExisting(options));
  ASSIGN_OR_RETURN(const auto last,
                   io::RunSync(journal::Audit(*db).LastCheckpoint(After(kTimeLimit))));
  if (!last) {
    return Err(Code::kNotFound, Say("there is no checkpoint yet: a running server signs them"));
  }
  fmt::print("{}", last->note);
  return OkStatus();
}

Status PrintKey(const UpOptions& options) {
  auto key = journal::note::LoadKey(io::Env::System(), JournalKeyPath(options));
  if (!key) {
    return Err(key.error().code(),
               fmt::format("{}: {}", JournalKeyPath(options), key.error().message()));
  }
  fmt::print("{}\n", key->verifier().Text());
  return OkStatus();
}

Status EraseTexts(const UpOptions& options, const Asked& asked) {
  ASSIGN_OR_RETURN(const auto db, OpenExisting(options));
  const journal::Erasure erasure{.actor = asked.actor,
                                 .seq = asked.seq,
                                 .time = Clock::System().Now(),
                                 .by = asked.by,
                                 .reason = asked.reason};
  int64_t all = 0;
  for (int64_t some = 1; some > 0; all += some) {
    auto erase = [&erasure](store::Transaction& tx) { return journal::Erase(tx, erasure); };
    ASSIGN_OR_RETURN(some, io::RunSync(db->Write(std::move(erase), After(kTimeLimit))));
  }
  fmt::print("{}\n", Say("{} personal texts erased", all));
  return OkStatus();
}

using Work = std::function<Status(const UpOptions&, const Asked&)>;

CLI::App* AddTo(CLI::App& journal, Invocation& in, const std::shared_ptr<Asked>& asked,
                const std::string& name, const std::string& help, Work work) {
  CLI::App* command = journal.add_subcommand(name, help);
  AddSettings(*command, in, Scope::kStore);
  Runs(*command, in, "journal " + name, [&in, asked, name, work](const Loaded&) {
    const Status done = work(in.options, *asked);
    return done.ok() ? kDone : Fail(done, "journal " + name);
  });
  return command;
}

void AddVerify(CLI::App& app, Invocation& in) {
  auto asked = std::make_shared<Asked>();
  CLI::App* verify =
      app.add_subcommand("verify", Say("Proves that nothing in the journal was changed"));
  verify->footer(
      Say("Recomputes every entry's hash and the tree over them, compares them with the stored "
          "tiles and the signed checkpoints, and names the first entry that was changed. Changes "
          "nothing and may run beside a server. Exit codes: 0 intact, 1 changed (or not readable), "
          "2 wrong command line.") +
      "\n\n" +
      Examples({"verify --data /srv/stetig",
                "verify --data /srv/stetig --witness last-month.note -o json",
                "verify journal.jsonl --key \"$(cat journal.pub)\""}));
  AddSettings(*verify, in, Scope::kStore);
  AddOutput(*verify, in);
  verify->add_option("FILE", asked->file, Say("An exported journal, instead of the store"))
      ->type_name("");
  verify
      ->add_option(
          "--witness", asked->witness,
          Say("A checkpoint that was kept elsewhere: proves that the journal goes on from it"))
      ->type_name("FILE");
  verify
      ->add_option(
          "--key", asked->keys,
          Say("Public key whose signatures count, may be given several times (default: of the "
              "data folder, or of FILE)"))
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  Runs(*verify, in, "verify",
       [&in, asked](const Loaded&) { return Verify(in.options, *asked, in.json()); });
}

void AddErase(CLI::App& journal, Invocation& in, const std::shared_ptr<Asked>& asked) {
  CLI::App* erase =
      AddTo(journal, in, asked, "erase", Say("Erases a person's name from the journal, for ever"),
            [](const UpOptions& options, const Asked& a) { return EraseTexts(options, a); });
  erase->add_option("--actor", asked->actor, Say("Name whose mentions as an actor are erased"))
      ->type_name("NAME");
  erase
      ->add_option("--entry", asked->seq,
                   Say("Number of one entry whose personal texts are erased"))
      ->type_name("N");
  erase->add_option("--reason", asked->reason, Say("Stays in the journal: no personal data"))
      ->required()
      ->type_name("TEXT");
  erase->add_option("--by", asked->by, Say("Who erases"))
      ->type_name("NAME")
      ->default_str("operator");
  erase->footer(
      Say("Proofs still hold afterwards: entries keep a commitment to the text, and the erasure is "
          "an entry itself.") +
      "\n\n" +
      Examples({"journal erase --actor ada --reason 'request 17'",
                "journal erase --entry 4711 --reason 'request 18'"}));
}

}  // namespace

void AddJournalCommands(CLI::App& app, Invocation& in) {
  AddVerify(app, in);
  auto asked = std::make_shared<Asked>();
  CLI::App* journal =
      app.add_subcommand("journal", Say("Exports the journal, its key and its checkpoints"));
  journal->require_subcommand(1);
  CLI::App* to_file =
      AddTo(*journal, in, asked, "export", Say("Writes the whole journal as JSON lines"),
            [](const UpOptions& options, const Asked& a) { return ExportTo(options, a.file); });
  to_file->add_option("FILE", asked->file)->required()->type_name("");
  to_file->footer(Say("The file can be checked without the server, and read without stetig "
                      "(docs/formats/journal-export.md).") +
                  "\n\n" + Examples({"journal export journal.jsonl --data /srv/stetig"}));
  AddTo(*journal, in, asked, "checkpoint", Say("Prints the last signed checkpoint"),
        [](const UpOptions& options, const Asked&) { return PrintCheckpoint(options); })
      ->footer(Say("Keep it where nobody who can write to the store can reach it.") + "\n\n" +
               Examples({"journal checkpoint --data /srv/stetig > 2026-11.note"}));
  AddTo(*journal, in, asked, "key", Say("Prints the public key of the checkpoints"),
        [](const UpOptions& options, const Asked&) { return PrintKey(options); })
      ->footer(Examples({"journal key --data /srv/stetig > journal.pub"}));
  AddErase(*journal, in, asked);
}

}  // namespace stetig::app
