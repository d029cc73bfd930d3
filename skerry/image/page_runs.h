// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "skerry/base/bytes.h"

/// Runs of pages as numbers, two for each: how far it begins behind the end of the one before (at
/// first: behind 0), and how many pages it has. A message for each run would take four times the
/// memory when it is parsed.
namespace skerry::image {

std::vector<std::uint64_t> packed_runs(std::span<const PageRun> runs);

/// The numbers of a Protobuf field.
template <typename Field>
std::span<const std::uint64_t> numbers_in(const Field& field) {
  return {field.data(), static_cast<std::size_t>(field.size())};
}

/// None when the numbers are no runs in order, or do not lie in a memory of `pages`.
std::optional<std::vector<PageRun>> unpacked_runs(std::span<const std::uint64_t> numbers,
                                                  std::size_t pages);

/// The most runs that a memory of `pages` has, when no two of them touch.
constexpr std::uint64_t max_runs(std::uint64_t pages) { return pages / 2 + 1; }

}  // namespace skerry::image
