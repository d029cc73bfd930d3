// SPDX-License-Identifier: Apache-2.0
#include "skerry/wasm/command.h"

#include "skerry/wasm/boundary.h"
#include "skerry/wasm/preamble.h"

namespace skerry::wasm {

Status check_command(std::span<const std::byte> bytes, const ModuleLimits& limits,
                     std::span<const HostFunction> offered) {
  SKERRY_TRY(check_size(bytes, limits));
  SKERRY_TRY(check_preamble(bytes));
  std::string lines;
  for (const HostFunction& each : offered) {
    lines.append(each.module).append(" ").append(each.name).append(" ");
    lines.append(each.type).append("\n");
  }
  skerry_array<std::uint8_t> text{};
  const auto code = static_cast<StatusCode>(skerry_check_command(
      reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), &limits,
      reinterpret_cast<const std::uint8_t*>(lines.data()), lines.size(), &text));
  const std::string message(text.start, text.start + text.length);
  skerry_bytes_free(text);
  return {code, message};
}

}  // namespace skerry::wasm
