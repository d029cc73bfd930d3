// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <boost/asio/awaitable.hpp>

#include "skerry/base/status.h"
#include "skerry/image/exports/image_export.h"
#include "skerry/loop/tenant_semaphore.h"
#include "skerry/session/session_access.h"

namespace skerry::session {

/// An export on its way to its reader, who may be slow: nothing of it is made before it is asked
/// for, and nothing but one piece is held. The revision's files stay as long as it lives, whatever
/// becomes of its session; no thread waits for the reader. Destroying it ends the export, and lets
/// the tenant's next one begin. Confined to the event loop's thread.
class ExportStream {
 public:
  /// The access must outlive it.
  ExportStream(SessionAccess& access, std::unique_ptr<image::ExportWriter> writer,
               std::int64_t revision, loop::TenantSemaphore::Permit permit)
      : access_(access),
        writer_(std::move(writer)),
        revision_(revision),
        permit_(std::move(permit)) {}

  std::int64_t revision() const { return revision_; }

  /// The next 256 KiB or so; empty after the last. Call again when it has answered.
  boost::asio::awaitable<Result<std::string>> next();

 private:
  SessionAccess& access_;
  std::shared_ptr<image::ExportWriter> writer_;  // shared with the thread that fills a piece
  std::int64_t revision_;
  loop::TenantSemaphore::Permit permit_;
};

}  // namespace skerry::session
