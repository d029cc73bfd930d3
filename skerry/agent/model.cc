// SPDX-License-Identifier: Apache-2.0
#include "skerry/agent/model.h"

namespace skerry::agent {
std::string_view name_of(Finish finish) {
  switch (finish) {
    case Finish::kStop:
      return "stop";
    case Finish::kLength:
      return "length";
    case Finish::kToolCalls:
      return "tool_calls";
    case Finish::kContentFilter:
      return "content_filter";
  }
  return "stop";
}

}  // namespace skerry::agent
