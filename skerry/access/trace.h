// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

// W3C Trace Context, https://www.w3.org/TR/trace-context/, version 00.

namespace skerry::access {

/// What goes on to others for a request whose `traceparent` is `given`: the same trace, with a span
/// of our own. Empty when `given` is none that is valid.
std::string trace_for(std::string_view given);

/// The trace's id in what `trace_for` made; empty in an empty one.
std::string_view trace_id_in(std::string_view trace);

}  // namespace skerry::access
