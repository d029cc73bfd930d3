// SPDX-License-Identifier: Apache-2.0
// Counts any bytes against budgets. A scan reads nothing outside of its bytes, and what it has let
// pass once it lets pass again, and refuses when the bytes are one element more than the budget.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/base/formats/wire_budget.h"

namespace {

using namespace skerry;

bool is_within(std::string_view bytes, std::uint64_t nodes, std::uint64_t numbers) {
  WireBudget leaf{wire_varint(1, "number"), wire_bytes(2, "text", 16), wire_fixed64(3, "bits")};
  WireBudget node{wire_messages(1, "leaves", nodes, leaf), wire_varints(2, "numbers", numbers),
                  wire_message(3, "leaf", leaf)};
  WireBudget root{wire_messages(1, "nodes", nodes, node), wire_message(2, "node", node),
                  wire_byte_strings(3, "texts", nodes, 16), wire_varint(4, "version")};
  return check_wire(bytes, 1 << 20, root).ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool is_small = is_within(bytes, 4, 4);
  // Larger budgets let pass what smaller ones do; one of as many as there are bytes lets all pass
  // that is a message.
  if (is_small && !is_within(bytes, 5, 5)) std::abort();
  if (is_within(bytes, 5, 5) && !is_within(bytes, size, size) && size >= 5) std::abort();
  (void)find_wire_varint(bytes, 4);
  return 0;
}
