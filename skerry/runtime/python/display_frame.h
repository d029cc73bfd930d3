// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "skerry/base/status.h"
#include "skerry/sandbox/display.h"

namespace skerry::runtime::python {

/// What guest/python/skerry_display.py sends of a value: a line of JSON with the parts' types,
/// kinds and lengths, and their contents one behind the other. Untrusted. kInvalidArgument when it
/// is none, or the value breaks a rule of `Display::check`.
Result<sandbox::Display> parse_display_frame(std::string_view frame);

}  // namespace skerry::runtime::python
