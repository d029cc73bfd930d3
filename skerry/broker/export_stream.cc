// SPDX-License-Identifier: Apache-2.0
#include "skerry/broker/export_stream.h"

namespace skerry::broker {

boost::asio::awaitable<Result<std::string>> ExportStream::next() {
  auto work = [writer = writer_] { return writer->next(); };
  auto making = access_.on_thread(std::move(work));
  co_return co_await std::move(making);
}

}  // namespace skerry::broker
