#include "http/internal/parser.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/check.h"
#include "base/text.h"
#include "http/url.h"

namespace stetig::http::internal {

struct Parser::Callbacks {
  static Parser& Self(llhttp_t* parser) { return *static_cast<Parser*>(parser->data); }
  static uint32_t Offset(const Parser& self, const char* at) {
    return static_cast<uint32_t>(at - self.base_);
  }

  static int OnUrl(llhttp_t* parser, const char* at, size_t size) {
    Parser& self = Self(parser);
    if (self.target_size_ == 0) {
      self.target_at_ = Offset(self, at);
    }
    self.target_size_ += static_cast<uint32_t>(size);
    if (self.target_size_ > self.limits_->target_bytes) {
      self.Refuse(414, fmt::format("the request target has more than {} bytes",
                                   self.limits_->target_bytes));
      return HPE_USER;
    }
    return HPE_OK;
  }

  // A name may come in pieces: a field is begun by the first piece after a value.
  static int OnField(llhttp_t* parser, const char* at, size_t size) {
    Parser& self = Self(parser);
    if (self.head_done_) {
      return self.CountTrailer(size);
    }
    if (self.fields_.empty() || self.in_value_) {
      self.in_value_ = false;
      if (self.fields_.size() >= self.limits_->header_count) {
        self.Refuse(431, fmt::format("the request has more than {} header fields",
                                     self.limits_->header_count));
        return HPE_USER;
      }
      self.fields_.push_back({.name = Offset(self, at)});
    }
    self.fields_.back().name_size += static_cast<uint32_t>(size);
    return HPE_OK;
  }

  static int OnValue(llhttp_t* parser, const char* at, size_t size) {
    Parser& self = Self(parser);
    if (self.head_done_) {
      return self.CountTrailer(size);
    }
    Headers::Field& field = self.fields_.back();
    if (field.value_size == 0) {
      field.value = Offset(self, at);
    }
    field.value_size += static_cast<uint32_t>(size);
    return HPE_OK;
  }

  static int OnValueComplete(llhttp_t* parser) {
    Self(parser).in_value_ = true;
    return HPE_OK;
  }

  static int OnHeadersComplete(llhttp_t* parser) {
    Parser& self = Self(parser);
    self.head_done_ = true;
    self.keep_alive_ = llhttp_should_keep_alive(parser) != 0;
    if ((parser->flags & F_CONTENT_LENGTH) != 0) {
      self.content_length_ = parser->content_length;
    }
    parser->upgrade = 0;  // an offer that we do not take up: the message is read as plain HTTP/1.1
    return HPE_PAUSED;
  }

  static int OnBody(llhttp_t* parser, const char* at, size_t size) {
    Parser& self = Self(parser);
    if (self.out_ != at) {
      std::memmove(self.out_, at, size);
    }
    self.out_ += size;
    return HPE_OK;
  }

  static int OnMessageComplete(llhttp_t* parser) {
    Self(parser).body_done_ = true;
    return HPE_PAUSED;
  }
};

const llhttp_settings_t* Parser::Settings() {
  static const llhttp_settings_t settings = [] {
    llhttp_settings_t s;
    llhttp_settings_init(&s);
    s.on_url = Callbacks::OnUrl;
    s.on_header_field = Callbacks::OnField;
    s.on_header_value = Callbacks::OnValue;
    s.on_header_value_complete = Callbacks::OnValueComplete;
    s.on_headers_complete = Callbacks::OnHeadersComplete;
    s.on_body = Callbacks::OnBody;
    s.on_message_complete = Callbacks::OnMessageComplete;
    return s;
  }();
  return &settings;
}

Parser::Parser(Kind kind, const Limits* limits) : llhttp_(), limits_(limits) {
  llhttp_init(&llhttp_, kind == Kind::kRequest ? HTTP_REQUEST : HTTP_RESPONSE, Settings());
  llhttp_.data = this;
}

void Parser::Reset() {
  llhttp_reset(&llhttp_);
  target_at_ = 0;
  target_size_ = 0;
  fed_ = 0;
  trailer_bytes_ = 0;
  content_length_.reset();
  head_done_ = false;
  body_done_ = false;
  in_value_ = false;
  keep_alive_ = false;
  no_body_ = false;
  fields_.clear();
  error_ = {};
}

int Parser::CountTrailer(size_t size) {
  trailer_bytes_ += size + 2;  // and the colon or line end that follows
  if (trailer_bytes_ > limits_->header_bytes) {
    Refuse(431, fmt::format("the trailers have more than {} bytes", limits_->header_bytes));
    return HPE_USER;
  }
  return HPE_OK;
}

Parser::HeadState Parser::Refuse(int status, std::string message) {
  error_ = {.status = status, .message = std::move(message)};
  return HeadState::kFailed;
}

Parser::HeadState Parser::RefuseParsed(llhttp_errno_t code) {
  if (code == HPE_USER) {
    return HeadState::kFailed;  // a callback has said why
  }
  const char* text = llhttp_get_error_reason(&llhttp_);
  const std::string_view reason = text != nullptr ? text : llhttp_errno_name(code);
  // llhttp uses the code INVALID_VERSION for a bad line end, too.
  if (code == HPE_PAUSED_H2_UPGRADE || reason == "Invalid HTTP version") {
    return Refuse(505, "the HTTP version is not supported, expected HTTP/1.1 or HTTP/1.0");
  }
  return Refuse(400, fmt::format("malformed HTTP: {}", reason));
}

Parser::HeadState Parser::FeedHead(std::string_view head) {
  DCHECK(!head_done_ && head.size() >= fed_);
  base_ = head.data();
  const llhttp_errno_t code = llhttp_execute(&llhttp_, head.data() + fed_, head.size() - fed_);
  if (code == HPE_OK) {
    fed_ = head.size();
    if (fed_ > limits_->header_bytes) {
      return Refuse(
          431, fmt::format("the request's head has more than {} bytes", limits_->header_bytes));
    }
    return HeadState::kMore;
  }
  if (code != HPE_PAUSED) {
    return RefuseParsed(code);
  }
  fed_ = static_cast<size_t>(llhttp_get_error_pos(&llhttp_) - head.data());
  if (fed_ > limits_->header_bytes) {
    return Refuse(431,
                  fmt::format("the request's head has more than {} bytes", limits_->header_bytes));
  }
  return CheckHead(head);
}

bool Parser::CheckField(std::string_view head, const Headers::Field& field, int* hosts) {
  const std::string_view name = head.substr(field.name, field.name_size);
  const std::string_view value = head.substr(field.value, field.value_size);
  if (EqualsIgnoreCase(name, "host")) {
    ++*hosts;
    for (char c : value) {
      if (c <= ' ' || c >= 0x7f ||
          std::string_view("/@?#\\<>\"").find(c) != std::string_view::npos) {
        Refuse(400, "the Host field holds a character that no host name has");
        return false;
      }
    }
  } else if (EqualsIgnoreCase(name, "transfer-encoding")) {
    if (http10()) {
      Refuse(400, "Transfer-Encoding does not exist in HTTP/1.0");
      return false;
    }
    if (!EqualsIgnoreCase(value, "chunked")) {
      Refuse(501, "the transfer coding is not supported, expected chunked alone");
      return false;
    }
  }
  return true;
}

// llhttp passes over more; RFC 9112, section 3, has exactly one.
bool Parser::HasSingleSpaces(std::string_view head) const {
  const std::string_view before = head.substr(0, target_at_);
  const std::string_view after = head.substr(target_at_ + target_size_);
  return before.find(' ') + 1 == target_at_ && after.starts_with(" H");
}

Parser::HeadState Parser::CheckHead(std::string_view head) {
  if (llhttp_.http_major != 1 || llhttp_.http_minor > 1) {
    return Refuse(505, "the HTTP version is not supported, expected HTTP/1.1 or HTTP/1.0");
  }
  if (llhttp_.type == HTTP_REQUEST && !HasSingleSpaces(head)) {
    return Refuse(400, "malformed HTTP: expected one space on either side of the request target");
  }
  int hosts = 0;
  int codings = 0;
  for (Headers::Field& field : fields_) {
    const std::string_view trimmed = TrimOws(head.substr(field.value, field.value_size));
    field.value_size = static_cast<uint32_t>(trimmed.size());
    if (!CheckField(head, field, &hosts)) {
      return HeadState::kFailed;
    }
    codings +=
        EqualsIgnoreCase(head.substr(field.name, field.name_size), "transfer-encoding") ? 1 : 0;
  }
  if (codings > 1 || (codings == 1 && content_length_.has_value())) {
    return Refuse(400, "the length of the body is given twice");
  }
  if (codings == 1 && !chunked()) {
    // A blank behind the word that llhttp does not take for one: nobody may guess where the body
    // ends.
    return Refuse(400, "malformed HTTP: a Transfer-Encoding that ends in white space");
  }
  if (llhttp_.type == HTTP_REQUEST && (hosts > 1 || (hosts == 0 && !http10()))) {
    return Refuse(400, fmt::format("the request has {} Host fields, expected one", hosts));
  }
  const bool request = llhttp_.type == HTTP_REQUEST;
  const bool bodyless_status = status() / 100 == 1 || status() == 204 || status() == 304;
  if (no_body_ || (!request && bodyless_status) ||
      (!chunked() && (request || content_length_) && content_length_.value_or(0) == 0)) {
    body_done_ = true;
  }
  return HeadState::kDone;
}

std::optional<Method> Parser::method() const {
  switch (llhttp_.method) {
    case HTTP_GET:
      return Method::kGet;
    case HTTP_HEAD:
      return Method::kHead;
    case HTTP_POST:
      return Method::kPost;
    case HTTP_PUT:
      return Method::kPut;
    case HTTP_PATCH:
      return Method::kPatch;
    case HTTP_DELETE:
      return Method::kDelete;
    case HTTP_OPTIONS:
      return Method::kOptions;
    default:
      return std::nullopt;
  }
}

Parser::BodyStep Parser::FeedBody(std::span<const char> in, char* out) {
  BodyStep step;
  if (body_done_) {
    return step;
  }
  out_ = out;
  llhttp_resume(&llhttp_);
  const llhttp_errno_t code = llhttp_execute(&llhttp_, in.data(), in.size());
  step.produced = static_cast<size_t>(out_ - out);
  if (code == HPE_OK) {
    step.consumed = in.size();
  } else if (code == HPE_PAUSED) {
    step.consumed = static_cast<size_t>(llhttp_get_error_pos(&llhttp_) - in.data());
  } else {
    RefuseParsed(code);
    step.failed = true;
  }
  return step;
}

bool Parser::FeedEnd() {
  if (!body_done_ && head_done_) {
    llhttp_resume(&llhttp_);
    body_done_ =
        llhttp_message_needs_eof(&llhttp_) != 0 && llhttp_finish(&llhttp_) != HPE_INVALID_EOF_STATE;
  }
  return body_done_;
}

}  // namespace stetig::http::internal
