// SPDX-License-Identifier: Apache-2.0
// The program that reads session exports, which anyone may have written. It is started for each as
//
//   skerry-reader PAGES FILES GLOBALS [PARTS MODULE]...
//
// with the most bytes of pages and of guests' files, and the most globals; for each runtime the
// directory of what its guests read, empty for none, and the hash of its module. The export is
// descriptor 3, an empty file for what is in it
// as 4, and a pipe for the answer as 5: a byte for the status code, then the status's words or the
// sizes of what it left. One thread, as making jailed processes takes: one of these reads.
#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <map>
#include <memory>
#include <signal.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

#include "skerry/base/os/file.h"
#include "skerry/engine/limited_process.h"
#include "skerry/image/exports/export_reader.h"
#include "skerry/jail/oom_score.h"
#include "skerry/runtime/blobs.h"
#include "skerry/wasi/host_state_codec.h"

namespace {

using skerry::Result;
using skerry::Status;
namespace image = skerry::image;
namespace wasi = skerry::wasi;

constexpr int kExport = 3;
constexpr int kRoom = 4;
constexpr int kAnswer = 5;

// Address space of the reading process besides what it reads: its libraries, and the runtime's
// files.
constexpr skerry::ByteSize kOwnMemory = skerry::mib(512);
// Unpacking 4 GiB takes some ten seconds.
constexpr std::chrono::seconds kCpu{60};

using Blobs = std::vector<std::shared_ptr<const skerry::runtime::BlobSet>>;

struct Task {
  std::multimap<std::string, std::string> parts;  // by the hash of the runtime's module
  image::ExportLimits limits;
  wasi::Quotas quotas;
};

Result<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return absl::InternalError("\"" + std::string(text) + "\" is no number");
}

Result<Task> task_of(int count, char** words) {
  if (count < 4 || count % 2 != 0) {
    return absl::InternalError("the reader got " + std::to_string(count) + " words");
  }
  Task task;
  SKERRY_ASSIGN(task.limits.pages.value, number_in(words[1]));
  SKERRY_ASSIGN(const std::uint64_t files, number_in(words[2]));
  SKERRY_ASSIGN(task.limits.globals, number_in(words[3]));
  for (int i = 4; i < count; i += 2) task.parts.emplace(words[i + 1], words[i]);
  // What a session is opened with: beyond that no run could begin.
  task.quotas.file_bytes.value = std::min(files, task.quotas.file_bytes.value);
  task.limits.host_state =
      std::min(wasi::max_encoded_size(task.quotas), skerry::bytes(image::kMaxManifest));
  return task;
}

/// What guests of each runtime read, by the hash of its module.
Result<std::map<std::string, Blobs>> blobs_of(const Task& task) {
  std::map<std::string, Blobs> all;
  for (const auto& [module, parts] : task.parts) {
    Blobs& blobs = all[module];
    if (parts.empty()) continue;
    SKERRY_ASSIGN(auto opened, skerry::runtime::BlobSet::open_sealed(parts));
    blobs.push_back(std::move(opened));
  }
  return all;
}

Status check(const Task& task, const std::map<std::string, Blobs>& blobs,
             const image::Export& read) {
  const auto known = blobs.find(read.module_sha256);
  // Of another runtime nothing fits; whoever asked says so.
  if (known == blobs.end()) return skerry::ok_status();
  const auto find = [&](std::string_view id) {
    return skerry::runtime::find_blob(known->second, id,
                                      ": if the session's template was built, build it here, too");
  };
  return skerry::annotate(
      wasi::decode(skerry::as_bytes(read.captured.state.host_state), find, task.quotas).status(),
      "its files and descriptors");
}

Result<std::string> read(const Task& task) {
  SKERRY_ASSIGN(const auto blobs, blobs_of(task));
  const skerry::engine::Limited how{
      .budget = {.memory =
                     skerry::bytes(kOwnMemory.value +
                                   4 * task.limits.quota(skerry::bytes(image::kMaxPages)).value),
                 .cpu = kCpu},
      .kept = {kExport, kRoom},
      .watch = {},
      .task = "reading the export",
      .threads = skerry::engine::Limited::Threads::kOne};
  return skerry::engine::run_limited(how, [&]() -> Result<std::string> {
    SKERRY_ASSIGN(const image::UnpackedSizes sizes,
                  image::unpack_export(kExport, kRoom, task.limits, [&](const image::Export& read) {
                    return check(task, blobs, read);
                  }));
    return std::to_string(sizes.pages) + " " + std::to_string(sizes.host_state) + " " +
           std::to_string(sizes.manifest);
  });
}

}  // namespace

int main(int count, char** words) {
  ::signal(SIGINT, SIG_IGN);  // a terminal's Ctrl-C is for whoever asked to answer
  ::signal(SIGPIPE, SIG_IGN);
  skerry::jail::raise_oom_score(skerry::jail::kParentsOomScore);
  const auto task = task_of(count, words);
  const auto done = task.ok() ? read(*task) : Result<std::string>(task.status());
  std::string answer(1, static_cast<char>(done.status().code()));
  answer += done.ok() ? std::string_view(*done) : skerry::message_of(done.status());
  return skerry::write_all(kAnswer, skerry::as_bytes(answer)).ok() ? 0 : 125;
}
