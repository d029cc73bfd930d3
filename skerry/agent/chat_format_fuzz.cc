// SPDX-License-Identifier: Apache-2.0
// What a model server may send, in pieces: a reply that is taken is UTF-8, within its limits, and
// each of its calls can be answered.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string_view>

#include "skerry/agent/chat_format.h"
#include "skerry/agent/event_reader.h"
#include "skerry/base/utf8.h"

namespace {

void check(const skerry::Result<skerry::agent::ModelReply>& reply) {
  if (!reply.ok()) return;
  if (!skerry::is_utf8(reply->content) || reply->content.size() > (1U << 20)) std::abort();
  if (reply->calls.size() > 16) std::abort();
  std::set<std::string> ids;
  for (const auto& call : reply->calls) {
    if (call.tool.empty() || !ids.insert(call.id).second) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::agent;  // NOLINT(google-build-using-namespace)
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)error_in(text);
  ReplyReader whole({});
  if (whole.take_whole(text).ok()) check(whole.finish());

  std::string seen;
  ReplyReader streamed([&](std::string_view piece) { seen += piece; });
  EventReader events(4096);
  const auto take = [&](std::string_view event) { return streamed.take_event(event); };
  const std::size_t step = size == 0 ? 1 : 1 + data[0] % 37;
  skerry::Status status;
  for (std::size_t at = 0; at < size && status.ok(); at += step) {
    status = events.take(text.substr(at, step), take);
  }
  if (!status.ok() || !events.finish(take).ok()) return 0;
  const auto reply = streamed.finish();
  if (reply.ok() && reply->content != seen) std::abort();
  check(reply);
  return 0;
}
