// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "skerry/base/bytes.h"
#include "skerry/base/status.h"

namespace skerry::http {

/// How soon the streams of a key that was revoked end.
inline constexpr std::chrono::seconds kKeyCheck{2};
/// How often a stream of events without any says that it lives.
inline constexpr std::chrono::seconds kHeartbeat{10};
/// How long a client may take to end a TLS connection after the last answer.
inline constexpr std::chrono::seconds kLeave{1};
/// Bytes that are read of what begins.
inline constexpr std::size_t kFirstRead = 4096;

/// What clients may take of a server; each a options of the service. A value.
struct ServerLimits {
  ByteSize header = kib(16);  ///< of a request's head; Node and gRPC take as much
  int connections = 4096;     ///< on all ports but those for operations
  int connections_per_address = 3584;
  int operations_connections = 64;  ///< on ports for health and metrics
  ByteSize body_memory =
      mib(192);  ///< of all requests together; small ones may take a quarter more
  ByteSize unsent_memory = mib(64);               ///< of all answers that wait for clients
  std::chrono::milliseconds header_time{10'000};  ///< from a head's first byte to its last
  std::chrono::milliseconds body_time{60'000};
  std::chrono::milliseconds idle{75'000};   ///< between requests, and before a valid key
  std::chrono::milliseconds write{30'000};  ///< without a client taking anything of what waits
  // HTTP/2.
  int streams = 100;                              ///< at once on one connection
  ByteSize connection_unsent = mib(1);            ///< then no more of its requests begin
  std::chrono::milliseconds http2_idle{300'000};  ///< of a connection that has shown a valid key
  std::chrono::milliseconds ping{60'000};         ///< of silence while there are streams

  /// kInvalidArgument naming what contradicts another.
  Status check() const;
};

/// Which connections a port's count with. Operations are those who look after the service: however
/// many clients there are, health and metrics stay reachable.
enum class PortKind { kClients, kOperations };

class BodyShare;

/// A large body that comes more slowly gives way where others need the memory that it takes: bytes
/// in a second, on average over `kRateWindow`. A telephone's worst link is faster.
inline constexpr std::uint64_t kLeastRate = std::uint64_t{64} << 10;
inline constexpr std::chrono::seconds kRateWindow{5};

/// The connections of a server, and what they share. Confined to the event loop's thread.
class Connections {
 public:
  using Clock = std::chrono::steady_clock;

  /// One connection. Registered for as long as it lives.
  class Member {
   public:
    Member(Connections& all, std::string address, PortKind kind);
    virtual ~Member();
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;

    /// Ends the connection at once.
    virtual void abort() = 0;
    /// Called about once a second, for time limits.
    virtual void check(Clock::time_point /*now*/) {}

   protected:
    Connections& all() { return all_; }
    /// A request is being answered: the connection is not closed to make room for another.
    void set_busy(bool busy);
    /// It has shown a valid key, or needs none, so it goes after those that have not.
    void set_trusted() { is_trusted_ = true; }
    bool is_trusted() const { return is_trusted_; }
    /// Of its answers, bytes that wait for the client now.
    void set_unsent(std::uint64_t bytes);

   private:
    friend class Connections;
    Connections& all_;
    std::string address_;
    PortKind kind_;
    bool is_busy_ = false;
    bool is_trusted_ = false;
    bool is_ended_ = false;  // by us; its last handlers may still be on their way
    Clock::time_point idle_since_;
    std::uint64_t unsent_ = 0;
    Clock::time_point unsent_since_;
  };

  using Now = Clock::time_point (*)();
  explicit Connections(ServerLimits limits, Now now = Clock::now) : limits_(limits), now_(now) {}

  const ServerLimits& limits() const { return limits_; }

  /// Whether a connection from this address may be opened; closes an idle one where that makes
  /// room.
  bool admit(const std::string& address, PortKind kind);

  /// Checks the time limits of all connections.
  void check(Clock::time_point now);

  /// Connections end after the request that they answer.
  void stop();
  bool is_stopping() const { return is_stopping_; }

  std::uint64_t unsent() const { return unsent_; }
  std::uint64_t body_bytes() const { return bodies_->bytes; }
  int count(PortKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  /// The ports whose pages may send requests.
  std::set<int> own_ports;

 private:
  friend class BodyShare;
  Member* idlest(PortKind kind, const std::string* address) const;
  void count(const Member& member, int change);
  static void end(Member& member);
  void relieve(const Member* growing);

  ServerLimits limits_;
  Now now_;
  bool is_stopping_ = false;
  /// What requests take. Outlives this with the last of them.
  struct Bodies {
    std::uint64_t bytes = 0;
    std::list<BodyShare*> large;  // the oldest first
  };
  std::shared_ptr<Bodies> bodies_ = std::make_shared<Bodies>();
  std::uint64_t unsent_ = 0;
  std::set<Member*> members_;
  // Of those that were not ended by us.
  std::array<int, 2> counts_{};                // by PortKind
  std::unordered_map<std::string, int> from_;  // of clients, by address
};

/// What a request takes of the memory that all requests share. Confined to one thread.
class BodyShare {
 public:
  explicit BodyShare(Connections& all)
      : bodies_(all.bodies_), now_(all.now_), most_(all.limits_.body_memory.value) {}
  ~BodyShare();
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  /// Whether there is room for a request of `size` bytes; that much counts either way. Small ones
  /// have a reserve, so that those who send large ones shut nobody out. Of large ones the oldest
  /// has room for itself, whatever others take: of several that do not fit together, one arrives.
  /// Where there is no room, those give way that come too slowly, the oldest first.
  bool grow_to(std::uint64_t size);

  /// From now on the client is waited for: what comes is measured. `give_way` is called when it
  /// came too slowly and others need the memory; it must not destroy a share. Then this has no room
  /// any more, and counts nothing: the owner is to free what it has.
  void begin_waiting(std::function<void()> give_way);
  /// The client need not send anything meanwhile.
  void end_waiting();
  bool has_given_way() const { return has_given_way_; }

 private:
  using Clock = Connections::Clock;
  bool has_room() const;
  bool is_slow() const { return give_way_ && now_() > good_until_; }
  void give_way();
  void leave_large();

  std::shared_ptr<Connections::Bodies> bodies_;
  const Connections::Now now_;
  const std::uint64_t most_;
  std::uint64_t taken_ = 0;
  bool is_large_ = false;
  bool has_given_way_ = false;
  std::function<void()> give_way_;  // while the client is waited for
  /// Until when it has come quickly enough: each byte adds its time at the least rate.
  Clock::time_point good_until_ = now_() + kRateWindow;
  Clock::time_point waited_until_ = now_();  // when that was last so
};

/// What a client is told whose body others have taken the memory of.
inline constexpr std::string_view kNoMemoryForBody =
    "other requests' bodies take all memory for these";
inline constexpr std::string_view kBodyTooSlow =
    "the body came more slowly than 64 KiB a second, and others needed the memory for it; send it "
    "again";

/// A body that is read before the key is looked at, so that the connection can stay open after a
/// refusal.
inline constexpr std::uint64_t kSmallBody = 64 * 1024;

}  // namespace skerry::http
