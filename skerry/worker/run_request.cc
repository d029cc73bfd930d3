// SPDX-License-Identifier: Apache-2.0
#include "skerry/worker/run_request.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include "skerry/worker.pb.h"

namespace skerry::worker {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;

constexpr std::chrono::nanoseconds kCoarsestClock = std::chrono::seconds(1);
constexpr std::uint64_t kMaxOperation = 3'600'000;  // ms
constexpr std::size_t kMaxPrefixes = 32;            // of the fields that are parts of their own
// Paths of all files, and what is before each path and content.
constexpr std::size_t kMaxFilePaths = RunRequest::kMaxFiles * (4096 + 32);

/// Arguments and environment, which programs and commands have alike.
template <typename Message>
void put_words(const std::vector<std::string>& arguments,
               const std::map<std::string, std::string>& environment, Message& message) {
  for (const std::string& argument : arguments) message.add_arguments(argument);
  for (const auto& [name, value] : environment) {
    auto* variable = message.add_environment();
    variable->set_name(name);
    variable->set_value(value);
  }
}

template <typename Message, typename Words>
void take_words(const Message& message, Words& words) {
  words.arguments.assign(message.arguments().begin(), message.arguments().end());
  for (const auto& variable : message.environment()) {
    words.environment[variable.name()] = variable.value();
  }
}

void put_volume(const FileOrder::Volume& volume, proto::RunRequest::FileOrder::Volume& message) {
  message.set_is_memory(volume.root == files::FilePath::Root::kMemory);
  message.set_quota(volume.quota.value);
}

FileOrder::Volume take_volume(const proto::RunRequest::FileOrder::Volume& message) {
  return {.root = message.is_memory() ? files::FilePath::Root::kMemory
                                      : files::FilePath::Root::kWorkspace,
          .quota = bytes(message.quota())};
}

void put_files(const FileOrder& order, proto::RunRequest::FileOrder& message) {
  message.set_operation(order.operation);
  message.set_time_ms(static_cast<std::uint64_t>(order.time.count()));
  put_volume(order.first, *message.mutable_first());
  if (order.second) put_volume(*order.second, *message.mutable_second());
}

FileOrder take_files(proto::RunRequest::FileOrder& message) {
  FileOrder order;
  order.operation = std::move(*message.mutable_operation());
  order.time = std::chrono::milliseconds(std::min(message.time_ms(), kMaxOperation));
  order.first = take_volume(message.first());
  if (message.has_second()) order.second = take_volume(message.second());
  return order;
}

void put_session(const SessionStart& start, proto::RunRequest::Session& session) {
  session.set_becomes(start.becomes);
  session.set_from(start.from);
  session.set_template_sha256(start.template_sha256);
  session.set_patch(start.patch);
  session.set_files(start.files);
}

SessionStart take_session(const proto::RunRequest::Session& session) {
  return {.becomes = session.becomes(),
          .from = session.from(),
          .template_sha256 = session.template_sha256(),
          .patch = session.patch(),
          .files = session.files()};
}

InputPiece take_piece(proto::RunRequest::InputPiece& message) {
  if (message.interrupt()) return {.kind = InputPiece::Kind::kInterrupt};
  if (message.end()) return {.kind = InputPiece::Kind::kEnd};
  return {.text = std::move(*message.mutable_text())};
}

/// What is written before `size` bytes of a field: its tag and the size.
std::string field_prefix(int field, std::size_t size) {
  std::array<std::uint8_t, 2 * sizeof(std::uint64_t)> bytes{};
  const auto tag = WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
  std::uint8_t* end = CodedOutputStream::WriteTagToArray(tag, bytes.data());
  end = CodedOutputStream::WriteVarint32ToArray(static_cast<std::uint32_t>(size), end);
  return {bytes.data(), end};
}

/// Makes the parts of an encoded run: short texts become one part, long ones are parts of their
/// own.
class PartsWriter {
 public:
  explicit PartsWriter(std::string begin) : text_(std::move(begin)) {}

  void append(std::string_view text) { text_ += text; }
  void append_part(std::shared_ptr<const std::string> part) {
    flush();
    run_.parts.push_back(std::move(part));
  }
  void append_part(std::string&& part) {
    append_part(std::make_shared<const std::string>(std::move(part)));
  }
  EncodedRun finish() && {
    flush();
    return std::move(run_);
  }

 private:
  void flush() {
    if (text_.empty()) return;
    run_.parts.push_back(std::make_shared<const std::string>(std::exchange(text_, {})));
  }

  std::string text_;
  EncodedRun run_;
};

void append(const InputFile& file, PartsWriter& parts) {
  using Message = proto::RunRequest::InputFile;
  const std::string& path = file.path.below();
  const std::string fields = field_prefix(Message::kPathFieldNumber, path.size()) + path +
                             field_prefix(Message::kContentFieldNumber, file.content->size());
  parts.append(field_prefix(proto::RunRequest::kInputFilesFieldNumber,
                            fields.size() + file.content->size()));
  parts.append(fields);
  parts.append_part(file.content);
}

Result<std::vector<InputFile>> take_input_files(proto::RunRequest& message) {
  std::vector<InputFile> files;
  for (auto& each : *message.mutable_input_files()) {
    SKERRY_ASSIGN(auto path,
                  files::FilePath::parse_below(files::FilePath::Root::kWorkspace, each.path()));
    files.push_back(
        {.path = std::move(path),
         .content = std::make_shared<const std::string>(std::move(*each.mutable_content()))});
  }
  return files;
}

std::size_t size_of(const std::vector<InputFile>& files) {
  std::size_t size = 0;
  for (const InputFile& each : files) size += each.content->size();
  return size;
}

}  // namespace

std::size_t EncodedRun::size() const {
  return std::accumulate(parts.begin(), parts.end(), std::size_t{0},
                         [](std::size_t sum, const auto& part) { return sum + part->size(); });
}

std::string EncodedRun::joined() const {
  std::string all;
  for (const auto& part : parts) all += *part;
  return all;
}

using LastValue = runtime::Program::LastValue;
using Shows = runtime::Program::Shows;

Result<EncodedRun> encode(RunRequest&& request) {
  const std::size_t texts = request.program.code.size() + request.input.size();
  proto::RunRequest message;
  if (request.files) {
    put_files(*request.files, *message.mutable_files());
  } else if (request.command) {
    put_words(request.command->arguments, request.command->environment, *message.mutable_command());
  } else {
    auto& program = *message.mutable_program();
    program.set_name(request.program.name);
    program.set_has_file(request.program.has_file);
    put_words(request.program.arguments, request.program.environment, program);
    program.set_last_value(static_cast<int>(request.program.last_value));
    program.set_shows(static_cast<int>(request.program.shows));
  }
  auto& limits = *message.mutable_limits();
  limits.set_memory(request.limits.memory.value);
  limits.set_wall_ms(static_cast<std::uint64_t>(request.limits.wall.count()));
  limits.set_output(request.limits.output.value);
  if (request.limits.fuel) limits.set_fuel(*request.limits.fuel);
  limits.set_files(request.limits.files.value);
  limits.set_open_files(request.limits.open_files);
  limits.set_table_elements(request.limits.table_elements);
  limits.set_words(static_cast<std::uint32_t>(request.limits.words));
  message.set_template_(request.template_name);
  if (request.seed) message.set_seed(*request.seed);
  if (request.fixed_clock) message.set_fixed_clock_ns(request.fixed_clock->count());
  message.set_clock_resolution_ns(static_cast<std::uint64_t>(request.clock_resolution.count()));
  message.set_has_live_input(request.has_live_input);
  message.set_changes(static_cast<int>(request.changes));
  std::string begin = message.SerializeAsString();
  const std::size_t files = size_of(request.input_files);
  if (request.input_files.size() > RunRequest::kMaxFiles || files > RunRequest::kMaxFileBytes) {
    return absl::InvalidArgumentError(fmt::format(
        "a run has at most {} files of {} bytes together, this one {} of {}", RunRequest::kMaxFiles,
        RunRequest::kMaxFileBytes, request.input_files.size(), files));
  }
  constexpr std::size_t kMaxTexts =
      RunRequest::kMaxSize - RunRequest::kMaxFileBytes - kMaxFilePaths - kMaxPrefixes;
  if (const std::size_t size = begin.size() + texts; size > kMaxTexts) {
    return absl::ResourceExhaustedError("program and input are " + std::to_string(size) +
                                        " bytes together, at most " + std::to_string(kMaxTexts) +
                                        " are taken");
  }
  // Protobuf merges a message that comes in two pieces.
  PartsWriter parts(std::move(begin));
  if (message.has_program() && !request.program.code.empty()) {
    const std::string prefix =
        field_prefix(proto::RunRequest::Program::kCodeFieldNumber, request.program.code.size());
    parts.append(field_prefix(proto::RunRequest::kProgramFieldNumber,
                              prefix.size() + request.program.code.size()));
    parts.append(prefix);
    parts.append_part(std::move(request.program.code));
  }
  if (!request.input.empty()) {
    parts.append(field_prefix(proto::RunRequest::kInputFieldNumber, request.input.size()));
    parts.append_part(std::move(request.input));
  }
  for (const InputFile& each : request.input_files) append(each, parts);
  return std::move(parts).finish();
}

std::string encode(const SessionStart& start) {
  proto::RunRequest message;
  put_session(start, *message.mutable_session());
  return message.SerializeAsString();
}

std::string encode_second(const SessionStart& start) {
  proto::RunRequest message;
  put_session(start, *message.mutable_second_session());
  return message.SerializeAsString();
}

std::string encode_forget(const std::vector<std::uint64_t>& states) {
  proto::RunRequest message;
  for (const std::uint64_t state : states) message.add_forget(state);
  return message.SerializeAsString();
}

std::string encode(const InputPiece& piece) {
  proto::RunRequest message;
  auto& put = *message.mutable_input_piece();
  put.set_end(piece.kind == InputPiece::Kind::kEnd);
  put.set_interrupt(piece.kind == InputPiece::Kind::kInterrupt);
  if (piece.kind == InputPiece::Kind::kText) put.set_text(piece.text);
  return message.SerializeAsString();
}

Result<WorkerOrder> decode(std::string_view bytes) {
  proto::RunRequest message;
  if (bytes.size() > WorkerOrder::kMaxSize ||
      !message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) ||
      message.program().last_value() < 0 ||
      message.program().last_value() > static_cast<int>(LastValue::kPrintedAndReturned) ||
      message.changes() < 0 || message.changes() > static_cast<int>(FileChanges::kReported) ||
      static_cast<std::size_t>(message.input_files_size()) > RunRequest::kMaxFiles ||
      message.program().shows() < 0 || message.program().shows() > static_cast<int>(Shows::kAll) ||
      message.input_piece().text().size() > InputPiece::kMaxText) {
    return absl::InternalError("the broker sent an order that is none");
  }
  WorkerOrder order;
  order.forget.assign(message.forget().begin(), message.forget().end());
  if (message.has_input_piece()) order.piece = take_piece(*message.mutable_input_piece());
  if (!message.has_program() && !message.has_command() && !message.has_files()) return order;
  RunRequest& request = order.run.emplace();
  if (message.has_files()) {
    request.files = take_files(*message.mutable_files());
  } else if (message.has_command()) {
    take_words(message.command(), request.command.emplace());
  } else {
    auto& program = *message.mutable_program();
    request.program.code = std::move(*program.mutable_code());
    request.program.name = program.name();
    request.program.has_file = program.has_file();
    take_words(program, request.program);
    request.program.last_value = static_cast<LastValue>(program.last_value());
    request.program.shows = static_cast<Shows>(program.shows());
  }
  const auto& limits = message.limits();
  request.limits.memory = ByteSize{limits.memory()};
  request.limits.wall = std::chrono::milliseconds(limits.wall_ms());
  request.limits.output = ByteSize{limits.output()};
  if (limits.has_fuel()) request.limits.fuel = limits.fuel();
  request.limits.files = ByteSize{limits.files()};
  request.limits.open_files = limits.open_files();
  request.limits.table_elements = limits.table_elements();
  constexpr auto kLastWords = static_cast<std::uint32_t>(sandbox::LimitWords::kToolParameters);
  request.limits.words = static_cast<sandbox::LimitWords>(std::min(limits.words(), kLastWords));
  SKERRY_TRY(request.limits.check());
  request.template_name = message.template_();
  request.input = std::move(*message.mutable_input());
  request.has_live_input = message.has_live_input();
  if (message.has_seed()) request.seed = message.seed();
  if (message.has_fixed_clock_ns()) {
    request.fixed_clock = std::chrono::nanoseconds(message.fixed_clock_ns());
  }
  request.clock_resolution = std::chrono::nanoseconds(
      std::clamp<std::uint64_t>(message.clock_resolution_ns(), 1, kCoarsestClock.count()));
  request.changes = static_cast<FileChanges>(message.changes());
  SKERRY_ASSIGN(request.input_files, take_input_files(message));
  if (message.has_session()) {
    request.session = take_session(message.session());
    request.program.is_continued = true;
  }
  if (message.has_second_session()) request.second_session = take_session(message.second_session());
  return order;
}

}  // namespace skerry::worker
