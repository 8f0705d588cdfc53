// Google's model of MLOps levels as a checklist: one table, each line with the place that asks for
// it and the recorded things that tick it.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "planning/evidence.h"

namespace stetig::planning {

struct BoxDef {
  int level;
  std::string_view id;     ///< begins with the level; stable
  std::string_view group;  ///< heading above it
  std::string_view title;
  /// Section and line of "MLOps: Continuous delivery and automation pipelines in machine learning"
  /// (Google Cloud Architecture Center, reviewed 2023-05-18).
  std::string_view source;
  /// What records such things: a word of RecordedParts(), or what is to come.
  std::string_view part;
  std::array<EvidenceRule, 2> any;  ///< one that fits ticks the box; empty ones do not count
  bool optional = false;
};

/// By level, in the order of the page.
std::span<const BoxDef> BoxDefs();
inline constexpr int kTopLevel = 2;

/// The parts of stetig that write events of such things today.
std::span<const std::string_view> RecordedParts();

}  // namespace stetig::planning
