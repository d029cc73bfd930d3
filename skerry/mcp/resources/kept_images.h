// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "skerry/base/bytes.h"

namespace skerry::mcp {

/// Images of runs that are too large for their answers, so that clients can read them as resources
/// for a while. Each is for its tenant alone, and its id cannot be guessed. In memory: a tenant's
/// oldest go when it has too many, and those of the tenant with the most when there are too many of
/// all. Confined to the event loop's thread.
class KeptImages {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    ByteSize of_tenant = mib(32);    ///< of base64: more than one run may show
    ByteSize of_all = mib(64);       ///< of base64
    std::chrono::seconds time{600};  ///< as long as an agent's turn
    std::function<Clock::time_point()> now = Clock::now;
  };
  struct Image {
    std::string id;
    std::string type;    ///< "image/png"
    std::string base64;  ///< its bytes
    Clock::time_point until;
  };

  KeptImages() : KeptImages(Options()) {}
  explicit KeptImages(Options options) : options_(std::move(options)) {}
  KeptImages(const KeptImages&) = delete;
  KeptImages& operator=(const KeptImages&) = delete;

  const Options& options() const { return options_; }

  /// Keeps an image. Its id; empty for one that alone is more than a tenant may have.
  std::string keep(const std::string& tenant, std::string type, std::string base64);

  /// An image of the tenant; null: there is none of that id, or not any more. Valid until the next
  /// `keep`.
  const Image* find(const std::string& tenant, const std::string& id) const;

 private:
  struct Tenant {
    std::deque<Image> images = {};  // the oldest first
    std::size_t bytes = 0;
  };
  void drop_oldest(Tenant& tenant);
  void drop_expired();

  const Options options_;
  std::map<std::string, Tenant> tenants_;
  std::size_t bytes_ = 0;
};

}  // namespace skerry::mcp
