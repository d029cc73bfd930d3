// SPDX-License-Identifier: Apache-2.0
// Bytes of a connection as clients may write them: what becomes a request is UTF-8 where handlers
// see it, and is one that any other server would have read so, too.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <boost/asio/buffer.hpp>

#include "skerry/base/utf8.h"
#include "skerry/http/request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::http;  // NOLINT(google-build-using-namespace)
  Http1Parser parser;
  parser.header_limit(8192);
  parser.body_limit(65'536);
  boost::system::error_code error;
  while (!error && size > 0 && !parser.is_done()) {
    const std::size_t taken = parser.put(boost::asio::buffer(data, size), error);
    if (taken == 0) break;
    data += taken;
    size -= taken;
  }
  if (error || !parser.is_header_done() || !smuggling_fault(parser.get()).empty()) return 0;
  if (parser.get().count(boost::beast::http::field::host) > 1) std::abort();
  const RequestHead head = head_of(parser.get());
  (void)origin_fault(head, HostNames::kLocal, {8000});
  if (!parser.is_done()) return 0;
  const auto request = request_of(head);
  if (!request) return 0;
  if (!request->path.starts_with('/') || request->request_id.empty()) std::abort();
  for (const auto& [name, value] : request->query) {
    if (!skerry::is_utf8(name) || !skerry::is_utf8(value)) std::abort();
  }
  for (const auto& [name, value] : request->headers) {
    if (!skerry::is_utf8(value)) std::abort();
  }
  return 0;
}
