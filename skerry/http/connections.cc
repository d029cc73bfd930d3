// SPDX-License-Identifier: Apache-2.0
#include "skerry/http/connections.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace skerry::http {
namespace {

// An answer that has waited for so long is a slow client's, and goes first when memory runs out.
constexpr std::chrono::seconds kSlow{1};

}  // namespace

Status ServerLimits::check() const {
  if (connections_per_address > connections) {
    return absl::InvalidArgumentError(
        "service.max_connections_per_address is larger than service.max_connections");
  }
  return ok_status();
}

Connections::Member::Member(Connections& all, std::string address, PortKind kind)
    : all_(all), address_(std::move(address)), kind_(kind), idle_since_(all.now_()) {
  all_.members_.insert(this);
  all_.count(*this, 1);
}

Connections::Member::~Member() {
  set_unsent(0);
  all_.members_.erase(this);
  if (!is_ended_) all_.count(*this, -1);
}

void Connections::Member::set_busy(bool busy) {
  if (is_busy_ && !busy) idle_since_ = all_.now_();
  is_busy_ = busy;
}

void Connections::Member::set_unsent(std::uint64_t bytes) {
  if (is_ended_) bytes = 0;
  if (unsent_ == 0) unsent_since_ = all_.now_();
  const bool grows = bytes > unsent_;
  all_.unsent_ += bytes - unsent_;
  unsent_ = bytes;
  if (grows && all_.unsent_ > all_.limits_.unsent_memory.value) all_.relieve(this);
}

void Connections::count(const Member& member, int change) {
  counts_[static_cast<std::size_t>(member.kind_)] += change;
  if (member.kind_ == PortKind::kOperations) return;
  const auto from = from_.try_emplace(member.address_).first;
  from->second += change;
  if (from->second == 0) from_.erase(from);
}

/// The connection that has been idle longest, those without a key first; null when all are busy.
Connections::Member* Connections::idlest(PortKind kind, const std::string* address) const {
  Member* found = nullptr;
  for (Member* each : members_) {
    if (each->kind_ != kind || each->is_busy_ || each->is_ended_) continue;
    if (address != nullptr && each->address_ != *address) continue;
    if (found == nullptr || std::pair(each->is_trusted_, each->idle_since_) <
                                std::pair(found->is_trusted_, found->idle_since_)) {
      found = each;
    }
  }
  return found;
}

void Connections::end(Member& member) {
  member.is_ended_ = true;
  member.all_.count(member, -1);
  member.set_unsent(0);
  member.abort();
}

bool Connections::admit(const std::string& address, PortKind kind) {
  const int most =
      kind == PortKind::kClients ? limits_.connections : limits_.operations_connections;
  if (count(kind) >= most) {
    Member* idle = idlest(kind, nullptr);
    if (idle == nullptr) return false;
    end(*idle);
  }
  if (kind == PortKind::kOperations) return true;
  const auto from = from_.find(address);
  if (from == from_.end() || from->second < limits_.connections_per_address) return true;
  Member* idle = idlest(kind, &address);
  if (idle == nullptr) return false;
  end(*idle);
  return true;
}

void Connections::check(Clock::time_point now) {
  // A check may end its connection.
  const std::vector<Member*> all(members_.begin(), members_.end());
  for (Member* each : all) {
    if (members_.contains(each)) each->check(now);
  }
}

void Connections::stop() { is_stopping_ = true; }

/// Ends the slowest clients until what waits fits again. Clients that have just begun to read, and
/// the one whose answer grows, are not ended.
void Connections::relieve(const Member* growing) {
  const auto latest = now_() - kSlow;
  while (unsent_ > limits_.unsent_memory.value) {
    Member* slowest = nullptr;
    for (Member* each : members_) {
      if (each == growing || each->unsent_ == 0 || each->unsent_since_ > latest) continue;
      if (slowest == nullptr || each->unsent_since_ < slowest->unsent_since_) slowest = each;
    }
    if (slowest == nullptr) return;
    end(*slowest);
  }
}

BodyShare::~BodyShare() {
  bodies_->bytes -= taken_;
  leave_large();
}

void BodyShare::leave_large() {
  if (std::exchange(is_large_, false)) bodies_->large.remove(this);
}

bool BodyShare::has_room() const {
  if (is_large_ && bodies_->large.front() == this && taken_ <= most_) return true;
  return bodies_->bytes <= (taken_ <= kSmallBody ? most_ + most_ / 4 : most_);
}

bool BodyShare::grow_to(std::uint64_t size) {
  if (has_given_way_) return size == 0;
  const bool grows = size > taken_;
  if (grows) {
    const auto now = now_();
    const auto time =
        std::chrono::duration<double>(static_cast<double>(size - taken_) / kLeastRate);
    good_until_ =
        std::min(std::max(good_until_, now) + std::chrono::duration_cast<Clock::duration>(time),
                 now + kRateWindow);
  }
  bodies_->bytes += size - taken_;
  taken_ = size;
  if (size > kSmallBody && !std::exchange(is_large_, true)) bodies_->large.push_back(this);
  while (!has_room()) {
    if (!grows) return false;
    const auto slow =
        std::find_if(bodies_->large.begin(), bodies_->large.end(),
                     [this](const BodyShare* each) { return each != this && each->is_slow(); });
    if (slow == bodies_->large.end()) return false;
    (*slow)->give_way();
  }
  return true;
}

void BodyShare::begin_waiting(std::function<void()> give_way) {
  // The time meanwhile was not the client's.
  good_until_ += now_() - waited_until_;
  give_way_ = std::move(give_way);
}

void BodyShare::end_waiting() {
  if (!give_way_) return;
  give_way_ = nullptr;
  waited_until_ = now_();
}

void BodyShare::give_way() {
  has_given_way_ = true;
  bodies_->bytes -= std::exchange(taken_, 0);
  leave_large();
  const auto tell = std::exchange(give_way_, nullptr);
  tell();
}

}  // namespace skerry::http
