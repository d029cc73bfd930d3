// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/status.h"

#include <string>

namespace skerry {

Status annotate(const Status& status, std::string_view context) {
  if (status.ok()) return status;
  std::string text(context);
  text += ": ";
  text += message_of(status);
  return Status(status.code(), text);
}

std::string_view message_of(const Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace skerry
