// SPDX-License-Identifier: Apache-2.0
#include "skerry/sandbox/limits.h"

#include <fmt/format.h>

namespace skerry::sandbox {
namespace {

template <typename T>
Status in_bounds(const LimitName& limit, LimitWords words, T value, T low, T high) {
  if (value >= low && value <= high) return ok_status();
  return absl::InvalidArgumentError(fmt::format("{} limit is {} {}, expected {} to {} ({})",
                                                limit.key, value, limit.unit, low, high,
                                                limit.option(words)));
}

}  // namespace

bool Limits::suit_sandbox_of(const Limits& other) const {
  return memory == other.memory && files == other.files && open_files == other.open_files &&
         table_elements == other.table_elements && fuel == other.fuel && words == other.words;
}

std::optional<LimitName> find_limit(std::string_view key) {
  for (const LimitName& limit : {kMemoryLimit, kWallLimit, kInputLimit, kFuelLimit, kOutputLimit,
                                 kFilesLimit, kOpenFilesLimit, kTableLimit}) {
    if (limit.key == key) return limit;
  }
  return std::nullopt;
}

Status Limits::check() const {
  // 4,095 MiB: hollow modules keep a 64 KiB page of the 4 GiB free.
  SKERRY_TRY(in_bounds(kMemoryLimit, words, memory.value, mib(1).value, mib(4095).value));
  SKERRY_TRY(
      in_bounds(kWallLimit, words, static_cast<double>(wall.count()) / 1000, 0.001, 86'400.0));
  SKERRY_TRY(
      in_bounds(kInputLimit, words, static_cast<double>(input.count()) / 1000, 0.001, 604'800.0));
  // Output is held in memory until the run is reported.
  SKERRY_TRY(in_bounds(kOutputLimit, words, output.value, std::uint64_t{0}, mib(1024).value));
  if (fuel)
    SKERRY_TRY(in_bounds(kFuelLimit, words, *fuel, std::uint64_t{1}, std::uint64_t{1} << 62));
  SKERRY_TRY(in_bounds(kFilesLimit, words, files.value, std::uint64_t{0}, mib(4096).value));
  SKERRY_TRY(in_bounds(kOpenFilesLimit, words, open_files, 3U, 4096U));
  // Eight bytes of the host's for each, in at most ten tables.
  return in_bounds(kTableLimit, words, table_elements, 0U, 200'000U);
}

}  // namespace skerry::sandbox
