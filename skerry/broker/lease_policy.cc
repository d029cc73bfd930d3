// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/lease_policy.h"

#include <algorithm>

namespace skerry::broker {

template <typename Predicate>
int LeasePolicy::count(Predicate predicate) const {
  return static_cast<int>(std::count_if(workers_.begin(), workers_.end(), predicate));
}

/// Runs that have just begun.
int LeasePolicy::begun() const {
  return count(
      [](const Worker& each) { return each.state == State::kRunning && each.has_just_begun; });
}

bool LeasePolicy::is_crowded() const { return begun() >= settings_.at_once; }

bool LeasePolicy::runs_none(std::string_view tenant) const {
  return count([&](const Worker& each) {
           return each.tenant == tenant && each.state == State::kRunning;
         }) == 0;
}

int LeasePolicy::held_by(std::string_view tenant) const {
  return count(
      [&](const Worker& each) { return each.tenant == tenant && each.state != State::kEnding; });
}

bool LeasePolicy::has_idle(std::string_view tenant) const {
  return count([&](const Worker& each) {
           return each.tenant == tenant && each.state == State::kFree;
         }) > 0;
}

/// Whether a worker is about to leave its place.
bool LeasePolicy::is_place_coming() const {
  return count([](const Worker& each) { return each.state == State::kEnding; }) > 0;
}

/// Whether a worker is nobody's, or its place about to be free.
bool LeasePolicy::is_room_coming() const {
  return count([](const Worker& each) { return !each.tenant || each.state == State::kEnding; }) > 0;
}

bool LeasePolicy::may_lease(std::string_view tenant) const {
  const int held = held_by(tenant);
  if (settings_.share > 0) return held < settings_.share;
  if (held == 0) return true;
  const int others = count([&](const Worker& each) {
    return each.tenant && each.tenant != tenant && each.state == State::kRunning;
  });
  const int left = settings_.workers - held - others;
  return held < 3 * left && (others == 0 || left > 1);
}

const LeasePolicy::Worker* LeasePolicy::find_spare() const {
  const auto found = std::find_if(workers_.begin(), workers_.end(), [](const Worker& each) {
    return !each.tenant && each.state == State::kFree;
  });
  return found == workers_.end() ? nullptr : &*found;
}

const LeasePolicy::Worker* LeasePolicy::warmest(const Need& need) const {
  const Worker* best = nullptr;
  for (const Worker& each : workers_) {
    if (each.tenant != need.tenant || each.is_for_one_run || each.state != State::kFree) continue;
    if (need.state_in == each.id) return &each;
    if (best == nullptr || each.idle_since > best->idle_since) best = &each;
  }
  return best;
}

LeasePolicy::Choice LeasePolicy::choose(const Need& need, int owed) const {
  if (begun() >= settings_.at_once + (runs_none(need.tenant) ? 1 : 0)) return {};
  if (need.kind == Need::Kind::kModule) {
    return {.is_new = may_lease(need.tenant) && free_places() > owed};
  }
  const Worker* worker = need.kind == Need::Kind::kWorker ? warmest(need) : nullptr;
  if (worker == nullptr && may_lease(need.tenant)) worker = find_spare();
  if (worker == nullptr) return {};
  return {.worker = worker->id};
}

bool LeasePolicy::gives_way(std::uint64_t worker, std::span<const std::string_view> waiting) const {
  const auto own = std::find_if(workers_.begin(), workers_.end(),
                                [&](const Worker& each) { return each.id == worker; });
  if (own == workers_.end() || !own->tenant || !is_full() || is_room_coming()) return false;
  const int own_count = held_by(*own->tenant);
  return std::any_of(waiting.begin(), waiting.end(), [&](std::string_view tenant) {
    const int held = held_by(tenant);
    const bool may_hold = settings_.share == 0 || held < settings_.share;
    return tenant != *own->tenant && may_hold && !has_idle(tenant) &&
           (held == 0 || held + 1 < own_count);
  });
}

std::optional<std::uint64_t> LeasePolicy::to_retire(std::span<const Need> waiting) const {
  if (is_place_coming()) return std::nullopt;
  for (const Need& need : waiting) {
    if (!may_lease(need.tenant)) {
      if (need.kind == Need::Kind::kWorker) continue;
      if (const auto own = idle_longest(need.tenant)) return own;
      continue;
    }
    if (!is_full()) return std::nullopt;
    if (need.kind == Need::Kind::kModule) {
      const Worker* unused = find_spare();
      return unused != nullptr ? std::optional(unused->id) : idle_longest(std::nullopt);
    }
    return is_room_coming() ? std::nullopt : idle_longest(std::nullopt);
  }
  return std::nullopt;
}

/// Of one tenant's workers, or of all tenants'.
std::optional<std::uint64_t> LeasePolicy::idle_longest(
    std::optional<std::string_view> tenant) const {
  const Worker* oldest = nullptr;
  for (const Worker& each : workers_) {
    if (each.state != State::kFree || !each.tenant || (tenant && each.tenant != tenant)) continue;
    if (oldest == nullptr || each.idle_since < oldest->idle_since) oldest = &each;
  }
  if (oldest == nullptr) return std::nullopt;
  return oldest->id;
}

}  // namespace skerry::broker
