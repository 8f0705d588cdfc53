#include "tracking/internal/names.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/ids.h"

namespace stetig::tracking {
namespace {

constexpr std::array<std::string_view, 64> kAdjectives = {
    "able",  "adept",  "agile", "airy",   "amber", "ample",  "avid",  "basic",   "blithe", "bold",
    "bonny", "brave",  "brisk", "calm",   "chill", "civic",  "clean", "clever",  "cosy",   "crisp",
    "deft",  "eager",  "fair",  "fleet",  "fond",  "frank",  "fresh", "gentle",  "glad",   "golden",
    "grand", "happy",  "hardy", "honest", "jolly", "keen",   "kind",  "lively",  "loyal",  "lucid",
    "lucky", "mellow", "merry", "mild",   "neat",  "nimble", "noble", "patient", "polite", "proud",
    "quick", "quiet",  "rapid", "serene", "sleek", "smart",  "snug",  "solid",   "spry",   "steady",
    "sunny", "tidy",   "vivid", "witty"};
constexpr std::array<std::string_view, 64> kAnimals = {
    "ant",    "auk",    "badger", "bat",   "bear", "beaver", "bee",   "bison", "boar",  "cat",
    "civet",  "cod",    "crab",   "crane", "crow", "deer",   "dove",  "duck",  "eagle", "eel",
    "elk",    "falcon", "finch",  "fish",  "fox",  "frog",   "gecko", "gnu",   "goat",  "goose",
    "hare",   "hawk",   "heron",  "horse", "ibex", "jay",    "koi",   "lark",  "lemur", "lynx",
    "mole",   "moose",  "moth",   "mouse", "newt", "otter",  "owl",   "panda", "perch", "quail",
    "rabbit", "ram",    "raven",  "robin", "seal", "shrew",  "snail", "stork", "swan",  "tern",
    "trout",  "vole",   "wolf",   "wren"};

}  // namespace

std::string GenerateName() {
  std::array<uint16_t, 3> random{};
  Random::System().Fill(std::as_writable_bytes(std::span(random)));
  return fmt::format("{}-{}-{}", kAdjectives[random[0] % kAdjectives.size()],
                     kAnimals[random[1] % kAnimals.size()], random[2] % 1001);
}

}  // namespace stetig::tracking
