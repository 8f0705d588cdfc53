// How facts are kept: as JSON with members in one order, so that equal facts have equal texts.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "connect/forge/facts.h"

namespace stetig::connect::forge {

/// Without the author's name, which is personal: the journal has it, erasable.
std::string ToDocument(const Commit& commit);
std::string ToDocument(const Branch& branch);
std::string ToDocument(const MergeRequest& request);
std::string ToDocument(const Review& review);
std::string ToDocument(const CommitStatus& status);

/// kDataLoss: the row is damaged.
Result<Commit> CommitFrom(std::string_view document);
Result<Branch> BranchFrom(std::string_view document);
Result<MergeRequest> MergeRequestFrom(std::string_view document);

}  // namespace stetig::connect::forge
