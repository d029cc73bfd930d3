// SPDX-License-Identifier: Apache-2.0
// What clients write about tasks: whatever is taken is within its bounds, and the agent's request
// can be made of it or is refused.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "skerry/base/formats/json_text.h"
#include "skerry/shannon/task_request.h"
#include "skerry/task/events.h"
#include "skerry/task/tasks.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry;  // NOLINT(google-build-using-namespace)
  namespace front = skerry::shannon;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const front::Query query{{"workflow_id", "w"}, {"types", text},      {"limit", text},
                           {"status", text},     {"session_id", text}, {"last_event_id", text}};
  const auto following = front::following_in(query, nullptr);
  if (following.ok() && (following->after < 0 || following->types.size() > 64)) std::abort();
  const auto filter = front::filter_in(query);
  if (filter.ok() && (filter->limit < 1 || filter->limit > 100)) std::abort();
  (void)front::following_in({{"workflow_id", text}}, &text);

  const auto parsed = parse_json_object(text, "the body");
  if (!parsed.ok()) return 0;
  const auto submission = front::submission_of(*parsed, {});
  if (!submission.ok()) return 0;
  if (!task::check(*submission).ok()) std::abort();
  const auto request = task::request_of(*submission);
  if (request.ok() && request->caller.tenant != "default") std::abort();
  if (task::shown(*parsed).dump().size() > (std::size_t{64} << 10)) std::abort();
  return 0;
}
