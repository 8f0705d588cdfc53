// How the repositories of tracking name a run to each other.
#pragma once

#include <cstdint>
#include <string>

namespace stetig::tracking {

/// A run's row. `run_no` and `experiment_no` are keys of the store and never leave the module;
/// `run_id` is what clients see.
struct RunRef {
  int64_t run_no = 0;
  int64_t experiment_no = 0;
  std::string run_id;
};

}  // namespace stetig::tracking
