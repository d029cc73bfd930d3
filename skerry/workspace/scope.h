// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "skerry/access/principal.h"
#include "skerry/store/session_name.h"

namespace skerry::workspace {

/// Whose files a call works on. Checked values.
struct Scope {
  access::Principal principal;
  store::SessionName session;
  std::optional<store::SessionName> user = std::nullopt;  ///< whose memory/ it may see
};

}  // namespace skerry::workspace
