// Files over HTTP, whatever the dialect: bodies into the blob store, and stored files as answers
// that a browser neither runs nor shows inside a page.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "blob/store.h"
#include "http/message.h"

namespace stetig::api {

/// Streams the body of a request into the blob store; on OK it is durable there. Errors of the body
/// (ByteStream::Read) leave nothing but garbage for the sweep.
Task<blob::FileRef> StoreBody(blob::Store* blobs, std::shared_ptr<http::Request> request,
                              Deadline deadline);

/// What is served.
struct ServedFile {
  std::string manifest;  ///< in hex; its ETag, too
  std::string name;      ///< for whoever saves it
  std::string content_type;
};

/// The file as an attachment; Range, If-Range and If-None-Match are honoured. kNotFound: the blob
/// store lacks it; kDataLoss: damaged, or no manifest's name.
Task<http::Response> ServeFile(blob::Store* blobs, std::shared_ptr<http::Request> request,
                               ServedFile file, Deadline deadline);

}  // namespace stetig::api
