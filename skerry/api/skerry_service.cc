// SPDX-License-Identifier: Apache-2.0
#include "skerry/api/skerry_service.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <boost/asio/this_coro.hpp>

#include "skerry/api/byte_range.h"
#include "skerry/api/live_run.h"
#include "skerry/api/output_relay.h"
#include "skerry/api/run_order.h"
#include "skerry/run/message_decoder.h"
#include "skerry/run/message_json.h"
#include "skerry/session/session_report.h"
#include "skerry/tool/run_report.h"

namespace skerry::api {
namespace {

using session::SessionRef;
using session::Sessions;

// Of a run: its program, its input and its arguments.
constexpr std::size_t kMaxRunMessage = std::size_t{16} << 20;
constexpr std::size_t kMaxArchive = workspace::SessionFiles::kMaxBytes;

/// `handler`, for requests that fit the options of their message; others are refused in the words
/// that HTTP has for them.
template <typename Request, typename Handler>
auto checked(Handler handler) {
  run::MessageDecoder decoder(*Request::descriptor(), "a session");
  return [decoder = std::move(decoder), handler = std::move(handler)](
             grpc::Call& call, Request& request, auto& answer) -> grpc::Service::Work {
    if (Status fits = decoder.complete(request); !fits.ok()) co_return fits;
    auto handling = handler(call, request, answer);
    co_return co_await std::move(handling);
  };
}

/// A handler of a request about one session, which is what `method` takes.
template <typename Method>
auto with_session(Sessions& sessions, Method method) {
  return
      [&sessions, method](grpc::Call& call, auto& request, auto& response) -> grpc::Service::Work {
        SessionRef ref{.principal = call.principal(), .name = request.session()};
        auto working = (sessions.*method)(std::move(ref), std::move(request));
        const auto result = co_await std::move(working);
        if (!result.ok()) co_return result.status();
        response = session::proto_of(*result);
        co_return ok_status();
      };
}

/// How a client of Run gets output.
OutputRelay::Client client_of(grpc::Writer<v1::RunEvent>& writer) {
  return {.send =
              [&writer](wasi::Stream stream, std::string_view text) {
                v1::RunEvent event;
                (stream == wasi::Stream::kStdout ? *event.mutable_stdout()
                                                 : *event.mutable_stderr()) = text;
                writer.send(event);
              },
          .unsent = [&writer] { return writer.unsent(); },
          .drained = [&writer]() -> boost::asio::awaitable<void> {
            auto draining = writer.drained();
            (void)co_await std::move(draining);
          }};
}

tool::RunCallbacks callbacks_of(grpc::Writer<v1::RunEvent>& writer, OutputRelay& relay) {
  tool::RunCallbacks callbacks;
  callbacks.output = relay.callback();
  callbacks.displayed = [&writer, &relay](sandbox::Display display) {
    v1::RunEvent event;
    *event.mutable_display() = tool::proto_of(std::move(display));
    relay.send_between([&] { writer.send(event); });
  };
  callbacks.begun = [&writer] {
    v1::RunEvent event;
    event.mutable_started();
    writer.send(event);
  };
  callbacks.warned = [&writer](std::string_view text) {
    v1::RunEvent event;
    event.set_warning(std::string(text));
    writer.send(event);
  };
  return callbacks;
}

/// Sends the last events of a run. What the call ends with.
Status send_end(const Result<tool::RunReport>& report, grpc::Writer<v1::RunEvent>& writer) {
  if (!report.ok()) return report.status();
  if (report->outcome.result) {
    v1::RunEvent event;
    event.set_result(*report->outcome.result);
    writer.send(event);
  }
  v1::RunEvent last;
  *last.mutable_outcome() = tool::proto_of(*report);
  writer.send(last);
  // The program did well, and yet what it left is lost.
  if (report->session && !report->session->failure.ok()) return report->session->failure;
  return ok_status();
}

/// The next piece of input that a client of RunInteractive sends.
boost::asio::awaitable<Result<std::optional<worker::InputPiece>>> next_piece(grpc::Call& call) {
  using Piece = worker::InputPiece;
  v1::RunInput input;
  auto reading = call.read(input);
  const auto has_message = co_await std::move(reading);
  if (!has_message.ok()) co_return has_message.status();
  if (!*has_message) co_return std::nullopt;
  switch (input.input_case()) {
    case v1::RunInput::kText:
      co_return Piece{.text = std::move(*input.mutable_text())};
    case v1::RunInput::kEnd:
      if (input.end()) co_return Piece{.kind = Piece::Kind::kEnd};
      co_return absl::InvalidArgumentError("end is true, or not there");
    case v1::RunInput::kInterrupt:
      if (input.interrupt()) co_return Piece{.kind = Piece::Kind::kInterrupt};
      co_return absl::InvalidArgumentError("interrupt is true, or not there");
    case v1::RunInput::kRun:
      co_return absl::InvalidArgumentError("a run comes in the first message alone");
    case v1::RunInput::INPUT_NOT_SET:
      co_return absl::InvalidArgumentError("a message holds none of text, end and interrupt");
  }
  co_return absl::InternalError("no such message");
}

void fill(v1::StoredFile& message, const workspace::SessionFiles::Stored& stored) {
  message.set_path(stored.path);
  message.set_size(stored.size);
}

/// Sends what `source` gives, piece by piece, as quickly as the client takes it.
template <typename Source, typename Piece>
grpc::Service::Work send_pieces(Source& source, grpc::Writer<Piece>& writer) {
  for (;;) {
    auto making = source.next();
    auto data = co_await std::move(making);
    if (!data.ok()) co_return data.status();
    if (data->empty()) co_return ok_status();
    Piece piece;
    piece.set_data(*std::move(data));
    writer.send(piece);
    auto draining = writer.drained();
    if (!co_await std::move(draining)) co_return absl::CancelledError("the client has gone");
  }
}

/// The pieces of a client of UnpackFiles, joined: they count among all clients' bodies.
boost::asio::awaitable<Result<std::string>> collect_archive(grpc::Call& call) {
  std::string archive;
  v1::UnpackFilesRequest message;
  for (;;) {
    auto reading = call.read(message);
    const auto has_message = co_await std::move(reading);
    if (!has_message.ok()) co_return has_message.status();
    if (!*has_message) co_return archive;
    if (message.input_case() != v1::UnpackFilesRequest::kData) {
      co_return absl::InvalidArgumentError("a message behind the first holds no data");
    }
    const std::size_t size = archive.size() + message.data().size();
    if (size > kMaxArchive) co_return absl::InvalidArgumentError("an archive of more than 64 MiB");
    // Seldom copied, as room that is not filled takes addresses and no memory.
    if (size > archive.capacity()) archive.reserve(std::min(8 * size, kMaxArchive));
    archive += message.data();
    call.set_kept(size);
  }
}

}  // namespace

SkerryService::SkerryService(tool::Runs& runs, session::Sessions& sessions,
                             workspace::FileCalls& files, const RunDecoder& decoder)
    : grpc::Service(v1::RunRequest::descriptor()->file()->service(0)),
      runs_(runs),
      sessions_(sessions),
      files_(files),
      decoder_(decoder) {
  const grpc::MethodOptions sessions_of_tenant{.access = grpc::Access::kRun};
  const grpc::MethodOptions imports{.access = grpc::Access::kRun,
                                    .max_message = session::kMaxExport + (1 << 20)};
  add_runs();
  add_files();
  unary<v1::ListSessionsRequest, v1::ListSessionsResponse>(
      "ListSessions", sessions_of_tenant,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return list_sessions(call, request, response);
      });
  unary<v1::GetSessionRequest, v1::Session>(
      "GetSession", sessions_of_tenant,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return get_session(call, request, response);
      });
  unary<v1::GetSessionLogRequest, v1::SessionLog>(
      "GetSessionLog", sessions_of_tenant,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return get_session_log(call, request, response);
      });
  unary<v1::CheckpointRequest, v1::CheckpointResponse>(
      "Checkpoint", sessions_of_tenant,
      checked<v1::CheckpointRequest>(with_session(sessions_, &Sessions::checkpoint)));
  unary<v1::RewindRequest, v1::Revision>(
      "Rewind", sessions_of_tenant,
      checked<v1::RewindRequest>(with_session(sessions_, &Sessions::rewind)));
  unary<v1::ForkRequest, v1::Session>(
      "Fork", sessions_of_tenant,
      checked<v1::ForkRequest>(with_session(sessions_, &Sessions::fork)));
  unary<v1::DiffRequest, v1::DiffResponse>(
      "Diff", sessions_of_tenant,
      checked<v1::DiffRequest>(with_session(sessions_, &Sessions::diff)));
  unary<v1::ClearSessionsRequest, v1::ClearSessionsResponse>(
      "ClearSessions", sessions_of_tenant,
      [this](grpc::Call& call, const auto& request, auto& response) {
        return clear_sessions(call, request, response);
      });
  streamed<v1::ExportSessionRequest, v1::ExportPiece>(
      "ExportSession", sessions_of_tenant,
      checked<v1::ExportSessionRequest>(
          [this](grpc::Call& call, const auto& request, auto& writer) {
            return export_session(call, request, writer);
          }));
  unary<v1::ImportSessionRequest, v1::Revision>(
      "ImportSession", imports, [this](grpc::Call& call, auto& request, auto& response) {
        return import_session(call, request, response);
      });
  unary<v1::ListTemplatesRequest, v1::ListTemplatesResponse>(
      "ListTemplates", {.access = grpc::Access::kKey},
      [this](grpc::Call& call, const auto& request, auto& response) {
        return list_templates(call, request, response);
      });
}

void SkerryService::add_runs() {
  const grpc::MethodOptions programs{.access = grpc::Access::kRun, .max_message = kMaxRunMessage};
  streamed<v1::RunRequest, v1::RunEvent>(
      "Run", programs,
      [this](grpc::Call& call, auto& request, auto& writer) { return run(call, request, writer); });
  bidirectional<v1::RunInput, v1::RunEvent>(
      "RunInteractive", programs,
      [this](grpc::Call& call, auto& writer) { return run_interactive(call, writer); });
}

void SkerryService::add_files() {
  const grpc::MethodOptions files_of_tenant{.access = grpc::Access::kRun};
  unary<v1::MoveFileRequest, v1::StoredFile>(
      "MoveFile", files_of_tenant,
      checked<v1::MoveFileRequest>([this](grpc::Call& call, const auto& request, auto& response) {
        return move_file(call, request, response);
      }));
  streamed<v1::ArchiveFilesRequest, v1::ArchivePiece>(
      "ArchiveFiles", files_of_tenant,
      checked<v1::ArchiveFilesRequest>([this](grpc::Call& call, const auto& request, auto& writer) {
        return archive_files(call, request, writer);
      }));
  collected<v1::UnpackFilesRequest, v1::StoredFile>(
      "UnpackFiles", files_of_tenant,
      [this](grpc::Call& call, auto& response) { return unpack_files(call, response); });
}

grpc::Service::Work SkerryService::run(grpc::Call& call, v1::RunRequest& request,
                                       grpc::Writer<v1::RunEvent>& writer) {
  access::Principal caller = call.principal();
  auto order = decoder_.decode(std::move(request));
  if (!order.ok()) co_return order.status();
  OutputRelay relay(co_await boost::asio::this_coro::executor, client_of(writer),
                    order->output_events_per_second);
  auto running =
      relay.during(runs_.run(std::move(caller), *std::move(order), callbacks_of(writer, relay)));
  const auto report = co_await std::move(running);
  co_return send_end(report, writer);
}

grpc::Service::Work SkerryService::run_interactive(grpc::Call& call,
                                                   grpc::Writer<v1::RunEvent>& writer) {
  v1::RunInput first;
  auto reading = call.read(first);
  if (const auto has_message = co_await std::move(reading); !has_message.ok()) {
    co_return has_message.status();
  }
  if (!first.has_run()) {
    co_return absl::InvalidArgumentError("the first message holds no run");
  }
  access::Principal caller = call.principal();
  auto order = decoder_.decode(std::move(*first.mutable_run()), InputForm::kLive);
  first.Clear();
  if (!order.ok()) co_return order.status();
  const auto executor = co_await boost::asio::this_coro::executor;
  call.set_patience(LiveRun::kPatience);
  OutputRelay::Client client = client_of(writer);
  LiveRun live(executor, order->input,
               {.next = [&call] { return next_piece(call); },
                .unsent = client.unsent,
                .drained = client.drained});
  OutputRelay relay(executor, std::move(client), order->output_events_per_second);
  tool::RunCallbacks callbacks = callbacks_of(writer, relay);
  callbacks.waiting = [&](bool is_waiting) {
    live.waiting(is_waiting);
    relay.flush();  // a prompt, for one
    v1::RunEvent event;
    event.set_waiting(is_waiting);
    writer.send(event);
  };
  auto running = live.during(
      relay.during(runs_.run(std::move(caller), *std::move(order), std::move(callbacks))));
  const auto report = co_await std::move(running);
  co_return send_end(report, writer);
}

grpc::Service::Work SkerryService::list_sessions(grpc::Call& call, const v1::ListSessionsRequest&,
                                                 v1::ListSessionsResponse& response) {
  access::Principal caller = call.principal();
  const auto all = co_await sessions_.list(std::move(caller));
  if (!all.ok()) co_return all.status();
  response = session::proto_of(*all);
  co_return ok_status();
}

grpc::Service::Work SkerryService::get_session(grpc::Call& call,
                                               const v1::GetSessionRequest& request,
                                               v1::Session& response) {
  access::Principal caller = call.principal();
  SessionRef ref{.principal = std::move(caller), .name = request.session()};
  const auto info = co_await sessions_.info(std::move(ref));
  if (!info.ok()) co_return info.status();
  response = session::proto_of(*info);
  co_return ok_status();
}

grpc::Service::Work SkerryService::get_session_log(grpc::Call& call,
                                                   const v1::GetSessionLogRequest& request,
                                                   v1::SessionLog& response) {
  access::Principal caller = call.principal();
  SessionRef ref{.principal = std::move(caller), .name = request.session()};
  const auto log = co_await sessions_.log(std::move(ref));
  if (!log.ok()) co_return log.status();
  response = session::proto_of(*log);
  co_return ok_status();
}

grpc::Service::Work SkerryService::clear_sessions(grpc::Call& call,
                                                  const v1::ClearSessionsRequest& request,
                                                  v1::ClearSessionsResponse& response) {
  if (request.all() == !request.session().empty()) {
    co_return absl::InvalidArgumentError("give either a session, or \"all\"");
  }
  std::optional<std::string> name;
  if (!request.all()) name = request.session();
  access::Principal caller = call.principal();
  const auto cleared = co_await sessions_.clear(std::move(caller), std::move(name));
  if (!cleared.ok()) co_return cleared.status();
  response.set_cleared(*cleared);
  co_return ok_status();
}

grpc::Service::Work SkerryService::export_session(grpc::Call& call,
                                                  const v1::ExportSessionRequest& request,
                                                  grpc::Writer<v1::ExportPiece>& writer) {
  access::Principal caller = call.principal();
  SessionRef ref{.principal = std::move(caller), .name = request.session()};
  std::string revision = request.revision();
  const auto exported = co_await sessions_.export_revision(std::move(ref), std::move(revision));
  if (!exported.ok()) co_return exported.status();
  auto sending = send_pieces(**exported, writer);
  co_return co_await std::move(sending);
}

grpc::Service::Work SkerryService::import_session(grpc::Call& call,
                                                  v1::ImportSessionRequest& request,
                                                  v1::Revision& response) {
  if (request.data().size() > session::kMaxExport) {
    co_return absl::InvalidArgumentError(
        "an export of more than 160 MiB; `skerry session import` takes larger "
        "ones");
  }
  access::Principal caller = call.principal();
  SessionRef ref{.principal = std::move(caller), .name = request.session()};
  std::string data = std::move(*request.mutable_data());
  const auto made = co_await sessions_.import(std::move(ref), std::move(data));
  if (!made.ok()) co_return made.status();
  response = session::proto_of(*made);
  co_return ok_status();
}

grpc::Service::Work SkerryService::move_file(grpc::Call& call, const v1::MoveFileRequest& request,
                                             v1::StoredFile& response) {
  workspace::FileRef ref{
      .principal = call.principal(), .session = request.session(), .path = request.from()};
  auto moving = files_.move(std::move(ref), request.to());
  const auto moved = co_await std::move(moving);
  if (!moved.ok()) co_return moved.status();
  fill(response, *moved);
  co_return ok_status();
}

grpc::Service::Work SkerryService::archive_files(grpc::Call& call,
                                                 const v1::ArchiveFilesRequest& request,
                                                 grpc::Writer<v1::ArchivePiece>& writer) {
  workspace::FileRef ref{
      .principal = call.principal(), .session = request.session(), .path = request.path()};
  auto packing = files_.pack(std::move(ref));
  auto content = co_await std::move(packing);
  if (!content.ok()) co_return content.status();
  const ByteRange all{.first = 0, .length = content->text.size()};
  const auto pieces = pieces_of(std::move(content->text), all);
  if (!pieces.ok()) co_return pieces.status();
  auto sending = send_pieces(**pieces, writer);
  co_return co_await std::move(sending);
}

grpc::Service::Work SkerryService::unpack_files(grpc::Call& call, v1::StoredFile& response) {
  v1::UnpackFilesRequest message;
  auto reading = call.read(message);
  if (const auto has_message = co_await std::move(reading); !has_message.ok()) {
    co_return has_message.status();
  }
  if (!message.has_target()) {
    co_return absl::InvalidArgumentError("the first message holds no target");
  }
  workspace::FileRef ref{.principal = call.principal(),
                         .session = message.target().session(),
                         .path = message.target().path()};
  // Before the archive comes.
  if (const Status checked = files_.check(ref); !checked.ok()) co_return checked;
  auto collecting = collect_archive(call);
  auto archive = co_await std::move(collecting);
  if (!archive.ok()) co_return archive.status();
  auto unpacking = files_.unpack(std::move(ref), *std::move(archive));
  const auto stored = co_await std::move(unpacking);
  if (!stored.ok()) co_return stored.status();
  fill(response, *stored);
  co_return ok_status();
}

grpc::Service::Work SkerryService::list_templates(grpc::Call&, const v1::ListTemplatesRequest&,
                                                  v1::ListTemplatesResponse& response) {
  const RunRules& rules = decoder_.rules();
  for (const std::string& each : rules.templates) {
    auto& added = *response.add_templates();
    added.set_name(each);
    added.set_is_default(each == rules.default_template);
  }
  co_return ok_status();
}

}  // namespace skerry::api
