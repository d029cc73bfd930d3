// SPDX-License-Identifier: Apache-2.0
#include "skerry/image/captured_state.h"

#include <cstring>
#include <utility>

#include "skerry/base/os/file.h"
#include "skerry/image/dirty_pages.h"
#include "skerry/image/page_container.h"
#include "skerry/image/page_runs.h"
#include "skerry/revision.pb.h"

namespace skerry::image {
namespace {

// Behind the pages and the message, which is proto::CapturedState.
struct Trailer {
  std::uint64_t pages_size = 0;
  std::uint64_t message_size = 0;
};

Status no_state(std::string_view what) {
  return absl::DataLossError("what the run left is no captured state: " + std::string(what));
}

/// Counts a message, and parses it.
Result<proto::CapturedState> parse(std::string_view bytes, const StateLimits& limits) {
  if (const Status counted = check_captured_state(bytes, limits); !counted.ok()) {
    return no_state(message_of(counted));
  }
  proto::CapturedState message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return message;
  return no_state("the message is none");
}

}  // namespace

std::vector<PageRun> CapturedState::all_changed() const {
  std::vector<PageRun> all;
  auto whole = changed.begin();
  for (const std::size_t page : edits.pages()) {
    for (; whole != changed.end() && whole->first < page; ++whole) append(all, *whole);
    append(all, {page, 1});
  }
  for (; whole != changed.end(); ++whole) append(all, *whole);
  return all;
}

void put_state(const CapturedState& state, proto::CapturedState& message) {
  message.set_memory_size(state.memory_size);
  message.set_host_state(state.host_state);
  for (const Global& global : state.globals) {
    auto* item = message.add_globals();
    item->set_name(global.name);
    item->set_bits(global.bits);
  }
  message.set_edits(state.edits.encoded());
  const auto runs = packed_runs(state.changed);
  message.mutable_changed_runs()->Assign(runs.begin(), runs.end());
}

Result<CapturedState> take_state(proto::CapturedState message, const StateLimits& limits) {
  CapturedState state;
  if (message.memory_size() % kWasmPageSize != 0 || message.memory_size() > limits.memory.value ||
      message.memory_size() < limits.before) {
    return no_state("no such memory is allowed");
  }
  state.memory_size = message.memory_size();
  auto changed = unpacked_runs(numbers_in(message.changed_runs()), state.memory_size / kPageSize);
  if (!changed) return no_state("changed pages are out of order or out of memory");
  state.changed = *std::move(changed);
  auto edits = Edits::parse(message.edits(), state.memory_size);
  if (!edits.ok()) return no_state(message_of(edits.status()));
  state.edits = *std::move(edits);
  for (const auto& global : message.globals()) {
    state.globals.push_back({global.name(), global.bits()});
  }
  if (!have_same_names(state.globals, limits.globals)) {
    return no_state("its globals are not the image's");
  }
  state.host_state = std::move(*message.mutable_host_state());
  return state;
}

Status write_captured(int fd, const CapturedState& state, std::span<const std::byte> memory) {
  proto::CapturedState message;
  put_state(state, message);
  Trailer trailer;
  std::vector<std::span<const std::byte>> pieces;
  for (const PageRun& run : state.changed) {
    trailer.pages_size += run.count * kPageSize;
    pieces.push_back(memory.subspan(run.first * kPageSize, run.count * kPageSize));
  }
  const std::string text = message.SerializeAsString();
  trailer.message_size = text.size();
  pieces.push_back(as_bytes(text));
  pieces.push_back(std::as_bytes(std::span(&trailer, 1)));
  return write_pieces(fd, pieces);
}

Result<Captured> read_captured(int fd, const StateLimits& limits) {
  Captured captured;
  SKERRY_ASSIGN(captured.file, ReadOnlyMapping::of_file(fd));
  const auto bytes = captured.file.bytes();
  Trailer trailer;
  if (bytes.size() < sizeof trailer) return no_state("it is too short");
  const std::size_t body = bytes.size() - sizeof trailer;
  std::memcpy(&trailer, bytes.data() + body, sizeof trailer);
  if (trailer.pages_size > body || trailer.message_size != body - trailer.pages_size ||
      trailer.pages_size > kMaxPages || trailer.pages_size % kPageSize != 0) {
    return no_state("sizes do not fit");
  }
  SKERRY_ASSIGN(auto message,
                parse(as_text(bytes.subspan(trailer.pages_size, trailer.message_size)), limits));
  captured.pages_size = trailer.pages_size;
  SKERRY_ASSIGN(captured.state, take_state(std::move(message), limits));
  if (count_of(captured.state.changed) * kPageSize != trailer.pages_size) {
    return no_state("pages are missing");
  }
  return captured;
}

WasRead Captured::was_read() const {
  constexpr std::size_t kMany = std::size_t{16} << 20;
  if (pages_size < kMany) return {};
  return [this](std::span<const std::byte> bytes) { file.forget(bytes); };
}

std::string encode_captured(const CapturedState& state) {
  proto::CapturedState message;
  put_state(state, message);
  return message.SerializeAsString();
}

Result<Captured> decode_captured(std::string_view bytes, const StateLimits& limits) {
  SKERRY_ASSIGN(auto message, parse(bytes, limits));
  if (message.changed_runs_size() != 0) return no_state("pages are missing");
  Captured captured;
  SKERRY_ASSIGN(captured.state, take_state(std::move(message), limits));
  return captured;
}

}  // namespace skerry::image
