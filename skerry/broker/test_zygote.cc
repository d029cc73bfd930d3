// SPDX-License-Identifier: Apache-2.0
// A zygote whose workers do what a run's text says: hang, die, lie. For tests of the broker, which
// must live with all of it.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <sched.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/base/os/mapping.h"
#include "skerry/base/os/socket.h"
#include "skerry/image/captured_state.h"
#include "skerry/image/revisions/revision.h"
#include "skerry/image/test_template.h"
#include "skerry/jail/memory_file.h"
#include "skerry/operation/codec.h"
#include "skerry/worker/events/run_events.h"
#include "skerry/worker/file_worker.h"
#include "skerry/worker/order_source.h"
#include "skerry/worker/run_memory.h"
#include "skerry/worker/run_request.h"
#include "skerry/worker/zygote.h"

namespace skerry::worker {
namespace {

void send_raw(int socket, std::string_view bytes) { (void)write_all(socket, as_bytes(bytes)); }

/// Many at once: a worker that runs for long has the processor only when nobody else wants it.
[[noreturn]] void send_for_ever(int socket, const std::string& message) {
  std::string many;
  while (many.size() < kib(64).value) many += message;
  for (;;) send_raw(socket, many);
}

[[noreturn]] void hang() {
  for (;;) ::pause();
}

/// What a worker keeps of sessions here: a number each, by the broker's number of the state.
using Kept = std::map<std::uint64_t, std::uint32_t>;

bool read_exactly(int socket, std::span<std::byte> out, std::vector<OwnedFd>& files) {
  while (!out.empty()) {
    auto received = receive_message(socket, out);
    if (!received.ok() || received->size == 0) return false;
    for (OwnedFd& file : received->fds) files.push_back(std::move(file));
    out = out.subspan(received->size);
  }
  return true;
}

bool read_order(int socket, WorkerOrder& order, std::vector<OwnedFd>& files) {
  std::uint32_t length = 0;
  if (!read_exactly(socket, std::as_writable_bytes(std::span(&length, 1)), files)) return false;
  std::string body(length, '\0');
  if (!read_exactly(socket, std::as_writable_bytes(std::span(body)), files)) return false;
  auto decoded = decode(body);
  if (!decoded.ok()) return false;
  order = *std::move(decoded);
  return true;
}

/// What a run leaves whose session now holds `number`, with the page it is in.
image::CapturedState state_with(std::uint32_t number) {
  image::CapturedState state;
  state.memory_size = image::testing::kTemplateSize;
  state.changed = {{0, 1}};
  state.globals = {{"one", number}, {"two", 2}};
  state.host_state = "state";
  return state;
}

/// The same in a few bytes.
worker::LeftState small_state_of(std::uint32_t number) {
  image::CapturedState state = state_with(number);
  state.changed.clear();
  image::EditsBuilder edits;
  edits.add(0, as_text(std::as_bytes(std::span(&number, 1))));
  state.edits = std::move(edits).finish();
  return {.file = {}, .bytes = image::encode_captured(state)};
}

/// The same in a file, with its page.
OwnedFd state_of(std::uint32_t number, bool is_sealed) {
  auto file = jail::make_memory_file("state");
  const image::CapturedState state = state_with(number);
  std::vector<std::byte> memory(kPageSize);
  std::memcpy(memory.data(), &number, sizeof number);
  if (!image::write_captured(file->get(), state, memory).ok()) std::abort();
  if (is_sealed && !jail::seal_memory_file(file->get()).ok()) std::abort();
  return *std::move(file);
}

/// Ends a run as no honest worker would; false: the order asks for no such end.
bool lie_about_state(int socket, EventSender& sender, const std::string& order,
                     std::uint32_t number, const OwnedFd& state) {
  const auto end = [](OwnedFd file, std::string_view bytes, EventSender& to) {
    (void)to.ended({}, {.file = std::move(file), .bytes = std::string(bytes)}, true);
    return true;
  };
  if (order == "garbage") {
    auto garbage = jail::make_memory_file("garbage");
    (void)write_all(garbage->get(), as_bytes("no state at all, but long enough to look at"));
    (void)jail::seal_memory_file(garbage->get());
    return end(*std::move(garbage), {}, sender);
  }
  if (order == "few bytes of garbage") return end({}, "no state at all", sender);
  if (order == "a host's file") {
    return end(OwnedFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), {}, sender);
  }
  if (order == "two states") {
    const std::array<int, 2> both{state.get(), state.get()};
    (void)send_all(socket, as_bytes("x"), both);
    hang();
  }
  if (order == "file and bytes") {
    const auto aside = socket_pair(SOCK_STREAM);
    (void)EventSender(aside->first.get(), bytes(0)).ended({}, small_state_of(number), true);
    std::array<char, 4096> end_bytes{};
    const ssize_t size = ::read(aside->second.get(), end_bytes.data(), end_bytes.size());
    const int fd = state.get();
    (void)send_all(socket, as_bytes({end_bytes.data(), static_cast<std::size_t>(size)}), {&fd, 1});
    hang();
  }
  if (order == "state and no end") {
    (void)send_message(socket, as_bytes(std::string_view("\x01", 1)), state.get());
    ::_exit(3);
  }
  return false;
}

/// Counts in a session, or does what the order says with the state.
void obey_in_session(int socket, const RunRequest& request, std::vector<OwnedFd> files,
                     Kept& kept) {
  const std::string& order = request.program.code;
  const SessionStart& start = *request.session;
  std::uint32_t number = 0;
  std::string how = "new";
  if (start.from != 0) {
    how = "kept";
    number = kept.at(start.from);
  } else if (!files.empty()) {
    how = "woken";
    const auto revision = image::read_revision(std::move(files), start.patch, [](std::string_view) {
      return std::shared_ptr<const image::Image>();
    });
    if (!revision.ok()) std::abort();
    std::memcpy(&number, revision->image()->pages->page(0), sizeof number);
  }
  EventSender sender(socket, request.limits.output);
  (void)sender.started();
  ++number;
  const std::string text = how + " " + std::to_string(number);
  (void)sender.output().write(wasi::Stream::kStdout, as_bytes(text));
  if (order == "hang") hang();
  if (order == "exit") {
    (void)sender.ended({});
    return;
  }
  OwnedFd state = state_of(number, order != "unsealed");
  if (lie_about_state(socket, sender, order, number, state)) return;
  kept[start.becomes] = number;
  if (order == "little") {
    (void)sender.ended({}, small_state_of(number), true);
    return;
  }
  (void)sender.ended({}, {.file = std::move(state), .bytes = {}}, order != "not kept");
}

/// The event of a directory that the guest made, as an honest worker sends it.
std::string change_event() {
  const auto ends = socket_pair(SOCK_STREAM);
  const FileChange change{.kind = FileChange::Kind::kDirectory, .path = "/x", .content = {}};
  (void)EventSender(ends->second.get(), bytes(0)).changed(change);
  std::string event(kib(4).value, '\0');
  const ssize_t size = ::read(ends->first.get(), event.data(), event.size());
  return event.substr(0, static_cast<std::size_t>(std::max<ssize_t>(size, 1)));
}

/// More than the worker may have under limits of 8 MiB, page by page.
std::size_t take_memory() {
  constexpr std::size_t kPages = 48 * 1024;  // 192 MiB
  std::vector<char> much(kPages * static_cast<std::size_t>(kPageSize));
  std::size_t touched = 0;
  for (std::size_t at = 0; at < much.size(); at += kPageSize) touched += ++much[at] == 1 ? 1 : 0;
  return touched;
}

/// What a worker keeps of sessions' files here: a text each.
using KeptFiles = std::map<std::uint64_t, std::string>;

/// The text that an operation finds, and whether it was kept, woken or is new.
struct FoundFiles {
  std::string how;
  std::string text;
  std::string shown() const { return how + " " + text; }
};

FoundFiles find_files(const SessionStart& start, std::span<OwnedFd>& files, const KeptFiles& kept) {
  if (start.from != 0) return {.how = "kept", .text = kept.at(start.from)};
  auto own = files.first(start.files);
  files = files.subspan(start.files);
  if (own.size() < 2) return {.how = "new", .text = {}};
  const auto state = image::read_stored_state(std::move(own.front()), start.patch);
  if (!state.ok()) std::abort();
  return {.how = "woken", .text = state->host_state};
}

void reply(EventSender& sender, std::string_view bytes) {
  (void)sender.output().write(wasi::Stream::kStdout, as_bytes(bytes));
}

/// Does as the path that is written says with the answer or the state; false: nothing bad.
bool lie_about_files(const std::string& order, int socket, EventSender& sender) {
  if (order == "hang") hang();
  if (order == "die") ::_exit(3);
  if (order == "flood") send_for_ever(socket, framed("\x12\x03\x12\x01x"));
  const std::string written = operation::encode(Result<operation::Response>(operation::Written{}));
  const auto leave = [&](LeftState state) {
    reply(sender, written);
    (void)sender.ended({}, state, true);
    return true;
  };
  if (order == "fail") {
    (void)sender.failed(absl::DataLossError("stored host state: broken"));
    return true;
  }
  if (order == "no state") {
    reply(sender, written);
    (void)sender.ended({});
    return true;
  }
  if (order == "state of no volume") return leave({.file = {}, .bytes = "state?"});
  if (order == "state of a second") return leave({.file = {}, .bytes = "state2"});
  if (order == "unsealed state") {
    auto file = jail::make_memory_file("files");
    (void)write_all(file->get(), as_bytes("state1"));
    return leave({.file = *std::move(file), .bytes = {}});
  }
  if (order == "host file") {
    return leave({.file = OwnedFd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), .bytes = {}});
  }
  return false;
}

/// The same with what is answered to a look.
bool lie_about_answer(const std::string& order, EventSender& sender) {
  const auto answer = [&](std::string_view bytes) {
    reply(sender, bytes);
    (void)sender.ended({});
    return true;
  };
  const operation::Content content{.text = std::string(std::size_t{2} << 20, 'x'), .size = 7};
  const std::string large = operation::encode(Result<operation::Response>(content));
  if (order == "large") return answer(large);
  if (order == "no answer") return answer("");
  if (order == "noise") return answer(std::string(1000, '\xff'));
  if (order == "half an answer") return answer(std::string_view(large).substr(0, 1 << 20));
  if (order == "too much") return answer(std::string(operation::kMaxReply + 1, 'x'));
  if (order == "another kind") {
    return answer(operation::encode(Result<operation::Response>(operation::Written{})));
  }
  return false;
}

/// Operations on files: what is written is added to the session's text, what is read is all of it.
/// Of two sessions, a command shows both, and one that ends in memory/ adds its text to the second.
void obey_on_files(int socket, const RunRequest& request, std::vector<OwnedFd> owned,
                   KeptFiles& kept) {
  std::span<OwnedFd> files(owned);
  std::string bytes = request.files->operation;
  if (bytes.empty()) {
    bytes = as_text(ReadOnlyMapping::of_file(files.front().get())->bytes());
    files = files.subspan(1);
  }
  const auto asked = operation::decode_request(bytes).value();
  const FoundFiles first = find_files(*request.session, files, kept);
  FoundFiles second;
  if (request.second_session) second = find_files(*request.second_session, files, kept);
  EventSender sender(socket, request.limits.output);
  (void)sender.started();
  LeftFiles left;
  Result<operation::Response> response = operation::Content{.text = first.shown()};
  std::string now = first.text;
  if (const auto* read = std::get_if<operation::ReadFile>(&asked)) {
    const std::string order = read->path.name();
    if (lie_about_files(order, socket, sender) || lie_about_answer(order, sender)) return;
  } else if (const auto* write = std::get_if<operation::WriteFile>(&asked)) {
    if (lie_about_files(write->path.name(), socket, sender)) return;
    response = operation::Written{.size = write->content.size()};
    if (write->path.name() != "nothing new") {
      now += write->content.size() < 100 ? write->content : "long";
      left = {.changed = LeftFiles::Changed::kFirst, .host_state = now};
    }
  } else if (const auto* run = std::get_if<operation::RunCommand>(&asked)) {
    response = operation::CommandOutput{.standard_output = first.shown() + ", " + second.shown()};
    if (run->command.text().ends_with("memory/")) {
      left = {.changed = LeftFiles::Changed::kSecond, .host_state = second.text + "copy"};
    }
  }
  reply(sender, operation::encode(response));
  const std::uint64_t becomes = request.session->becomes;
  if (becomes == 0) {
    (void)sender.ended({});
    return;
  }
  kept[becomes] = now;
  (void)sender.ended({}, left.left().value(), true);
}

/// Greets those who come, and tells who is interrupted, until the input ends.
void greet(int socket, const RunRequest& request, EventSender& sender) {
  const auto print = [&](std::string_view text) {
    (void)sender.output().write(wasi::Stream::kStdout, as_bytes(text));
  };
  OrderSource orders(socket);
  LiveInput input(orders, sender, request.input);
  for (std::array<std::byte, 4096> buffer{};;) {
    const auto size = input.read(buffer);
    if (size.ok() && *size == 0) break;
    print(size.ok() ? "<" + std::string(as_text(std::span(buffer).first(*size))) + ">"
                    : std::string(message_of(size.status())));
  }
  print("end");
}

/// What is about input that comes while a program runs.
void obey_with_input(int socket, const RunRequest& request, EventSender& sender) {
  const std::string& order = request.program.code;
  if (order == "greet") greet(socket, request, sender);
  if (order == "waits without end") {
    for (;;) {
      (void)sender.waiting(true);
      (void)sender.waiting(false);
    }
  }
  if (order == "wait" || order == "begin to wait") (void)sender.waiting(true);
  if (order == "wait") hang();
}

void obey(int socket, const RunRequest& request) {
  const std::string& order = request.program.code;
  EventSender sender(socket, request.limits.output);
  const auto print = [&](std::string_view text) {
    (void)sender.output().write(wasi::Stream::kStdout, as_bytes(text));
  };
  if (order == "silence") hang();
  if (order == "die before") ::_exit(7);
  if (order == "garbage") send_raw(socket, std::string(100, '\xFF'));
  if (order == "no event") send_raw(socket, framed("\xFF\xFF\xFF"));
  if (order == "state") (void)sender.ended({}, small_state_of(1), true);
  if (order == "descriptor") (void)send_message(socket, as_bytes("x"), STDERR_FILENO);
  if (order == "half") send_raw(socket, std::string("\x10\0\0\0abc", 7));
  (void)sender.started();
  print(order.starts_with("print ") ? order.substr(6) : "begun");
  if (order == "hang") hang();
  if (order == "die") ::_exit(3);
  if (order == "crash") {
    ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would make an exit of it
    ::raise(SIGSEGV);
  }
  if (order == "take memory") print(" took " + std::to_string(take_memory()));
  // One byte of output, a cut of a stream, a start: the smallest events.
  if (order == "flood") send_for_ever(socket, framed("\x12\x03\x12\x01x"));
  if (order == "cuts without end") send_for_ever(socket, framed("\x12\x02\x18\x01"));
  if (order == "starts without end") send_for_ever(socket, framed(std::string("\x0A\0", 2)));
  if (order == "outputs of nothing") send_for_ever(socket, framed(std::string("\x12\0", 2)));
  if (order.starts_with("say ")) {  // "say 1000 bytes", "say 1000 and die"
    const std::string piece(4096, 'x');
    for (auto left = std::stoul(order.substr(4)); left > 0;) {
      const auto taken = std::min(left, piece.size());
      print(std::string_view(piece).substr(0, taken));
      left -= taken;
    }
    if (order.ends_with(" and die")) ::_exit(3);
  }
  if (order == "talk on") {
    for (const std::string piece(4096, 'x');;) print(piece);
  }
  if (order == "hang up") {
    ::shutdown(socket, SHUT_RDWR);
    hang();
  }
  if (order == "fail") {
    (void)sender.failed(absl::UnavailableError("no template today"));
    return;
  }
  if (order == "changes without end") send_for_ever(socket, change_event());
  if (order == "change") {
    send_raw(socket, change_event());
    hang();
  }
  obey_with_input(socket, request, sender);
  if (order == "slow") {
    while (::sched_getscheduler(0) != SCHED_IDLE) ::usleep(1000);
  }
  if (order == "pid") print(" " + std::to_string(::getpid()));
  (void)sender.ended({});
  if (order == "go on") send_raw(socket, ready_message());
}

int work(int socket) {
  exit_when_memory_runs_out();
  send_raw(socket, ready_message());
  Kept kept;
  KeptFiles kept_files;
  for (;;) {
    WorkerOrder order;
    std::vector<OwnedFd> files;
    if (!read_order(socket, order, files)) return 0;
    for (const std::uint64_t state : order.forget) {
      kept.erase(state);
      kept_files.erase(state);
    }
    if (!order.run) continue;
    if (order.run->files) {
      const SessionStart start = *order.run->session;
      // What a run has left has no text here.
      if (kept.contains(start.from)) kept_files.try_emplace(start.from, "state");
      obey_on_files(socket, *order.run, std::move(files), kept_files);
      if (start.becomes != 0 && kept.contains(start.from)) {
        kept[start.becomes] = kept.at(start.from);
      }
    } else if (order.run->session) {
      obey_in_session(socket, *order.run, std::move(files), kept);
    } else {
      obey(socket, *order.run);
    }
  }
}

/// What is beside the first message says what becomes of the worker before it has its order; then
/// it does what the first argument says.
int work_on_module(int socket, jail::Cell& cell) {
  if (!cell.enclose().ok()) return 125;
  std::array<std::byte, 1> kind{};
  const auto received = receive_message(socket, kind);
  if (!received.ok() || received->fds.size() != 1) return 125;
  ::lseek(received->fds[0].get(), 0, SEEK_SET);  // the one before may have read it
  const auto module = read_all(received->fds[0].get(), kib(4));
  if (!module.ok()) return 125;
  if (*module == "dies") return 1;
  if (*module == "hangs") hang();
  send_raw(socket, ready_message());
  WorkerOrder order;
  std::vector<OwnedFd> files;
  if (!read_order(socket, order, files) || !order.run || !order.run->command) return 0;
  order.run->program.code = order.run->command->arguments.at(0);
  obey(socket, *order.run);
  return 0;
}

}  // namespace
}  // namespace skerry::worker

int main(int, char** arguments) {
  constexpr int kControl = 3;
  const std::string behaviour = std::strrchr(arguments[1], '/') + 1;
  ::signal(SIGPIPE, SIG_IGN);
  if (behaviour == "refuses") {
    skerry::worker::refuse_zygote(kControl, absl::FailedPreconditionError("run setup"));
    return 125;
  }
  if (behaviour == "dies") return 1;
  // Without the other walls workers may do what theirs are told to.
  const skerry::jail::WallSet walls{skerry::jail::Wall::kParentDeath};
  using Kind = skerry::worker::WorkerKind;
  return skerry::worker::run_zygote(
      kControl, walls, [&](Kind kind, int socket, skerry::jail::Cell& cell) {
        if (kind == Kind::kModule) return skerry::worker::work_on_module(socket, cell);
        if (!cell.enclose().ok()) return 125;
        if (behaviour == "rude")
          skerry::worker::send_raw(socket, "not the right word, but long enough");
        return skerry::worker::work(socket);
      });
}
