// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "skerry/base/bytes.h"

namespace skerry::wasm {

/// What a module may declare. The defaults are for a module that a caller hands us; counts are of
/// the whole index space, imports included, unless said otherwise. The engine's own limits lie
/// above all of them. Laid out as `Limits` in skerry/engine/wasmtime/src/stranger/module.rs.
struct ModuleLimits {
  /// The whole file. The contract's number.
  ByteSize module_size = mib(50);

  /// The declared minima of all linear memories together. Set it from the sandbox's own limit,
  /// which memories are held to when they grow; this is its default.
  ByteSize memory = mib(256);

  /// A memory's declared maximum. By the contract, the sandbox's limit; a program is none the worse
  /// for a larger one.
  ByteSize memory_maximum = mib(256);

  /// A table's minimum, in elements, each 8 bytes of host memory. CPython 3.11 and 3.12 for WASI
  /// need 5,413 and 5,903, a Go program with net/http 10,435.
  std::uint64_t table_elements = 10'000;

  std::uint64_t tables = 10;
  std::uint64_t memories = 4;

  /// Compiling takes 0.9 ms of a core and leaves 2.4 KB of native code per function (measured on
  /// CPython): 200,000 are three minutes, beyond any budget for an unknown module.
  std::uint64_t functions = 200'000;

  /// One function's code and locals. The compiler holds a whole function, many times its size, at
  /// once and is worse than linear in it. The largest of CPython with numpy, scipy and lxml is 0.19
  /// MB.
  ByteSize function_body = mib(2);

  /// Declared locals of one function, parameters left out. The engine's own limit.
  std::uint64_t locals = 50'000;

  /// Host memory for descriptions, 20 to 100 bytes each; no toolchain's output known to us comes
  /// near.
  std::uint64_t types = 50'000;
  std::uint64_t parameters_and_results = 1'000'000;  ///< of all types together
  std::uint64_t fields = 1'000'000;                  ///< of all structures together
  std::uint64_t imports = 10'000;
  std::uint64_t exports = 50'000;
  std::uint64_t globals = 50'000;
  std::uint64_t tags = 1'000;
  std::uint64_t element_segments = 50'000;
  /// An ordinary Go program has 100,000. The engine compiles a call for each that is not joined
  /// with its neighbours before, 0.1 ms of a core.
  std::uint64_t data_segments = 200'000;
  std::uint64_t custom_sections = 1'000;

  /// For runtimes whose bytes we ship and pin by hash: admits CPython 3.15 with its scientific
  /// packages (99 MB, 89,060 functions, a table of 47,157 elements).
  static ModuleLimits bundled_runtime() {
    ModuleLimits limits;
    limits.module_size = mib(256);
    limits.memory = limits.memory_maximum = mib(4096);
    limits.table_elements = 200'000;
    limits.functions = 500'000;
    limits.function_body = bytes(7'654'321);  // the engine's own limit
    return limits;
  }
};

}  // namespace skerry::wasm
