// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "skerry/base/bytes.h"
#include "skerry/base/sha256.h"
#include "skerry/base/test_directory.h"
#include "skerry/engine/engine.h"
#include "skerry/engine/native_cache.h"

/// Modules in text form, on their usual way to native code. For tests only.
namespace skerry::engine::testing {

/// No bound on addresses: a sanitizer's shadow alone is larger than any bound that makes sense.
inline CompileBudget any_budget() { return {.memory = bytes(~std::uint64_t{0})}; }

inline Result<std::shared_ptr<const CompiledModule>> compile(std::span<const std::byte> module,
                                                             Metering metering = Metering::kNone) {
  const TestDirectory directory;
  SKERRY_ASSIGN(const auto cache, NativeCache::open(directory / "native"));
  const std::string name = sha256_hex(module);
  SKERRY_TRY(cache.compile(module, name, metering, any_budget(), {}));
  SKERRY_ASSIGN(const auto engine, Engine::create(metering));
  return cache.load(*engine, name);
}

inline Result<std::shared_ptr<const CompiledModule>> compile_text(
    std::string_view text, Metering metering = Metering::kNone) {
  SKERRY_ASSIGN(const auto module, text_to_binary(text));
  return compile(module, metering);
}

}  // namespace skerry::engine::testing
