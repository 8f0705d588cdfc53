#include "http/range.h"

#include <gtest/gtest.h>

#include <cstring>

#include "io/loop.h"

namespace stetig::http {
namespace {

class Memory final : public SeekableStream {
 public:
  explicit Memory(std::string text) : text_(std::move(text)) {}
  uint64_t size() const override { return text_.size(); }
  Task<size_t> ReadAt(uint64_t offset, std::span<std::byte> into) override {
    size_t count = std::min<size_t>(
        {into.size(), text_.size() - static_cast<size_t>(offset), 3});  // short reads
    std::memcpy(into.data(), text_.data() + offset, count);
    co_return count;
  }

 private:
  std::string text_;
};

struct Answer {
  int status = 0;
  std::string body;
  std::string content_range;
};

Answer Ask(std::string text, std::vector<std::pair<std::string, std::string>> headers) {
  Request request;
  for (const auto& [name, value] : headers) {
    request.headers.Add(name, value);
  }
  Response response = RangedResponse(request, std::make_unique<Memory>(std::move(text)), "\"tag\"");
  Answer answer{.status = response.status,
                .content_range = std::string(response.headers.Get("Content-Range").value_or(""))};
  if (auto* stream = std::get_if<std::unique_ptr<ByteStream>>(&response.body)) {
    std::byte buffer[64];
    for (;;) {
      auto read = io::RunSync((*stream)->Read(buffer));
      if (!read || *read == 0) {
        break;
      }
      answer.body.append(reinterpret_cast<const char*>(buffer), *read);
    }
    EXPECT_EQ((*stream)->length(), answer.body.size());
  }
  return answer;
}

TEST(RangedResponse, SendsEverythingWithoutRange) {
  Answer answer = Ask("0123456789", {});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "0123456789");
}

// The examples of RFC 9110, section 14.1.2, on ten bytes.
TEST(RangedResponse, SendsTheRangeAskedFor) {
  struct Case {
    const char* range;
    const char* body;
    const char* content_range;
  };
  for (const Case& c :
       {Case{"bytes=0-3", "0123", "bytes 0-3/10"}, Case{"bytes=7-", "789", "bytes 7-9/10"},
        Case{"bytes=-2", "89", "bytes 8-9/10"}, Case{"bytes=9-9", "9", "bytes 9-9/10"},
        Case{"bytes=0-999", "0123456789", "bytes 0-9/10"},
        Case{"bytes=5-99999999999999999999", "56789", "bytes 5-9/10"},
        Case{"bytes=-99", "0123456789", "bytes 0-9/10"}}) {
    Answer answer = Ask("0123456789", {{"Range", c.range}});
    EXPECT_EQ(answer.status, 206) << c.range;
    EXPECT_EQ(answer.body, c.body) << c.range;
    EXPECT_EQ(answer.content_range, c.content_range) << c.range;
  }
}

TEST(RangedResponse, RefusesARangeOutside) {
  for (const char* range :
       {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-"}) {
    Answer answer = Ask("0123456789", {{"Range", range}});
    EXPECT_EQ(answer.status, 416) << range;
    EXPECT_EQ(answer.content_range, "bytes */10") << range;
  }
  EXPECT_EQ(Ask("", {{"Range", "bytes=0-"}}).status, 416);
}

TEST(RangedResponse, IgnoresWhatItDoesNotUnderstand) {
  for (const char* range : {"bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", "items=0-1",
                            "bytes=0-1,4-5", "bytes=+1-2"}) {
    Answer answer = Ask("0123456789", {{"Range", range}});
    EXPECT_EQ(answer.status, 200) << range;
    EXPECT_EQ(answer.body, "0123456789") << range;
  }
}

TEST(RangedResponse, IfRangeWithAnotherTagSendsEverything) {
  EXPECT_EQ(Ask("0123456789", {{"Range", "bytes=0-3"}, {"If-Range", "\"tag\""}}).status, 206);
  EXPECT_EQ(Ask("0123456789", {{"Range", "bytes=0-3"}, {"If-Range", "\"other\""}}).status, 200);
}

TEST(RangedResponse, KnownTagIsNotSentAgain) {
  EXPECT_EQ(Ask("0123456789", {{"If-None-Match", "\"other\", \"tag\""}}).status, 304);
  EXPECT_EQ(Ask("0123456789", {{"If-None-Match", "\"other\""}}).status, 200);
}

}  // namespace
}  // namespace stetig::http
