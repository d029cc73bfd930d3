// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/broker/module_store.h"
#include "skerry/engine/engine.h"

namespace skerry::broker {

/// One module that is to be compiled, and where its code goes.
struct Compilation {
  std::shared_ptr<const std::string> module;
  std::filesystem::path directory;
  std::string key;  ///< as `engine::NativeCache` wants it
  engine::Metering metering = engine::Metering::kNone;
  // The limits that the module is checked against.
  ByteSize memory;
  std::uint32_t table_elements = 0;
};

/// Compiles, in a process of the program `options.compiler`, and waits for its end: on a thread
/// that may. Something to read on the descriptor `stop` kills it: kCancelled, and nothing of it is
/// left. kInvalidArgument: the module is refused. What the process says is taken for untrusted.
Status compile(const Compilation& what, const ModuleOptions& options, int stop);

}  // namespace skerry::broker
