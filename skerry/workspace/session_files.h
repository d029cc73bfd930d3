// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/broker/session_access.h"
#include "skerry/files/deadline.h"
#include "skerry/runtime/home.h"
#include "skerry/workspace/session_trees.h"

namespace skerry::workspace {

using files::Deadline;
using files::Trees;

/// Work on the files of sessions, besides their runs. Looking needs nobody's leave and sees what
/// the last run or change left; a change is made between runs, whole or not at all, and is a
/// revision like a run's: the next run sees it, a rewind takes it back.
///
/// For coroutines of the event loop; the work is done on threads of the session access.
class SessionFiles {
 public:
  struct Setting {
    TreeQuotas quotas = {};
    ByteSize read = mib(10);            ///< the most of one file that is read or edited
    std::chrono::seconds patience{30};  ///< that one piece of work may take; 1 to 300

    /// kInvalidArgument naming what is out of its bounds.
    Status check() const;
  };

  /// The store is that of `access`, which must outlive it. Fails when the runtime is not set up.
  static Result<std::unique_ptr<SessionFiles>> open(broker::SessionAccess& access,
                                                    const runtime::Home& home,
                                                    const Setting& setting);

  const Setting& setting() const { return setting_; }

  /// What `work(Trees&, Deadline&)` returns, a Result; it is called on another thread, and for a
  /// change again when somebody ran in the session. kUnavailable when somebody has for 30 s.
  template <typename Work>
  auto look(const Scope& scope, std::chrono::seconds patience, Work work) {
    return use(scope, patience, SessionTrees::Purpose::kLook, std::string(), std::move(work));
  }
  /// The same, and what it changed is committed unless it failed. `what` is how a list of the
  /// session's revisions calls it.
  template <typename Work>
  auto change(const Scope& scope, std::chrono::seconds patience, std::string what, Work work) {
    return use(scope, patience, SessionTrees::Purpose::kChange, std::move(what), std::move(work));
  }

 private:
  SessionFiles(broker::SessionAccess& access, Foundation foundation, const Setting& setting)
      : access_(access), foundation_(std::move(foundation)), setting_(setting) {}

  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work&, Trees&, Deadline&>> use(
      Scope scope, std::chrono::seconds patience, SessionTrees::Purpose purpose, std::string what,
      Work work) {
    using Answer = std::invoke_result_t<Work&, Trees&, Deadline&>;
    auto once = [&](session::SessionStore& store) -> Answer {
      Deadline deadline(Deadline::Clock::now() + patience);
      SessionTrees trees(foundation_, scope, store, purpose);
      Answer answer = work(trees, deadline);
      if (!answer.ok() || purpose == SessionTrees::Purpose::kLook) return answer;
      SKERRY_TRY(trees.commit(what));
      return answer;
    };
    co_return co_await access_.with(scope.tenant, std::move(once));
  }

  broker::SessionAccess& access_;
  const Foundation foundation_;
  const Setting setting_;
};

}  // namespace skerry::workspace
