// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/hollow.h"

#include "skerry/base/bytes.h"
#include "skerry/wasm/boundary.h"
#include "skerry/wasm/preamble.h"

namespace skerry::wasm {
namespace {

template <typename T>
std::span<const std::byte> bytes_of(const T& from) {
  return std::as_bytes(std::span(from.start, from.length));
}

HollowModule converted(const skerry_hollowed& raw) {
  HollowModule hollow;
  const auto bytes = bytes_of(raw.bytes);
  hollow.bytes.assign(bytes.begin(), bytes.end());
  for (const auto& each : std::span(raw.segments.start, raw.segments.length)) {
    hollow.segments.push_back({each.offset, bytes_of(each)});
  }
  for (const auto index : std::span(raw.mutable_globals.start, raw.mutable_globals.length)) {
    hollow.mutable_globals.push_back("skerry.global." + std::to_string(index));
  }
  return hollow;
}

}  // namespace

Result<HollowModule> hollow(std::span<const std::byte> bytes, const ModuleLimits& limits) {
  SKERRY_TRY(check_size(bytes, limits));
  SKERRY_TRY(check_preamble(bytes));
  skerry_hollowed raw{};
  const auto code = static_cast<StatusCode>(skerry_hollow(
      reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &limits, &raw));
  Result<HollowModule> result = code == StatusCode::kOk
                                    ? Result<HollowModule>(converted(raw))
                                    : Status(code, std::string(as_text(bytes_of(raw.bytes))));
  skerry_hollowed_free(raw);
  return result;
}

}  // namespace skerry::wasm
