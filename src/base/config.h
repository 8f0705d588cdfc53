// Settings of the program, each declared once, from four places: flag > environment > file >
// default.
//
//   Settings settings;
//   settings.Add("port", &options.port, "Port to listen on; 0: any free one");
//   TRY(settings.LoadFile("/etc/stetig.yaml"));        // port: 5001
//   TRY(settings.LoadEnvironment());                   // STETIG_PORT=5002
//   TRY(settings.SetFlag("port", "5003"));             // --port 5003
//   settings.Apply();                                  // options.port is 5003
//
// The order of the calls does not matter, their places do. Values are checked where they come in;
// every error is kInvalidArgument and names the place: "flag --port", "environment STETIG_PORT",
// "FILE line 3".
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/secret.h"
#include "base/status.h"

namespace stetig::config {

enum class Place : unsigned char { kDefault, kFile, kEnvironment, kFlag };
/// "default", "file", "environment", "flag".
std::string_view PlaceName(Place place);

/// Where a value goes, and by that its type. Numbers are checked against their type's range;
/// durations are written "250ms", "30s", "5m", "12h" or "7d"; lists are written with commas or, in
/// files, as sequences.
using Target =
    std::variant<std::string*, bool*, uint16_t*, unsigned*, int64_t*, double*,
                 std::chrono::milliseconds*, std::vector<std::string>*, Secret<std::string>*>;

/// What was expected when a value does not do, e.g. "a number from 1 to 64"; nothing when it does.
/// Asked of each value that fits the type; pure.
using Check = std::function<std::optional<std::string>(std::string_view)>;
/// Whole numbers within bounds; one of some words.
Check Between(int64_t least, int64_t most);
Check OneOf(std::vector<std::string> words);

/// The one of `known` that somebody who wrote `wanted` most likely meant; nothing when none is
/// near.
std::optional<std::string> Nearest(std::string_view wanted, const std::vector<std::string>& known);

/// One setting for people: doctor, help texts.
struct Description {
  std::string name;         ///< "tls-cert"
  std::string environment;  ///< "STETIG_TLS_CERT"
  std::string help;
  std::string value;  ///< after Apply(); "***" for secrets
  std::string default_value;
  Place place = Place::kDefault;
  std::string source;  ///< the place by its name: "flag --port", "FILE line 3"; "" for a default
};

/// Not thread-safe.
class Settings {
 public:
  /// `name`: lower case words with '-', given once. `target` holds the default and outlives the
  /// settings.
  void Add(std::string name, Target target, std::string help, Check check = {});

  /// A mapping of names to values; "_" counts as "-". Unknown names are errors that suggest the
  /// nearest one, and so are names given twice, nested mappings and files of more than 1 MiB.
  /// kNotFound: no such file.
  Status LoadFile(const std::string& path);
  /// The same from a text; `source` stands for the file's name in errors.
  Status LoadText(std::string_view yaml, std::string_view source);
  /// STETIG_ and the name in upper case with '_'. An unknown STETIG_ variable is left alone:
  /// children inherit them.
  Status LoadEnvironment();
  /// The same from a function that gives the value of a variable or null.
  Status LoadEnvironment(const std::function<const char*(const std::string&)>& get);
  Status SetFlag(std::string_view name, std::string_view value);

  /// Writes each setting's value of the highest place to its target.
  void Apply();
  std::vector<Description> Describe() const;

 private:
  struct Entry {
    std::string name;
    std::string help;
    Target target;
    std::string default_value;
    Check check;
    Place place = Place::kDefault;
    std::string source;
    struct Given {
      std::vector<std::string> values;
      std::string source;
    };
    std::map<Place, Given> values;
  };
  Entry* Find(std::string_view name);
  Status Take(Entry& entry, Place place, std::vector<std::string> values, std::string source);
  /// " (did you mean 'port'?)" or nothing.
  std::string Suggestion(std::string_view name) const;

  std::vector<Entry> entries_;
};

}  // namespace stetig::config
