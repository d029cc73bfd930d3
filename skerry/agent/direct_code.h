// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace skerry::agent {

/// The part of a query that is a Python program to run as it stands, without a model's help; none
/// for any other query. Such a query is one of:
///
/// - "Execute Python: CODE", or "Execute Python code" with further words and a colon before CODE,
///   which may be in a fence
/// - nothing but one fenced block that calls itself Python
std::optional<std::string_view> code_in(std::string_view query);

}  // namespace skerry::agent
