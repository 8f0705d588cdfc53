// Cuts HTTP answers out of a stream of bytes: bodies by Content-Length (not copied) or chunked.
// Work grows with the bytes received, however small the pieces in which they come.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

class AnswerReader {
 public:
  /// Where the next bytes of the stream belong; Filled says how many came.
  std::span<char> Room();
  void Filled(size_t bytes) { held_ += bytes; }

  /// Whether a whole answer is there. Status(), Head() and Body() are then valid until Next.
  bool Whole();
  /// Whether the head is there; the body may still be coming.
  bool HasHead();
  int Status() const { return status_; }
  std::string_view Head() const { return {buffer_.data(), head_}; }
  std::string_view Body() const;
  bool Chunked() const { return chunked_; }
  size_t Length() const { return length_; }
  /// What was received beyond the head: the raw start of a body that is read in another way.
  std::string_view AfterHead() const { return {buffer_.data() + head_, held_ - head_}; }
  /// The server ends the connection after this answer.
  bool Closes() const { return closes_; }
  void Next();
  void Clear();

 private:
  bool DecodeChunks();

  std::vector<char> buffer_;
  size_t held_ = 0;     ///< bytes of the stream in buffer_
  size_t scanned_ = 0;  ///< up to here there is no end of the head
  size_t head_ = 0;     ///< length of the head with its empty line; 0: not there yet
  size_t length_ = 0;
  size_t chunk_at_ = 0;
  size_t end_ = 0;  ///< where the whole answer ends
  int status_ = 0;
  bool chunked_ = false;
  bool closes_ = false;
  std::string decoded_;
};

}  // namespace bench
