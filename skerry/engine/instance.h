// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "skerry/engine/engine.h"
#include "skerry/image/linear_memory.h"

namespace skerry::engine {

enum class ValueType { kI32, kI64, kF32, kF64 };

/// What a host function tells its guest: go on, or end here.
enum class HostAnswer { kContinue, kEnd };

/// A function that the host offers to guests. Parameters and results are integers, the only types
/// WASI uses.
struct HostFunction {
  /// `values` holds the parameters (an i32 in the low half) and takes the result at its front.
  /// `memory` is the guest's whole linear memory at this moment: hostile bytes. `host` is what the
  /// instance was given.
  using Call = HostAnswer (*)(void* host, std::span<std::byte> memory,
                              std::span<std::uint64_t> values, const void* self);

  std::string module;
  std::string name;
  std::vector<ValueType> params;
  std::vector<ValueType> results;
  Call call = nullptr;
  const void* self = nullptr;  ///< handed to `call`; must outlive the Program
};

/// A compiled module with its imports bound: what instances are made from. Confined to one thread.
class Program {
 public:
  struct Handle;  ///< the vendor's side

  /// kInvalidArgument when an import is missing or has another type.
  static Result<std::shared_ptr<Program>> link(std::shared_ptr<const CompiledModule> compiled,
                                               std::vector<HostFunction> functions);
  ~Program();

  Metering metering() const;

 private:
  friend class Instance;
  explicit Program(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

/// How a call into a guest came back.
struct CallEnd {
  enum class Kind {
    kReturned,     ///< normally; `value` is its result
    kHostEnded,    ///< a host function answered kEnd
    kTrapped,      ///< for another reason than those below
    kUnreachable,  ///< at the instruction that programs give up with
    kHeapFull,     ///< the collector's heap had no room, and could not grow
    kOutOfFuel,
    kStackExhausted,
  };
  Kind kind = Kind::kReturned;
  std::uint64_t value = 0;
  std::string message;  ///< of a trap: its cause, lower case, without a backtrace
};

/// Caps on what one instance may hold beside its memories, which keep their own.
struct InstanceLimits {
  std::uint32_t table_elements = 10'000;
  std::uint32_t instances = 10;
  std::uint32_t tables = 10;
  std::uint32_t memories = 4;
  /// Fuel to begin with, for a metered Program: the start function burns it, too.
  std::uint64_t fuel = 0;
};

/// A handle to an exported function, valid for its instance.
struct Function {
  std::uint64_t store = 0;
  void* pointer = nullptr;
  explicit operator bool() const { return store != 0; }
};

/// A running module. After a call that did not return normally, and after its memory grew beyond
/// its image, it must be replaced; its LinearMemory serves the next instance. When the memory is
/// given another image, `refresh_memory_size` goes on with this one.
///
/// Borrows `memory` and `host`, which must outlive it. Confined to one thread.
class Instance {
 public:
  struct Handle;  ///< the vendor's side

  /// About 0.08 ms for CPython. Runs the module's start function if it has one: `start_end` says
  /// how that went. kResourceExhausted when the module wants more than the limits.
  static Result<std::unique_ptr<Instance>> create(std::shared_ptr<Program> program,
                                                  image::LinearMemory& memory, void* host,
                                                  const InstanceLimits& limits);
  ~Instance();

  /// How the start function came back; without one, kReturned. Nothing can be called unless it is
  /// kReturned.
  const CallEnd& start_end() const;

  /// The exported function, or kNotFound.
  Result<Function> function(std::string_view name);

  /// Calls a function of integer parameters and at most one integer result. Both are checked by the
  /// engine's types: kInvalidArgument when they do not fit.
  Result<CallEnd> call(std::string_view name, std::span<const std::uint64_t> arguments);

  /// As `call` without the check: `function` must take exactly these parameters, with at most one
  /// integer result.
  CallEnd unsafe_call(const Function& function, std::span<const std::uint64_t> arguments);

  Result<std::uint64_t> global(std::string_view name);
  Status set_global(std::string_view name, std::uint64_t bits);

  /// Fuel for the calls to come, and what is left; only with a metered Program.
  Status set_fuel(std::uint64_t fuel);
  std::uint64_t fuel() const;

  /// The guest's linear memory. The view lasts until the guest runs again.
  std::span<std::byte> memory();

  /// Takes the size that the LinearMemory has been given since the guest last ran, larger or
  /// smaller: the engine keeps a copy of it.
  Status refresh_memory_size();

 private:
  explicit Instance(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace skerry::engine
