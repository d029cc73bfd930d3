// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::image {
class LinearMemory;
}

namespace skerry::engine {

/// Whether compiled code counts what it executes. Counting costs about half again as much time, so
/// it is a second compilation of a module, made only when fuel is asked for.
enum class Metering { kNone, kFuel };

class CompiledModule;
class Instance;

/// Compiles modules and makes instances of them, with one set of settings. No interruption checks:
/// a guest that must stop is killed with its process. Bounds checks are the guard around
/// `image::LinearMemory`.
///
/// Compiling is thread-safe; instances and everything else of one engine are confined to one
/// thread.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  struct Handle;  ///< the vendor's side

  /// Native stack for guest code, in bytes. Deep, because a guest guards its own stack in linear
  /// memory and must meet that guard first: CPython frees a chain of 200,000 tuples in 30 MiB of
  /// native stack. Only what is used is touched.
  static constexpr std::size_t kGuestStack = std::size_t{112} << 20;

  /// Raises this process's stack limit to hold `kGuestStack` and what the host's calls need: guests
  /// run on the main thread, whose stack grows on demand up to the limit in force when it does.
  /// kFailedPrecondition when the hard limit is lower.
  static Result<std::shared_ptr<Engine>> create(Metering metering);
  ~Engine();

  /// Names the engine's version and all settings that shape native code: part of a cache's key.
  static std::string fingerprint(Metering metering);

  /// Native code for `module`, in the engine's own format, to be loaded by an engine of the same
  /// fingerprint on the same kind of processor. Takes 0.4 µs a byte on two cores and makes nothing
  /// executable. kInvalidArgument when the module is not valid, kResourceExhausted when memory did
  /// not do.
  Result<std::vector<std::byte>> compile(std::span<const std::byte> module);

  /// Maps native code that `compile` made. The file is trusted as code: never load one that is not
  /// ours.
  Result<std::shared_ptr<const CompiledModule>> load(const std::filesystem::path& file);

  Metering metering() const { return metering_; }

 private:
  friend class CompiledModule;
  friend class Instance;
  friend class Program;
  explicit Engine(Metering metering);
  Metering metering_;
  std::unique_ptr<Handle> handle_;
};

/// The binary form of a module in text form. For untrusted text: call it in a process that may be
/// lost.
Result<std::vector<std::byte>> text_to_binary(std::string_view text);

/// Native code of a module: immutable, mapped by every process that loads it.
class CompiledModule {
 public:
  struct Handle;  ///< the vendor's side

  ~CompiledModule();

 private:
  friend class Engine;
  friend class Program;
  CompiledModule(std::shared_ptr<Engine> engine, std::unique_ptr<Handle> handle);
  std::shared_ptr<Engine> engine_;
  std::unique_ptr<Handle> handle_;
};

}  // namespace skerry::engine
