// openapi.json: the table as an OpenAPI 3.1 document.
#pragma once

#include <string>

namespace stetig::api::v1 {

/// The whole document; the same text at each call.
const std::string& OpenApiDocument();

}  // namespace stetig::api::v1
