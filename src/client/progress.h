// How far long work is: one line on the terminal, with rate and time left.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace stetig::client {

/// "import: 120 of 3000, 210/s, 14 s left", written over itself at most ten times a second and
/// taken away at the end. Nothing where standard error is no terminal, TERM is dumb, or CI is set.
/// Not thread-safe.
class Progress {
 public:
  Progress(std::string what, size_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void Advance(size_t done);

 private:
  std::string what_;
  size_t total_;
  bool shown_;
  bool written_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point last_;
};

/// The line for `done` of `total` after so long; empty: nothing is done yet.
std::string ProgressLine(const std::string& what, size_t done, size_t total,
                         std::chrono::milliseconds after);

}  // namespace stetig::client
