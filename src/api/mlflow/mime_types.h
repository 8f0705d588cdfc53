// The media type of a file by its name, as MLflow guesses it for downloads.
#pragma once

#include <string_view>

namespace stetig::api::mlflow {

/// What MLflow shows as text is text/plain; the rest by Python's own table (the `mimetypes` module,
/// which looks behind .gz and the like); application/octet-stream for what is not in it.
std::string_view MimeTypeOf(std::string_view file_name);

}  // namespace stetig::api::mlflow
