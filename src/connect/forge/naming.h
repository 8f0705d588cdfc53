// Which records facts name by their keys: connect/keys.h for what a forge says. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connect/forge/facts.h"
#include "connect/keys.h"

namespace stetig::connect::forge {

std::vector<Mention> InCommit(std::string_view message);
std::vector<Mention> InRequest(const MergeRequest& request);

/// Every key that the facts name.
std::vector<std::string> KeysIn(const Facts& facts);
/// And those that a kept fact names.
std::vector<std::string> KeysIn(std::string_view kind, std::string_view document);

}  // namespace stetig::connect::forge
