// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "skerry/base/bytes.h"
#include "skerry/base/os/fd.h"
#include "skerry/base/status.h"
#include "skerry/jail/cgroup.h"
#include "skerry/runtime/home.h"
#include "skerry/sandbox/limits.h"

namespace skerry::broker {

/// How modules are compiled and what is kept of them. `check` has the bounds.
struct ModuleOptions {
  std::filesystem::path compiler;  ///< the program `skerry-compiler`; empty: no modules are run
  int compilers = 2;               ///< processes at most, all tenants together; 1 to 64
  int queue = 16;                  ///< compilations of one tenant that may wait; 0 to 10,000
  ByteSize kept = mib(512);        ///< native code of one tenant; the oldest goes; 1 MiB or more
  std::chrono::seconds cpu{180};   ///< processor time of one compilation; 1 to 3,600
  /// What to make compilations' control groups in, divided already; none: they have none.
  std::optional<jail::ControlGroups> groups = {};

  /// kInvalidArgument naming what is out of its bounds.
  Status check() const;
};

/// Native code of tenants' modules, compiled when it is first asked for, each in a short-lived
/// jailed process: never in this one. It lies on disk by tenant, under keys that we compute (the
/// module's hash, the limits it was checked against, engine and settings): what one tenant's module
/// compiled to is never another's, nor does its being there tell anybody else anything.
///
/// Confined to the io_context's thread, which must not run any more when it is destroyed: that
/// kills the compilations under way.
class ModuleStore {
 public:
  using Code = std::shared_ptr<const OwnedFd>;

  ModuleStore(boost::asio::io_context& io, const runtime::Home& home, ModuleOptions options);
  ~ModuleStore();

  /// The native code of a WASI command, in binary or text form, open for reading. Who asks for one
  /// that is being compiled waits with the others. Cancelling the wait ends the compilation when
  /// nobody else waits.
  ///
  /// kInvalidArgument: the module is refused, and will be again; says why. kResourceExhausted: too
  /// many of the tenant's wait already. kCancelled. kFailedPrecondition: no modules are run here.
  boost::asio::awaitable<Result<Code>> code_of(std::string tenant,
                                               std::shared_ptr<const std::string> module,
                                               sandbox::Limits limits);

  /// Callers that wait for a compilation.
  int waiting() const;
  /// Compilations begun since its start.
  std::uint64_t compilations() const;

 private:
  class Work;
  std::shared_ptr<Work> work_;  // shared with coroutines that are still queued
};

}  // namespace skerry::broker
