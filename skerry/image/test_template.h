// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "skerry/base/test_directory.h"
#include "skerry/image/linear_memory.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/image/test_pages.h"

/// A small template, and runs on it and on its revisions. For tests only.
namespace skerry::image::testing {

inline constexpr std::size_t kTemplateSize = 8 * kWasmPageSize;
inline constexpr ByteSize kRunLimit = mib(4);

class TestTemplate {
 public:
  TestTemplate() : file(directory_ / "base.image") {
    Manifest manifest;
    manifest.template_name = "test";
    manifest.module_sha256 = std::string(64, 'a');
    manifest.globals = {{"one", 1}, {"two", 2}};
    manifest.host_state = "state 0";
    if (!write_image(file, manifest, patterned(kTemplateSize)).ok()) std::abort();
    root.file_image = open_image(file).value();
  }

  /// A run on `parent` that calls `change` with its memory, and what it leaves: the first global
  /// one more, the host state one sign longer.
  template <typename Change>
  static Result<Captured> run_on(const Revision& parent, const Change& change) {
    SKERRY_ASSIGN(const auto memory, LinearMemory::on_image(parent.image()->pages, kRunLimit));
    change(*memory);
    CapturedState state;
    state.memory_size = memory->size();
    SKERRY_ASSIGN(const auto changed, memory->changed());
    auto difference = memory->difference(changed);
    state.changed = std::move(difference.whole);
    state.edits = std::move(difference.edits);
    const Manifest manifest = parent.image()->manifest;
    state.globals = manifest.globals;
    ++state.globals[0].bits;
    state.host_state = manifest.host_state + "+";
    const OwnedFd left = memory_file({});
    SKERRY_TRY(write_captured(left.get(), state, memory->bytes()));
    return read_captured(
        left.get(),
        {.before = parent.memory_size(), .globals = manifest.globals, .memory = kRunLimit});
  }

 private:
  TestDirectory directory_;

 public:
  const std::filesystem::path file;
  Revision root;
};

}  // namespace skerry::image::testing
