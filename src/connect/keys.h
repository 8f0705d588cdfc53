// Keys of records that commits name: where they stand, and how far each place is trusted. Pure;
// takes any text.
//
// A key is `[A-Z][A-Z0-9_]*-[0-9]+` at the borders of words ("CHURN-12"). Whether its project is
// known is the caller's to ask: "UTF-8" looks like a key. A key that stands in several places
// counts where it is trusted most: trailer, subject, title of a merge request, branch, body.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "connect/types.h"

namespace stetig::connect {

/// Most keys taken from one commit.
inline constexpr size_t kMaxMentions = 64;
inline constexpr size_t kMaxSpan = 200;

struct Trailer {
  std::string name;  ///< as written: "Requirement"
  std::string value;
};

/// The trailers of a message's last paragraph, as git-interpret-trailers(1) finds them: all its
/// lines are trailers or go on one, or one of them is git's own and a quarter are trailers. A
/// message of one paragraph has none.
std::vector<Trailer> TrailersOf(std::string_view body);

/// Keys of one text in order, each once.
std::vector<std::string> KeysIn(std::string_view text);

/// Keys that a commit names, most trusted first. Of trailers those named Requirement, Task,
/// Change-Request, Feedback, Refs, Fixes, Closes and Resolves are trusted as such; other trailers
/// are body. `branch`: where it was made, or empty.
std::vector<Mention> MentionsOf(const Commit& commit, std::string_view branch);

/// The same for a merge request.
std::vector<Mention> MentionsOf(std::string_view title, std::string_view branch,
                                std::string_view body);

/// The commit that this one was picked from ("(cherry picked from commit …)", git cherry-pick -x);
/// empty: none said.
std::string PickedFrom(std::string_view body);

/// The rule of a derived edge: "trailer Task", "subject", "merge request", "branch", "body".
std::string RuleOf(const Mention& mention);

}  // namespace stetig::connect
