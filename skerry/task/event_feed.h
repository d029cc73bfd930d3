// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "skerry/base/status.h"
#include "skerry/task/task.h"
#include "skerry/task/task_store.h"

namespace skerry::task {

/// Who follows which task's events. What is published is in the store already, so nobody sees what
/// a crash would take back. Confined to the event loop's thread.
class EventFeed {
  struct Live;

 public:
  /// One follower of one task. It keeps a place, and no events: however slow it is, it costs the
  /// same.
  class Reader {
   public:
    Reader(Reader&&) noexcept = default;
    Reader& operator=(Reader&&) = delete;
    ~Reader();

    /// The events that come next, at least one; none when there will be no more. kUnavailable when
    /// the service stops, or as the store says; then a new reader goes on from `place`.
    boost::asio::awaitable<Result<std::vector<EventPointer>>> next();
    /// The number of the last event that `next` gave.
    std::int64_t place() const { return place_; }

   private:
    friend class EventFeed;
    Reader(boost::asio::io_context& io, TaskStore& store, std::int64_t row, std::int64_t place,
           std::shared_ptr<Live> live);
    bool take_live(std::vector<EventPointer>& batch);
    void keep_place(const std::vector<EventPointer>& batch);

    TaskStore* store_;
    std::int64_t row_;
    std::int64_t place_;
    bool is_over_ = false;
    std::shared_ptr<Live> live_;
    std::unique_ptr<boost::asio::steady_timer> changed_;
  };

  /// The store must outlive the feed and its readers' last `next`.
  EventFeed(boost::asio::io_context& io, TaskStore& store) : io_(io), store_(store) {}

  /// Follows a task behind event `after`.
  Reader follow(std::int64_t row, std::int64_t after);

  /// Tells the task's followers of events that are stored.
  void publish(std::int64_t row, std::vector<Event> events);

  /// Followers of tasks besides these hear that the service stops, when they have read all there
  /// is.
  void close_all_but(const std::set<std::int64_t>& rows);

 private:
  boost::asio::io_context& io_;
  TaskStore& store_;
  std::map<std::int64_t, std::weak_ptr<Live>> live_;
};

}  // namespace skerry::task
