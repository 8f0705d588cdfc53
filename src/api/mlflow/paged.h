// Answers that list many items: small ones are one string, large ones a stream that fetches page
// after page, so that memory stays bounded whatever the client asks for.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "api/mlflow/endpoint.h"
#include "api/mlflow/render.h"

namespace stetig::api::mlflow {

/// The JSON text `{"<name>":[…],"next_page_token":…}` in pieces of one fetched page. `Pages` says
/// how to fetch and write:
///   using Item; static constexpr std::string_view kName;
///   static constexpr int64_t kPageSize;    // items fetched at once
///   static constexpr int64_t kMost;        // items that a caller may ask for
///   Task<Page> Fetch(token, limit);        // with a fresh deadline; a page has items,
///   next_page_token std::string Head() const;              // optional: members ahead of the list,
///   or "" void AppendItems(std::string&, std::span<const Item>) const;  // as JSON, commas between
template <class Pages, class Page>
class PagedBody final : public http::ByteStream {
 public:
  /// `first` is the page already fetched; `left` how many more items may follow it.
  PagedBody(Pages pages, Page first, int64_t left) : pages_(std::move(pages)), left_(left) {
    text_ = "{";
    if constexpr (requires { pages_.Head(); }) {
      text_ += pages_.Head();
    }
    separator_ = text_.size() > 1 ? "," : "";
    Append(std::move(first));
  }

  /// The whole text, when one page was all of it.
  bool whole() const { return done_ && offset_ == 0; }
  std::string TakeText() { return std::move(text_); }

  Task<size_t> Read(std::span<std::byte> into) override {
    CO_TRY(failed_);
    while (offset_ == text_.size() && !done_) {
      text_.clear();
      offset_ = 0;
      std::string token = std::move(token_);
      auto fetched = co_await pages_.Fetch(std::move(token), std::min(left_, Pages::kPageSize));
      if (!fetched) {
        failed_ = fetched.error();
        co_return Err(failed_);
      }
      left_ -= static_cast<int64_t>(fetched->items.size());
      Append(*std::move(fetched));
    }
    size_t count = std::min(into.size(), text_.size() - offset_);
    std::memcpy(into.data(), text_.data() + offset_, count);
    offset_ += count;
    co_return count;
  }

 private:
  void Append(Page page) {
    if (!page.items.empty()) {
      text_ += any_ ? "," : fmt::format("{}\"{}\":[", separator_, Pages::kName);
      any_ = true;
      pages_.AppendItems(text_, std::span<const typename Pages::Item>(page.items));
    }
    token_ = std::move(page.next_page_token);
    done_ = token_.empty() || left_ <= 0;
    if (done_) {
      text_ += any_ ? "]" : "";
      if (!token_.empty()) {
        text_ += fmt::format("{}\"next_page_token\":", any_ ? "," : separator_);
        AppendJsonString(text_, token_);
      }
      text_ += "}";
    }
  }

  Pages pages_;
  int64_t left_;
  std::string text_;
  size_t offset_ = 0;
  std::string token_;
  std::string_view separator_;  ///< before the first member behind the head
  bool any_ = false;
  bool done_ = false;
  Status failed_;  ///< what every further Read says
};

/// For AppendItems of items that Write() takes.
template <class T, class... Args>
void AppendJson(std::string& text, std::span<const T> items, Args... args) {
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) text += ',';
    JsonWriter json(&text);
    Write(json, items[i], args...);
  }
}

/// Answers at most `limit` items from `token` on. An error of the first page is the answer; a later
/// one ends the connection. What is no number of items that may be asked for is left to the first
/// Fetch, which refuses it in its own words.
template <class Pages>
Task<http::Response> AnswerPaged(Pages pages, std::string token, int64_t limit) {
  const bool asked = limit >= 1 && limit <= Pages::kMost;
  auto fetched =
      co_await pages.Fetch(std::move(token), asked ? std::min(limit, Pages::kPageSize) : limit);
  ASSIGN_OR_CO_RETURN(auto first, std::move(fetched));
  int64_t left = limit - static_cast<int64_t>(first.items.size());
  using Body = PagedBody<Pages, decltype(first)>;
  auto body = std::make_unique<Body>(std::move(pages), std::move(first), left);
  if (body->whole()) {
    co_return http::Response::Json(200, body->TakeText());
  }
  http::Response response = http::Response::Json(200, "");
  response.body = std::move(body);
  co_return response;
}

}  // namespace stetig::api::mlflow
