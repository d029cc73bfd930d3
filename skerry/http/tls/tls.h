// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include <absl/base/thread_annotations.h>
#include <boost/asio/ssl/context.hpp>

#include "skerry/base/status.h"
#include "skerry/http/tls/certificates.h"
#include "skerry/loop/mutex.h"

namespace skerry::http {

/// What the service proves itself with, to all who connect from now on; and when the next handshake
/// may be computed. docs/tls.md says what clients see.
class Tls {
 public:
  using Clock = std::chrono::steady_clock;

  /// One state of the files. Not changed once it is made, so connections share it.
  struct Identity {
    Certificates certificates;
    boost::asio::ssl::context context;  ///< TLS 1.2 and up; h2 or http/1.1
  };
  /// Fails as `Certificates::read`; kInvalidArgument for what is too weak to be used.
  static Result<std::shared_ptr<Identity>> load(const CertificateFiles& files);

  explicit Tls(std::shared_ptr<Identity> identity) : identity_(std::move(identity)) {}

  /// Thread-safe.
  std::shared_ptr<Identity> identity() const;
  void take(std::shared_ptr<Identity> identity);

  /// When a handshake that has begun may be computed; none when that would be after `latest`. They
  /// get at most half of the loop's time, so that strangers who connect hold up nobody who has.
  /// Confined to the loop's thread.
  std::optional<Clock::time_point> handshake_time(Clock::time_point now, Clock::time_point latest);

 private:
  mutable loop::Mutex mutex_;
  std::shared_ptr<Identity> identity_ ABSL_GUARDED_BY(mutex_);
  Clock::time_point next_;  // the loop's
};

}  // namespace skerry::http
