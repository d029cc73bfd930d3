// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace skerry::agent {

/// How much of a model a query is given.
enum class Tier { kSmall, kMedium, kLarge };
std::string_view name_of(Tier tier);
std::optional<Tier> tier_named(std::string_view name);

/// What a client says about its query.
enum class Mode { kSimple, kStandard, kComplex, kSupervisor };
std::string_view name_of(Mode mode);
std::optional<Mode> mode_named(std::string_view name);

/// How complex a query looks, from 0 to 1: 0.30 × its length, 0.30 × its steps, 0.25 × words that
/// tell of hard work, 0.15 × material that comes with it; docs/model.md says what counts. The same
/// query has always the same score, and the time it takes is in proportion to its length.
double complexity_of(std::string_view query);

/// Standard: by the score, small below 0.3, medium up to 0.5, large above. Simple is small, complex
/// and supervisor are large.
Tier tier_of(Mode mode, double complexity);

}  // namespace skerry::agent
