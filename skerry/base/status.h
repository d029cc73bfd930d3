// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace skerry {

/// How our own machinery fails. Codes equal gRPC's, so every transport shares one table. What
/// happens to a guest is never a Status: see `sandbox::Outcome`. Messages are lower case, without a
/// full stop, and name the value seen and the value expected.
using Status = absl::Status;
using StatusCode = absl::StatusCode;

/// A value, or why there is none.
template <typename T>
using Result = absl::StatusOr<T>;

inline Status ok_status() { return absl::OkStatus(); }

/// The same failure, told with where it happened: "context: message". An OK status stays OK.
Status annotate(const Status& status, std::string_view context);

/// The message as the standard library's type (Debian's absl::string_view is a type of its own).
std::string_view message_of(const Status& status);

}  // namespace skerry

#define SKERRY_CONCAT_INNER(a, b) a##b
#define SKERRY_CONCAT(a, b) SKERRY_CONCAT_INNER(a, b)

/// Returns the Status of `expression` from this function unless it is OK.
#define SKERRY_TRY(expression)                                    \
  do {                                                            \
    if (auto skerry_status = (expression); !skerry_status.ok()) { \
      return skerry_status;                                       \
    }                                                             \
  } while (false)

/// `SKERRY_ASSIGN(auto value, make())`: declares or assigns from a Result, or returns its Status
/// from this function.
#define SKERRY_ASSIGN(target, expression) \
  SKERRY_ASSIGN_INNER(SKERRY_CONCAT(skerry_result_, __LINE__), target, expression)
#define SKERRY_ASSIGN_INNER(result, target, expression) \
  auto result = (expression);                           \
  if (!result.ok()) return result.status();             \
  target = *std::move(result)
