// SPDX-License-Identifier: Apache-2.0
#include "skerry/app/model_environment.h"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>

#include "skerry/base/file.h"

namespace skerry::app {
namespace {

constexpr ByteSize kMaxKeyFile = kib(8);

/// Takes a variable out, from memory too: /proc/self/environ shows what the process was started
/// with.
std::string taken(const char* name) {
  char* value = std::getenv(name);
  if (value == nullptr) return {};
  std::string text = value;
  ::explicit_bzero(value, text.size());
  ::unsetenv(name);
  return text;
}

/// The first line of the file, which is its owner's alone.
Result<std::string> key_in(const std::filesystem::path& file) {
  SKERRY_ASSIGN(const OwnedFd opened, open_file(file, O_RDONLY));
  struct stat info{};
  SKERRY_TRY(syscall_result("fstat", file.native(), [&] {
               return ::fstat(opened.get(), &info);
             }).status());
  if ((info.st_mode & 077) != 0) {
    return absl::PermissionDeniedError(file.native() + ": others may read it: chmod 600 " +
                                       file.native());
  }
  SKERRY_ASSIGN(const std::string text, read_all(opened.get(), kMaxKeyFile));
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace

Result<std::optional<agent::ModelSetting>> take_model_setting(const config::Settings& settings) {
  agent::ModelSetting setting = settings.model;
  setting.api_key = taken("LLM_API_KEY");
  if (setting.base_url.empty()) {
    if (setting.model.empty() && setting.tier_models.empty()) return std::nullopt;
    return absl::InvalidArgumentError(
        "llm.model (LLM_MODEL) is set, and llm.base_url (LLM_BASE_URL) is not");
  }
  constexpr std::size_t kTiers = 3;
  if (setting.model.empty() && setting.tier_models.size() < kTiers) {
    return absl::InvalidArgumentError(
        "llm.base_url (LLM_BASE_URL) is set, and llm.model (LLM_MODEL) is not");
  }
  if (setting.api_key.empty() && !settings.model_key_file.empty()) {
    auto key = key_in(settings.model_key_file);
    SKERRY_TRY(annotate(key.status(), "llm.api_key_file"));
    setting.api_key = *std::move(key);
  }
  SKERRY_TRY(annotate(setting.check(), "LLM_BASE_URL, LLM_API_KEY, LLM_MODEL"));
  return setting;
}

}  // namespace skerry::app
