// Plain values of the forge connector: connected repositories, what became of a webhook, statuses
// on their way.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "connect/forge/facts.h"
#include "journal/types.h"

namespace stetig::connect::forge {

/// A repository on a forge. Names of secrets are names of files in the server's secrets folder:
/// their texts are in no table and in no answer.
struct Repository {
  int64_t repository_no = 0;
  std::string name;       ///< here: a word of its webhooks' path, and of ids in the trace graph
  std::string shape;      ///< "github" or "gitea": how lists are sorted is asked for differently
  std::string api;        ///< "https://api.github.com", "http://127.0.0.1:3000/api/v1"
  std::string full_name;  ///< "owner/name"
  std::string secret;     ///< of its webhooks
  std::string token;      ///< for REST; empty: without
  WallTime created;
  std::string created_by;
  WallTime polled;   ///< the last poll that ended well; 0: none
  WallTime seen_to;  ///< the newest change of a merge request among what polls have seen
  WallTime next_poll;
  int64_t failures = 0;  ///< polls in a row
  std::string trouble;   ///< why the last poll failed; empty: it did not
};

struct NewRepository {
  std::string name;
  std::string shape;
  std::string api;
  std::string full_name;
  std::string secret;
  std::string token;
};

/// A status that was asked for, per commit and context.
struct OutStatus {
  int64_t repository_no = 0;
  std::string repository;
  std::string sha;
  std::string context;
  std::string state;
  std::string description;
  std::string url;
  int64_t revision = 0;       ///< counts what was asked for
  int64_t sent_revision = 0;  ///< what the forge has; equal to `revision`: nothing waits
  int64_t attempts = 0;       ///< of this revision
  WallTime next;
  std::string trouble;  ///< of the last attempt
  WallTime updated;
};

/// What became of one webhook or page.
struct Applied {
  bool duplicate = false;  ///< this delivery was here before
  int64_t taken = 0;       ///< facts that are new or newer
  int64_t known = 0;       ///< facts that said nothing new
  int64_t stale = 0;       ///< facts older than what is known
  bool partial = false;    ///< the sender left something out; the next poll has it
};

/// Where facts come from. At one and the same time of the forge's, a poll is right: it came later.
enum class Source : unsigned char { kWebhook, kPoll };

}  // namespace stetig::connect::forge
