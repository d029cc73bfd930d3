// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include "skerry/base/os/file.h"
#include "skerry/base/status.h"
#include "skerry/loop/on_pool.h"
#include "skerry/task/task_tables.h"

namespace skerry::task {

/// `TaskTables` on a thread of its own, opened when it is needed and again after it failed: a
/// damaged or locked database is mended while the service runs. One process at a time has it;
/// another waits for its turn, and says so.
///
/// Confined to the event loop's thread.
class TaskStore {
 public:
  struct Options {
    std::filesystem::path directory;  ///< holds `tasks.db`; made if it is not there
    std::function<std::int64_t()> now_unix_ns;
    /// Hears, on the store's thread, of what clients are not told: where and why it failed.
    std::function<void(const std::string&)> complain = {};
  };
  explicit TaskStore(Options options);
  ~TaskStore();

  /// What `work(TaskTables&)` returns, a Status or a Result. What is asked first is done first.
  /// kResourceExhausted when too much waits; kUnavailable, kDataLoss as `TaskTables`.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work, TaskTables&>> ask(Work work) {
    using Value = std::invoke_result_t<Work, TaskTables&>;
    if (const Status room = check_room(); !room.ok()) co_return Value(room);
    const std::shared_ptr<void> waits = waiting_;
    auto on_thread = [this, &work]() -> Value {
      const Status opened = open_if_needed();
      if (!opened.ok()) return Value(opened);
      Value value = work(*tables_);
      note(status_of(value));
      return value;
    };
    auto waiting = loop::on_pool(pool_, std::move(on_thread));
    co_return co_await std::move(waiting);
  }

  /// Does on the same thread what needs no tables and is too long for the event loop.
  template <typename Work>
  boost::asio::awaitable<std::invoke_result_t<Work>> off_loop(Work work) {
    const std::shared_ptr<void> waits = waiting_;
    auto waiting = loop::on_pool(pool_, std::move(work));
    co_return co_await std::move(waiting);
  }

  /// kResourceExhausted when so much waits for the thread that no more is taken.
  Status check_room() const {
    if (waiting_.use_count() <= kMaxWaiting) return ok_status();
    return absl::ResourceExhaustedError("too many requests about tasks wait already");
  }

 private:
  static constexpr int kMaxWaiting = 4096;

  static Status status_of(const Status& status) { return status; }
  template <typename T>
  static Status status_of(const Result<T>& result) {
    return result.status();
  }

  // On the pool's thread.
  Status open_if_needed();
  Status open();
  void note(const Status& status);
  void complain(const std::string& what);

  Options options_;
  std::string instance_;
  // Held by all that wait, which may be destroyed after the store: its count is theirs.
  std::shared_ptr<void> waiting_ = std::make_shared<char>();
  // The pool's thread's.
  std::optional<FileLock> lock_;
  std::unique_ptr<TaskTables> tables_;
  std::string complained_;
  boost::asio::thread_pool pool_{1};
};

}  // namespace skerry::task
