#include "reports/internal/xml.h"

#include <expat.h>
#include <fmt/format.h>

#include <memory>

#include "reports/internal/malformed.h"
#include "reports/reports.h"

namespace stetig::reports::xml {
namespace {

struct Walker {
  XML_Parser parser;
  const Handler& handler;
  int depth = 0;
  Status failed;

  int64_t line() const { return static_cast<int64_t>(XML_GetCurrentLineNumber(parser)); }

  void Fail(Status status) {
    if (failed.ok()) failed = std::move(status);
    XML_StopParser(parser, XML_FALSE);
  }
};

// Expat may call on after XML_StopParser, so each looks at `failed` first.

void XMLCALL OnBegin(void* data, const XML_Char* name, const XML_Char** attributes) {
  auto& walker = *static_cast<Walker*>(data);
  if (!walker.failed.ok()) return;
  if (++walker.depth > kMaxDepth) {
    return walker.Fail(Malformed(walker.line(), "elements are nested deeper than 256"));
  }
  const Element element(name, attributes, walker.line());
  if (Status status = walker.handler.begin(element); !status.ok()) walker.Fail(std::move(status));
}

void XMLCALL OnEnd(void* data, const XML_Char* name) {
  auto& walker = *static_cast<Walker*>(data);
  if (!walker.failed.ok()) return;
  --walker.depth;
  if (Status status = walker.handler.end(name); !status.ok()) walker.Fail(std::move(status));
}

void XMLCALL OnDoctype(void* data, const XML_Char* /*name*/, const XML_Char* /*system*/,
                       const XML_Char* /*public_id*/, int has_internal_subset) {
  auto& walker = *static_cast<Walker*>(data);
  if (has_internal_subset == 0) return;  // names a file that is not read: Cobertura does
  walker.Fail(Malformed(walker.line(),
                        "the document declares a type of its own (<!DOCTYPE … [), expected none"));
}

}  // namespace

std::optional<std::string_view> Element::Attribute(std::string_view name) const {
  for (const char* const* at = attributes_; *at != nullptr; at += 2) {
    if (name == at[0]) return at[1];
  }
  return std::nullopt;
}

Status Element::Error(std::string_view message) const { return Malformed(line_, message); }

Status Walk(std::string_view text, const Handler& handler) {
  if (text.size() > kMaxFile) return TooLarge(text.size());
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate(nullptr), &XML_ParserFree);
  if (parser == nullptr) {
    return Err(Code::kResourceExhausted, "no memory for a reader of XML", detail::kOutOfMemory);
  }
  Walker walker{.parser = parser.get(), .handler = handler, .failed = {}};
  XML_SetUserData(parser.get(), &walker);
  XML_SetElementHandler(parser.get(), OnBegin, OnEnd);
  XML_SetStartDoctypeDeclHandler(parser.get(), OnDoctype);
  // In one piece: a token over many pieces would be scanned again with each.
  const auto parsed = XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
  if (!walker.failed.ok()) return walker.failed;
  if (parsed == XML_STATUS_OK) return OkStatus();
  return Malformed(walker.line(), fmt::format("column {}: not XML: {}",
                                              XML_GetCurrentColumnNumber(parser.get()) + 1,
                                              XML_ErrorString(XML_GetErrorCode(parser.get()))));
}

}  // namespace stetig::reports::xml
