// SPDX-License-Identifier: Apache-2.0
// Hands any bytes to the supervising side of a run: as events, or as the one that they are in.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "skerry/worker/event_budget.h"
#include "skerry/worker/run_events.h"

namespace {

using namespace skerry;

/// Counts what it sees.
class Observer final : public worker::RunObserver {
 public:
  void output(wasi::Stream, std::string_view bytes) override { seen += bytes.size(); }
  void cut(wasi::Stream) override {}
  void changed(const worker::FileChange& change) override { (void)change.path.size(); }
  std::size_t seen = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  sandbox::Limits limits;
  limits.output = bytes(100);
  Observer observer;
  worker::EventReceiver receiver(limits, observer);
  const Status taken = data[0] % 2 == 0 ? receiver.take(rest) : receiver.take(worker::framed(rest));
  if (observer.seen > 200) std::abort();
  if (taken.ok() && receiver.ended() &&
      receiver.ended()->exception.value_or(sandbox::Exception()).frames.size() >
          worker::kUncounted) {
    std::abort();
  }
  return 0;
}
