// SPDX-License-Identifier: Apache-2.0
#include "skerry/task/event_feed.h"

#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "skerry/task/events.h"

namespace skerry::task {
namespace {

// What followers need not read from the store, when they keep up.
constexpr std::size_t kRecentEvents = 128;
constexpr std::int64_t kBatch = 64;

}  // namespace

/// What the followers of one task share.
struct EventFeed::Live {
  std::deque<EventPointer> recent;  // numbers follow each other
  std::int64_t published = 0;       // the last number
  bool is_closed = false;
  std::set<boost::asio::steady_timer*> waiting;

  void wake() {
    for (auto* each : waiting) each->cancel();
  }
};

EventFeed::Reader::Reader(boost::asio::io_context& io, TaskStore& store, std::int64_t row,
                          std::int64_t place, std::shared_ptr<Live> live)
    : store_(&store),
      row_(row),
      place_(place),
      live_(std::move(live)),
      changed_(std::make_unique<boost::asio::steady_timer>(
          io, boost::asio::steady_timer::time_point::max())) {
  live_->waiting.insert(changed_.get());
}

EventFeed::Reader::~Reader() {
  if (live_) live_->waiting.erase(changed_.get());
}

bool EventFeed::Reader::take_live(std::vector<EventPointer>& batch) {
  const auto& recent = live_->recent;
  if (recent.empty() || recent.front()->seq > place_ + 1 || recent.back()->seq <= place_) {
    return false;
  }
  for (const EventPointer& each : recent) {
    if (each->seq > place_ && batch.size() < kBatch) batch.push_back(each);
  }
  return true;
}

void EventFeed::Reader::keep_place(const std::vector<EventPointer>& batch) {
  place_ = batch.back()->seq;
  is_over_ = batch.back()->type == kStreamEnd;
}

boost::asio::awaitable<Result<std::vector<EventPointer>>> EventFeed::Reader::next() {
  std::vector<EventPointer> batch;
  while (!is_over_) {
    if (take_live(batch)) {
      keep_place(batch);
      break;
    }
    const std::int64_t seen = live_->published;
    auto work = [row = row_, place = place_](TaskTables& tables) {
      return tables.events_after(row, place, kBatch);
    };
    auto asked = store_->ask(std::move(work));
    auto stored = co_await std::move(asked);
    if (!stored.ok()) co_return stored.status();
    for (Event& each : stored->events) {
      batch.push_back(std::make_shared<const Event>(std::move(each)));
    }
    if (!batch.empty()) {
      keep_place(batch);
      break;
    }
    is_over_ = stored->is_final;
    if (is_over_ || live_->published != seen) continue;
    if (live_->is_closed) co_return absl::UnavailableError("the service is stopping");
    auto waiting = changed_->async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    (void)co_await std::move(waiting);
  }
  co_return batch;
}

EventFeed::Reader EventFeed::follow(std::int64_t row, std::int64_t after) {
  auto live = live_[row].lock();
  if (!live) {
    live = std::make_shared<Live>();
    live_[row] = live;
    // Those that nobody follows any more go when others come.
    std::erase_if(live_, [](const auto& each) { return each.second.expired(); });
  }
  return {io_, store_, row, after, std::move(live)};
}

void EventFeed::publish(std::int64_t row, std::vector<Event> events) {
  const auto found = live_.find(row);
  const auto live = found == live_.end() ? nullptr : found->second.lock();
  if (!live) return;
  for (Event& each : events) {
    if (!live->recent.empty() && each.seq != live->recent.back()->seq + 1) live->recent.clear();
    live->published = each.seq;
    live->recent.push_back(std::make_shared<const Event>(std::move(each)));
    if (live->recent.size() > kRecentEvents) live->recent.pop_front();
  }
  live->wake();
}

void EventFeed::close_all_but(const std::set<std::int64_t>& rows) {
  for (const auto& [row, each] : live_) {
    const auto live = each.lock();
    if (!live || rows.contains(row)) continue;
    live->is_closed = true;
    live->wake();
  }
}

}  // namespace skerry::task
