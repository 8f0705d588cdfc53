#include "base/config.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace stetig::config {
namespace {

struct Options {
  std::string host = "127.0.0.1";
  uint16_t port = 5000;
  bool verbose = false;
  double ratio = 0.5;
  int64_t limit = 10;
  std::chrono::milliseconds idle{30'000};
  std::vector<std::string> allowed_hosts = {"a", "b"};
  Secret<std::string> key{"default"};

  Settings Declare() {
    Settings settings;
    settings.Add("host", &host, "Address");
    settings.Add("port", &port, "Port");
    settings.Add("verbose", &verbose, "Say more");
    settings.Add("ratio", &ratio, "Ratio");
    settings.Add("limit", &limit, "Limit");
    settings.Add("idle", &idle, "Idle time");
    settings.Add("allowed-hosts", &allowed_hosts, "Hosts");
    settings.Add("key", &key, "Key");
    return settings;
  }
};

std::string Message(const Status& status) {
  EXPECT_EQ(status.code(), Code::kInvalidArgument);
  return std::string(status.message());
}

TEST(Config, TakesTheValueOfTheHighestPlace) {
  Options options;
  Settings settings = options.Declare();
  // In any order of calls.
  EXPECT_TRUE(settings.SetFlag("port", "5003").ok());
  EXPECT_TRUE(settings
                  .LoadEnvironment([](const std::string& name) -> const char* {
                    return name == "STETIG_PORT"            ? "5002"
                           : name == "STETIG_ALLOWED_HOSTS" ? "x, y,"
                                                            : nullptr;
                  })
                  .ok());
  EXPECT_TRUE(
      settings.LoadText("port: 5001\nhost: '::1'\nallowed_hosts: [z]\nidle: 250ms\n", "f").ok());
  settings.Apply();
  EXPECT_EQ(options.port, 5003);
  EXPECT_EQ(options.host, "::1");
  EXPECT_EQ(options.allowed_hosts, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(options.idle, std::chrono::milliseconds(250));
  EXPECT_EQ(options.ratio, 0.5);

  auto all = settings.Describe();
  ASSERT_EQ(all.size(), 8u);
  EXPECT_EQ(all[1].environment, "STETIG_PORT");
  EXPECT_EQ(all[1].value, "5003");
  EXPECT_EQ(all[1].default_value, "5000");
  EXPECT_EQ(all[1].place, Place::kFlag);
  EXPECT_EQ(all[0].place, Place::kFile);
  EXPECT_EQ(all[3].place, Place::kDefault);
  EXPECT_EQ(all[6].value, "x,y");
  EXPECT_EQ(all[7].value, "***");
  EXPECT_EQ(all[0].source, "f line 2");
  EXPECT_EQ(all[1].source, "flag --port");
  EXPECT_EQ(all[6].source, "environment STETIG_ALLOWED_HOSTS");
  EXPECT_EQ(all[3].source, "");
}

TEST(Config, HoldsValuesAgainstTheirChecksWhereTheyComeIn) {
  unsigned readers = 4;
  std::string level = "info";
  auto declare = [&] {
    Settings settings;
    settings.Add("readers", &readers, "Readers", Between(1, 64));
    settings.Add("log-level", &level, "Level", OneOf({"debug", "info"}));
    return settings;
  };
  EXPECT_TRUE(declare().SetFlag("readers", "1").ok());
  EXPECT_TRUE(declare().SetFlag("readers", "64").ok());
  EXPECT_TRUE(declare().SetFlag("log-level", "debug").ok());
  EXPECT_EQ(Message(declare().SetFlag("readers", "65")),
            "flag --readers: found '65', expected a number from 1 to 64");
  EXPECT_EQ(Message(declare().LoadText("readers: 0\n", "f")),
            "f line 1: readers: found '0', expected a number from 1 to 64");
  EXPECT_EQ(Message(declare().LoadEnvironment([](const std::string& name) {
              return name == "STETIG_LOG_LEVEL" ? "loud" : nullptr;
            })),
            "environment STETIG_LOG_LEVEL: found 'loud', expected one of debug, info");
}

TEST(Config, ReadsEveryType) {
  Options options;
  Settings settings = options.Declare();
  ASSERT_TRUE(
      settings
          .LoadText("# comment\nverbose: yes\nratio: 1e-3\nlimit: -9\nidle: 2h\nkey: s3cret\n"
                    "allowed-hosts:\n  - one\n  - two, three\n",
                    "f")
          .ok());
  settings.Apply();
  EXPECT_TRUE(options.verbose);
  EXPECT_EQ(options.ratio, 0.001);
  EXPECT_EQ(options.limit, -9);
  EXPECT_EQ(options.idle, std::chrono::hours(2));
  EXPECT_EQ(options.key.Reveal(), "s3cret");
  EXPECT_EQ(options.allowed_hosts, (std::vector<std::string>{"one", "two, three"}));
  EXPECT_TRUE(options.Declare().LoadText("", "f").ok());
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  Options options;
  auto text = [&](std::string_view yaml) {
    return Message(options.Declare().LoadText(yaml, "s.yaml"));
  };
  EXPECT_EQ(text("host: h\nprot: 1\n"),
            "s.yaml line 2: unknown setting 'prot' (did you mean 'port'?)");
  EXPECT_EQ(text("alowed_host: h\n"),
            "s.yaml line 1: unknown setting 'alowed_host' (did you mean 'allowed-hosts'?)");
  EXPECT_EQ(text("something-else: 1\n"), "s.yaml line 1: unknown setting 'something-else'");
  EXPECT_EQ(text("port: 70000\n"),
            "s.yaml line 1: port: found '70000', expected an integer from 0 to 65535");
  EXPECT_EQ(text("port: [1, 2]\n"),
            "s.yaml line 1: port: found '1,2', expected an integer from 0 to 65535");
  EXPECT_EQ(
      text("idle: 5\n"),
      "s.yaml line 1: idle: found '5', expected a duration such as 250ms, 30s, 5m, 12h or 7d");
  EXPECT_EQ(text("idle: 99999999999999999d\n").substr(0, 22), "s.yaml line 1: idle: f");
  EXPECT_EQ(text("verbose: maybe\n"),
            "s.yaml line 1: verbose: found 'maybe', expected true or false");
  EXPECT_EQ(text("key: [a, b]\n"), "s.yaml line 1: key: found '***', expected one value");
  EXPECT_EQ(text("host:\n"), "s.yaml line 1: 'host' has no value, expected a scalar or a list");
  EXPECT_EQ(text("host: {a: b}\n"),
            "s.yaml line 1: 'host' has no value, expected a scalar or a list");
  EXPECT_EQ(text("allowed-hosts: [[a]]\n"),
            "s.yaml line 1: 'allowed-hosts' holds a nested value, expected scalars");
  EXPECT_EQ(text("- a\n"), "s.yaml line 1: expected a mapping of names to values");
  EXPECT_EQ(text("port: 1\nport: 2\n"), "s.yaml line 2: setting 'port' is given twice");
  EXPECT_TRUE(text("a: 'b\n").starts_with("s.yaml line "));
  EXPECT_EQ(Message(options.Declare().SetFlag("prt", "1")),
            "unknown flag --prt (did you mean 'port'?)");
  EXPECT_EQ(Message(options.Declare().SetFlag("port", "-1")),
            "flag --port: found '-1', expected an integer from 0 to 65535");
  EXPECT_EQ(Message(options.Declare().LoadEnvironment([](const std::string&) { return "x"; })),
            "environment STETIG_PORT: found 'x', expected an integer from 0 to 65535");
}

TEST(Config, ReadsFilesOfBoundedSize) {
  auto folder =
      std::filesystem::temp_directory_path() / ("stetig-config-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::string path = folder / "stetig.yaml";
  Options options;
  EXPECT_EQ(options.Declare().LoadFile(path).code(), Code::kNotFound);
  std::ofstream(path) << "port: 1234\n";
  Settings settings = options.Declare();
  EXPECT_TRUE(settings.LoadFile(path).ok());
  settings.Apply();
  EXPECT_EQ(options.port, 1234);
  std::ofstream(path) << std::string(2'000'000, '#');
  EXPECT_EQ(options.Declare().LoadFile(path).code(), Code::kInvalidArgument);
  EXPECT_FALSE(options.Declare().LoadFile(folder).ok());
  std::filesystem::remove_all(folder);
}

RC_GTEST_PROP(Config, SurvivesAnyText, (std::string text)) {
  Options options;
  std::ignore = options.Declare().LoadText(text, "f");
  std::ignore = options.Declare().LoadText("host: " + text, "f");
}

}  // namespace
}  // namespace stetig::config
