// A blocking socket that sends what a test says, byte by byte if need be, and reads what comes
// back. Shares no code with the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stetig::http::testing {

/// A response as a simple reader understands it.
struct RawResponse {
  int status = 0;
  std::map<std::string, std::string> fields;  ///< names in lower case; repeated ones joined by ", "
  std::string body;                           ///< chunks joined
  bool framed = false;                        ///< had Content-Length or chunked framing
};

/// One connection. Every call gives up after `patience`.
class RawClient {
 public:
  explicit RawClient(uint16_t port, std::chrono::milliseconds patience = std::chrono::seconds(10));
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;
  ~RawClient();

  bool connected() const { return fd_ >= 0; }
  /// False when the peer does not take it.
  bool Send(std::string_view bytes);
  /// One byte per system call.
  bool SendSlowly(std::string_view bytes);
  /// Tells the server that no more comes.
  void EndSending();
  void SetReceiveBuffer(int bytes);

  /// The next response, or nothing when the connection ends or patience does. `head_only`: of a
  /// HEAD request.
  std::optional<RawResponse> Read(bool head_only = false);
  /// Exactly `n` bytes, or fewer at the end.
  std::string ReadBytes(size_t n);
  /// All until the peer closes; nothing when it does not in time.
  std::optional<std::string> ReadToEnd();
  /// The peer has closed (waits for it).
  bool Closed();

 private:
  bool Fill();
  std::optional<std::string> Line();

  int fd_ = -1;
  std::chrono::milliseconds patience_;
  std::string buffer_;
};

}  // namespace stetig::http::testing
