// SPDX-License-Identifier: Apache-2.0
// A command line from a client, and its words as patterns: both are whatever somebody sent.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/files/glob.h"
#include "skerry/operation/command_line.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto words = skerry::operation::parse_command_line(text);
  if (!words.ok()) return 0;
  for (const auto& word : *words) {
    const auto glob = skerry::files::Glob::parse(word.pattern);
    if (!glob.ok()) continue;
    // What has no meaning of its own matches itself.
    if (!skerry::files::is_glob(word.pattern) && !glob->matches(word.text)) std::abort();
    (void)glob->matches(text);
  }
  return 0;
}
