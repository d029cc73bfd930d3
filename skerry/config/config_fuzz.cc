// SPDX-License-Identifier: Apache-2.0
// Any bytes are a configuration or are refused with file and line.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <unistd.h>

#include "skerry/config/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string kFile =
      (std::filesystem::temp_directory_path() / ("config_fuzz." + std::to_string(::getpid())))
          .native();
  std::ofstream(kFile, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  const auto config =
      skerry::config::Config::load({kFile}, [](const std::string&) { return std::nullopt; });
  std::remove(kFile.c_str());
  if (config.ok()) return config->effective().empty() ? -1 : 0;
  if (config.status().message().find(kFile + ":") != 0) std::abort();
  return 0;
}
