// SPDX-License-Identifier: Apache-2.0
// Any bytes as what a run's process sends. The first two bytes choose whether changes are wanted
// and how the rest is cut into pieces.
#include <cstdlib>
#include <string_view>

#include "skerry/worker/events/event_receiver.h"

namespace {

using namespace skerry;
using namespace skerry::worker;

/// Adds up what it gets: no more than the limits may come.
class Counter final : public RunObserver {
 public:
  void output(wasi::Stream stream, std::string_view bytes) override {
    output_[stream == wasi::Stream::kStderr ? 1 : 0] += bytes.size();
    if (bytes.empty()) std::abort();
  }
  void cut(wasi::Stream stream) override {
    if (++cuts_[stream == wasi::Stream::kStderr ? 1 : 0] > 1) std::abort();
  }
  void displayed(sandbox::Display&& display) override {
    if (!display.check().ok() || !shown_.take(display.size())) std::abort();
  }
  void changed(const FileChange& change) override {
    if (!change.path.starts_with('/') || change.path.find("/../") != change.path.npos) std::abort();
    if (change.kind == FileChange::Kind::kFile) files_ += change.size;
  }
  void check(const sandbox::Limits& limits) const {
    if (output_[0] > limits.output.value || output_[1] > limits.output.value) std::abort();
    if (files_ > limits.files.value) std::abort();
  }

 private:
  std::size_t output_[2] = {};
  int cuts_[2] = {};
  sandbox::DisplayQuota shown_;
  std::uint64_t files_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  sandbox::Limits limits;
  limits.output = bytes(64);
  limits.files = kib(4);
  Counter counter;
  const auto wanted = (data[0] & 1) != 0 ? FileChanges::kWanted : FileChanges::kUnwanted;
  using Person = EventReceiver::Person;
  const auto person = (data[0] & 4) != 0   ? Person::kAnswersThroughUs
                      : (data[0] & 2) != 0 ? Person::kMayBeAwaited
                                           : Person::kNone;
  EventReceiver receiver(limits, wanted, counter, person);
  const std::size_t step = 1 + data[1];
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  Status status;
  while (status.ok() && !rest.empty()) {
    status = receiver.take(rest.substr(0, step));
    rest.remove_prefix(std::min(rest.size(), step));
    counter.check(limits);
    if ((data[0] & 8) != 0) receiver.answered();
  }
  if (receiver.ended() && receiver.ended()->usage.wall.count() < 0) std::abort();
  return 0;
}
