// SPDX-License-Identifier: Apache-2.0
#include "skerry/service/skerry_service.h"

#include <memory>
#include <utility>

#include "skerry/runtime/installation.h"
#include "skerry/service/grpc_call.h"
#include "skerry/service/grpc_gate.h"
#include "skerry/service/run_order.h"
#include "skerry/tool/python_executor.h"
#include "skerry/tool/run_report.h"

namespace skerry::service {
namespace {

using nlohmann::json;
using tool::SessionRef;

constexpr std::size_t kMaxImport = std::size_t{64} << 20;

/// The request as `/v1/run` has it, so that both are checked alike.
json parameters_of(const v1::RunRequest& request) {
  json given{{"code", request.code()}};
  if (!request.session().empty()) given["session"] = request.session();
  if (!request.template_().empty()) given["template"] = request.template_();
  if (!request.stdin().empty()) given["stdin"] = request.stdin();
  if (!request.isolation().empty()) given["isolation"] = request.isolation();
  if (request.args_size() > 0) {
    given["args"] = std::vector<std::string>(request.args().begin(), request.args().end());
  }
  for (const auto& [name, value] : request.env()) given["env"][name] = value;
  if (request.has_timeout()) given["timeout"] = request.timeout();
  if (request.has_memory()) given["memory"] = request.memory();
  if (request.has_max_output()) given["max_output"] = request.max_output();
  if (request.has_seed()) given["seed"] = request.seed();
  if (request.durable()) given["durable"] = true;
  return given;
}

v1::Outcome proto_of(const tool::RunReport& report) {
  const sandbox::Outcome& outcome = report.outcome;
  v1::Outcome told;
  told.set_outcome(std::string(sandbox::name_of(outcome.kind)));
  told.set_exit_code(outcome.exit_code);
  told.set_message(outcome.message);
  if (outcome.exception) {
    auto& exception = *told.mutable_exception();
    exception.set_type(outcome.exception->type);
    exception.set_message(outcome.exception->message);
    for (const sandbox::Frame& frame : outcome.exception->frames) {
      auto& added = *exception.add_frames();
      added.set_file(frame.file);
      added.set_line(frame.line);
      added.set_function(frame.function);
      added.set_source(frame.source);
    }
  }
  if (outcome.limit) {
    told.mutable_limit()->set_name(outcome.limit->limit);
    told.mutable_limit()->set_value(outcome.limit->value);
    told.mutable_limit()->set_unit(outcome.limit->unit);
    told.mutable_limit()->set_option(outcome.limit->option);
  }
  if (report.standard_output.was_cut) told.add_truncated("stdout");
  if (report.standard_error.was_cut) told.add_truncated("stderr");
  if (report.session) {
    auto& session = *told.mutable_session();
    session.set_name(report.session->name);
    session.set_revision(report.session->revision);
    session.set_saved(report.session->saved);
    session.set_message(report.session->message);
    session.set_notice(report.session->notice);
    session.set_bytes(report.session->bytes);
  }
  using Milliseconds = std::chrono::duration<double, std::milli>;
  auto& usage = *told.mutable_usage();
  usage.set_wall_ms(Milliseconds(outcome.usage.wall).count());
  usage.set_cpu_ms(Milliseconds(outcome.usage.cpu).count());
  usage.set_peak_memory_bytes(outcome.usage.peak_memory.value);
  usage.set_dirty_pages(outcome.usage.dirty_pages);
  if (outcome.usage.fuel) usage.set_fuel(*outcome.usage.fuel);
  return told;
}

v1::Session proto_of(const session::SessionInfo& info) {
  v1::Session told;
  told.set_name(info.name);
  told.set_template_(info.template_name);
  told.set_head(info.head);
  told.set_revisions(info.revisions);
  told.set_runs(info.runs);
  told.set_bytes(info.bytes);
  told.set_created_unix_ns(info.created_unix_ns);
  told.set_used_unix_ns(info.used_unix_ns);
  return told;
}

v1::Revision proto_of(const session::RevisionInfo& info) {
  v1::Revision told;
  told.set_revision(info.number);
  if (info.parent) told.set_parent(*info.parent);
  told.set_head(info.is_head);
  told.set_created_unix_ns(info.created_unix_ns);
  told.set_first_line(info.first_line);
  told.set_outcome(info.outcome);
  told.set_label(info.label);
  told.set_bytes(info.bytes);
  told.set_pages(info.pages);
  told.set_durable(info.is_durable);
  return told;
}

void add_all(const tool::Variables& variables,
             google::protobuf::RepeatedPtrField<v1::DiffResponse::Variable>& to) {
  for (const auto& [name, variable] : variables) {
    v1::DiffResponse::Variable& added = *to.Add();
    added.set_name(name);
    added.set_type(variable.type);
    added.set_value(variable.text);
  }
}

/// On whose behalf a call is made that is about sessions: theirs who may run.
Result<std::string> tenant_of(const access::Gate& gate, const grpc::ServerContextBase& context) {
  SKERRY_ASSIGN(tool::Caller caller, caller_of(gate, context));
  SKERRY_TRY(tool::check_may_run(caller));
  return caller.tenant;
}

}  // namespace

grpc::ServerWriteReactor<v1::RunEvent>* SkerryService::Run(grpc::CallbackServerContext* context,
                                                           const v1::RunRequest* request) {
  using Call = StreamCall<v1::RunEvent>;
  return Call::start(io_, [this, context, request](Call::Send send) -> GrpcWork::Work {
    auto caller = admitted(gate_, *context);
    if (!caller.ok()) co_return grpc_status(caller.status());
    auto order = run_order(parameters_of(*request), rules_);
    if (!order.ok()) co_return grpc_status(order.status());
    tool::OutputSeen seen = [send](wasi::Stream stream, std::string_view text) {
      v1::RunEvent event;
      (stream == wasi::Stream::kStdout ? *event.mutable_stdout() : *event.mutable_stderr()) = text;
      send(std::move(event));
    };
    std::function<void()> begun = [send] {
      v1::RunEvent event;
      event.mutable_started();
      send(std::move(event));
    };
    const auto report = co_await runs_.run(*std::move(caller), *std::move(order), std::move(seen),
                                           std::move(begun));
    if (!report.ok()) co_return grpc_status(report.status());
    if (report->outcome.result) {
      v1::RunEvent event;
      event.set_result(*report->outcome.result);
      send(std::move(event));
    }
    v1::RunEvent last;
    *last.mutable_outcome() = proto_of(*report);
    send(std::move(last));
    // The program did well, and yet what it left is lost.
    if (report->session && !report->session->failure.ok()) {
      co_return grpc_status(report->session->failure);
    }
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::ListSessions(grpc::CallbackServerContext* context,
                                                      const v1::ListSessionsRequest*,
                                                      v1::ListSessionsResponse* response) {
  return UnaryCall::start(io_, [this, context, response]() -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    const auto all = co_await sessions_.list(*std::move(tenant));
    if (!all.ok()) co_return grpc_status(all.status());
    for (const auto& each : *all) *response->add_sessions() = proto_of(each);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::GetSession(grpc::CallbackServerContext* context,
                                                    const v1::GetSessionRequest* request,
                                                    v1::Session* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    const auto info = co_await sessions_.info(std::move(ref));
    if (!info.ok()) co_return grpc_status(info.status());
    *response = proto_of(*info);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::GetSessionLog(grpc::CallbackServerContext* context,
                                                       const v1::GetSessionLogRequest* request,
                                                       v1::SessionLog* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    const auto log = co_await sessions_.log(std::move(ref));
    if (!log.ok()) co_return grpc_status(log.status());
    for (const auto& each : log->revisions) *response->add_revisions() = proto_of(each);
    for (const auto& each : log->events) {
      auto& event = *response->add_events();
      event.set_at_unix_ns(each.at_unix_ns);
      event.set_text(each.text);
    }
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::Checkpoint(grpc::CallbackServerContext* context,
                                                    const v1::CheckpointRequest* request,
                                                    v1::CheckpointResponse* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    std::string label = request->label();
    const auto made = co_await sessions_.checkpoint(std::move(ref), std::move(label));
    if (!made.ok()) co_return grpc_status(made.status());
    *response->mutable_revision() = proto_of(made->info);
    response->set_replaced_label(made->replaced);
    if (made->taken) response->set_label_taken_from(*made->taken);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::Rewind(grpc::CallbackServerContext* context,
                                                const v1::RewindRequest* request,
                                                v1::Revision* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    std::string revision = request->revision();
    const auto now = co_await sessions_.rewind(std::move(ref), std::move(revision));
    if (!now.ok()) co_return grpc_status(now.status());
    *response = proto_of(*now);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::Fork(grpc::CallbackServerContext* context,
                                              const v1::ForkRequest* request,
                                              v1::Session* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    std::string name = request->name();
    const auto forked = co_await sessions_.fork(std::move(ref), std::move(name));
    if (!forked.ok()) co_return grpc_status(forked.status());
    *response = proto_of(*forked);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::Diff(grpc::CallbackServerContext* context,
                                              const v1::DiffRequest* request,
                                              v1::DiffResponse* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    if (request->from().empty()) {
      co_return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                             "there is no revision in \"from\"");
    }
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    std::string from = request->from();
    std::string to = request->to();
    const auto found = co_await sessions_.diff(std::move(ref), std::move(from), std::move(to));
    if (!found.ok()) co_return grpc_status(found.status());
    add_all(found->added, *response->mutable_added());
    add_all(found->changed, *response->mutable_changed());
    add_all(found->removed, *response->mutable_removed());
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::ClearSessions(grpc::CallbackServerContext* context,
                                                       const v1::ClearSessionsRequest* request,
                                                       v1::ClearSessionsResponse* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    if (request->all() == !request->session().empty()) {
      co_return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                             "give either a session, or \"all\"");
    }
    std::optional<std::string> name;
    if (!request->all()) name = request->session();
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    const auto cleared = co_await sessions_.clear(*std::move(tenant), std::move(name));
    if (!cleared.ok()) co_return grpc_status(cleared.status());
    response->set_cleared(*cleared);
    co_return grpc::Status::OK;
  });
}

grpc::ServerWriteReactor<v1::ExportPiece>* SkerryService::ExportSession(
    grpc::CallbackServerContext* context, const v1::ExportSessionRequest* request) {
  using Call = StreamCall<v1::ExportPiece>;
  return Call::start(io_, [this, context, request](Call::Send send) -> GrpcWork::Work {
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    std::string revision = request->revision();
    const auto exported = co_await sessions_.export_revision(std::move(ref), std::move(revision));
    if (!exported.ok()) co_return grpc_status(exported.status());
    for (;;) {
      auto making = (*exported)->next();
      auto data = co_await std::move(making);
      if (!data.ok()) co_return grpc_status(data.status());
      if (data->empty()) co_return grpc::Status::OK;
      v1::ExportPiece piece;
      piece.set_data(*std::move(data));
      send(std::move(piece));
      const bool listens = co_await send.drained();
      if (!listens) co_return grpc::Status(grpc::StatusCode::CANCELLED, "nobody listens");
    }
  });
}

grpc::ServerUnaryReactor* SkerryService::ImportSession(grpc::CallbackServerContext* context,
                                                       const v1::ImportSessionRequest* request,
                                                       v1::Revision* response) {
  return UnaryCall::start(io_, [this, context, request, response]() -> GrpcWork::Work {
    if (request->data().size() > kMaxImport) {
      co_return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                             "an export of more than 64 MiB; `skerry session import` takes larger "
                             "ones");
    }
    auto tenant = tenant_of(gate_, *context);
    if (!tenant.ok()) co_return grpc_status(tenant.status());
    SessionRef ref{.tenant = *std::move(tenant), .name = request->session()};
    std::string data = request->data();
    const auto made = co_await sessions_.import(std::move(ref), std::move(data));
    if (!made.ok()) co_return grpc_status(made.status());
    *response = proto_of(*made);
    co_return grpc::Status::OK;
  });
}

grpc::ServerUnaryReactor* SkerryService::ListTemplates(grpc::CallbackServerContext* context,
                                                       const v1::ListTemplatesRequest*,
                                                       v1::ListTemplatesResponse* response) {
  return UnaryCall::start(io_, [this, context, response]() -> GrpcWork::Work {
    if (const auto caller = caller_of(gate_, *context); !caller.ok()) {
      co_return grpc_status(caller.status());
    }
    for (const runtime::TemplateRecipe& each : runtime::python_templates()) {
      auto& added = *response->add_templates();
      added.set_name(each.name);
      added.set_is_default(each.name == runtime::kDefaultTemplate);
    }
    co_return grpc::Status::OK;
  });
}

}  // namespace skerry::service
