// SPDX-License-Identifier: Apache-2.0
#include "skerry/jail/oom_score.h"

#include <charconv>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "skerry/base/os/file.h"

namespace skerry::jail {
namespace {

constexpr const char* kPath = "/proc/self/oom_score_adj";

}  // namespace

void raise_oom_score(int score) {
  const auto file = open_file(kPath, O_RDWR);
  if (!file.ok()) return;
  char text[16] = {};
  const ssize_t size = ::read(file->get(), text, sizeof text);
  int now = 0;
  if (size <= 0 || std::from_chars(text, text + size, now).ec != std::errc() || now >= score)
    return;
  const std::string wanted = std::to_string(score);
  (void)!::write(file->get(), wanted.data(), wanted.size());
}

}  // namespace skerry::jail
