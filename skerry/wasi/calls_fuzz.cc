// SPDX-License-Identifier: Apache-2.0
// Any calls with any arguments against a small memory. The input is the memory's content, then one
// call after another: a byte chooses it, each argument is a byte that stands for a small number, a
// place in memory or an extreme.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "skerry/wasi/calls.h"
#include "skerry/wasi/host_state_codec.h"

namespace {

using namespace skerry;
using namespace skerry::wasi;

class NoOutput final : public OutputSink {
 public:
  Status write(Stream, std::span<const std::byte>) override { return ok_status(); }
};

constexpr std::size_t kMemory = 4096;

std::uint64_t argument(std::uint8_t byte) {
  if (byte < 64) return byte;
  if (byte < 224) return std::uint64_t{byte} * 16;
  constexpr std::uint64_t kExtremes[] = {
      0xffffffff, 0xfffffffe,        0x7fffffff,        0x80000000,
      kMemory,    kMemory - 1,       ~std::uint64_t{0}, std::uint64_t{1} << 63,
      kAllRights, kRegularFileRights};
  return kExtremes[byte % std::size(kExtremes)];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::byte> memory(kMemory);
  const std::size_t initial = std::min<std::size_t>(size, 512);
  std::memcpy(memory.data(), data, initial);
  const std::span<const std::uint8_t> script(data + initial, size - initial);

  HostState state{FileSystem(Quotas{.file_bytes = kib(256),
                                    .file_size = mib(1),
                                    .inodes = 64,
                                    .entries = 128,
                                    .descriptors = 16,
                                    .depth = 4})};
  state.random.seed.emplace();
  const Process process = {.arguments = {"a"}, .environment = {"b=c"}};
  FixedClock clock(state.clock, Nanoseconds(0));
  SeededEntropy entropy(state.random);
  NoOutput output;
  TextInput input("some text to read");
  Context context{state, process, clock, entropy, output, input};
  HostState snapshot = state;
  for (std::size_t at = 0; at < script.size();) {
    const std::size_t choice = script[at++];
    if (choice == 255) snapshot = state;
    if (choice == 254) state = snapshot;
    const Call& call = calls()[choice % calls().size()];
    std::array<std::uint64_t, kMaxParameters> arguments{};
    for (std::size_t i = 0; i < call.parameters.size() && at < script.size(); ++i) {
      arguments[i] = argument(script[at++]);
    }
    call.function(context, GuestMemory(memory), std::span(arguments).first(call.parameters.size()));
  }
  const auto stored = encode(state);
  const auto none = [](std::string_view) -> Result<Blob> {
    return absl::NotFoundError("no blobs here");
  };
  if (!stored.ok() || !decode(std::as_bytes(std::span(*stored)), none, state.files().quotas()).ok())
    std::abort();
  return 0;
}
