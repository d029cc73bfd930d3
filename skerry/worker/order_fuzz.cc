// SPDX-License-Identifier: Apache-2.0
// Reads any bytes as an order to a worker. What is taken as a run or as a piece of input is written
// and read again, and must then be the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "skerry/worker/run_request.h"

using namespace skerry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto order = worker::decode({reinterpret_cast<const char*>(data), size});
  if (!order.ok()) return 0;
  if (order->piece) {
    const auto again = worker::decode(worker::encode(*order->piece));
    if (!again.ok() || !again->piece || again->piece->kind != order->piece->kind ||
        again->piece->text != order->piece->text)
      std::abort();
  }
  if (!order->run) return 0;
  const auto bytes = worker::encode(worker::RunRequest(*order->run));
  if (!bytes.ok()) return 0;
  const auto again = worker::decode(bytes->joined());
  if (!again.ok() || !again->run ||
      worker::encode(worker::RunRequest(*again->run)).value().joined() != bytes->joined())
    std::abort();
  return 0;
}
