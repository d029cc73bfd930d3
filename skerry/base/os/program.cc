// SPDX-License-Identifier: Apache-2.0
#include "skerry/base/os/program.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/syscall.h>
#include <unistd.h>

#include "skerry/base/sanitizer.h"

namespace skerry {
namespace {

constexpr int kNotExecuted = 125;
constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC, Linux 5.11

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// Without their options the sanitizers' runtimes behave as no test expects.
void add_sanitizer_options(std::vector<std::string>& environment) {
  if (!kHasShadowMemory) return;
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    const std::string_view entry = *each;
    const std::string_view name = entry.substr(0, entry.find('='));
    if (name.ends_with("SAN_OPTIONS")) environment.emplace_back(entry);
  }
}

/// In the new process: only what is allowed between fork and exec.
bool take_descriptors(std::vector<ProgramStart::Inherited>& descriptors) {
  // What a library has opened without close-on-exec is not inherited either. An older kernel
  // refuses the flag: ours are all opened with it.
  (void)::syscall(SYS_close_range, 3U, ~0U, kCloseOnExec);
  int above = STDERR_FILENO;
  for (const auto& [from, to] : descriptors) above = std::max(above, to);
  // All of them are first moved out of the way of each other.
  for (auto& [from, to] : descriptors) {
    from = ::fcntl(from, F_DUPFD_CLOEXEC, above + 1);
    if (from < 0) return false;
  }
  return std::all_of(descriptors.begin(), descriptors.end(),
                     [](const auto& each) { return ::dup2(each.from, each.to) == each.to; });
}

}  // namespace

Result<Child> start_program(const ProgramStart& how) {
  std::vector<std::string> words{how.program.native()};
  words.insert(words.end(), how.arguments.begin(), how.arguments.end());
  std::vector<std::string> variables = how.environment;
  add_sanitizer_options(variables);
  // Allocated before the fork: another thread may hold the allocator's lock in the child for ever.
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);
  auto descriptors = how.descriptors;
  return Child::fork([&] {
    if (!take_descriptors(descriptors) || (how.before && !how.before().ok())) return kNotExecuted;
    ::execve(arguments[0], arguments.data(), environment.data());
    return kNotExecuted;
  });
}

void forget_environment() {
  for (char** each = ::environ; each != nullptr && *each != nullptr; ++each) {
    ::explicit_bzero(*each, std::strlen(*each));
    *each = nullptr;
  }
}

}  // namespace skerry
