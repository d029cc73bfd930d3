// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>

#include "skerry/wasm/checks.h"
#include "skerry/wasm/code_scan.h"
#include "skerry/wasm/reader.h"

// Any bytes are read, checked and walked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skerry::wasm;
  const auto module = read_module(std::as_bytes(std::span(data, size)), {});
  if (!module.ok()) return 0;
  (void)check_imports(*module, {});
  (void)check_command(*module);
  if (const auto scan = scan_code(*module); scan.ok()) (void)check_state_in_image(*module, *scan);
  return 0;
}
