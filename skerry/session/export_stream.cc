// SPDX-License-Identifier: Apache-2.0
#include "skerry/session/export_stream.h"

namespace skerry::session {

boost::asio::awaitable<Result<std::string>> ExportStream::next() {
  auto work = [writer = writer_] { return writer->next(); };
  auto making = access_.on_thread(std::move(work));
  co_return co_await std::move(making);
}

}  // namespace skerry::session
