// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>

#include "skerry/access/gate.h"
#include "skerry/service/run_order.h"
#include "skerry/tool/runs.h"
#include "skerry/tool/sessions.h"
#include "skerry/v1/skerry.grpc.pb.h"

namespace skerry::service {

/// Our own service over gRPC: runs that tell what happens, sessions, templates.
///
/// gRPC calls it on its threads; the work is done on the loop's. All that it is given must outlive
/// the server.
class SkerryService final : public v1::Skerry::CallbackService {
 public:
  SkerryService(boost::asio::io_context& io, access::Gate& gate, tool::Runs& runs,
                tool::Sessions& sessions, const RunRules& rules)
      : io_(io), gate_(gate), runs_(runs), sessions_(sessions), rules_(rules) {}

  grpc::ServerWriteReactor<v1::RunEvent>* Run(grpc::CallbackServerContext* context,
                                              const v1::RunRequest* request) override;
  grpc::ServerUnaryReactor* ListSessions(grpc::CallbackServerContext* context,
                                         const v1::ListSessionsRequest* request,
                                         v1::ListSessionsResponse* response) override;
  grpc::ServerUnaryReactor* GetSession(grpc::CallbackServerContext* context,
                                       const v1::GetSessionRequest* request,
                                       v1::Session* response) override;
  grpc::ServerUnaryReactor* GetSessionLog(grpc::CallbackServerContext* context,
                                          const v1::GetSessionLogRequest* request,
                                          v1::SessionLog* response) override;
  grpc::ServerUnaryReactor* Checkpoint(grpc::CallbackServerContext* context,
                                       const v1::CheckpointRequest* request,
                                       v1::CheckpointResponse* response) override;
  grpc::ServerUnaryReactor* Rewind(grpc::CallbackServerContext* context,
                                   const v1::RewindRequest* request,
                                   v1::Revision* response) override;
  grpc::ServerUnaryReactor* Fork(grpc::CallbackServerContext* context,
                                 const v1::ForkRequest* request, v1::Session* response) override;
  grpc::ServerUnaryReactor* Diff(grpc::CallbackServerContext* context,
                                 const v1::DiffRequest* request,
                                 v1::DiffResponse* response) override;
  grpc::ServerUnaryReactor* ClearSessions(grpc::CallbackServerContext* context,
                                          const v1::ClearSessionsRequest* request,
                                          v1::ClearSessionsResponse* response) override;
  grpc::ServerWriteReactor<v1::ExportPiece>* ExportSession(
      grpc::CallbackServerContext* context, const v1::ExportSessionRequest* request) override;
  grpc::ServerUnaryReactor* ImportSession(grpc::CallbackServerContext* context,
                                          const v1::ImportSessionRequest* request,
                                          v1::Revision* response) override;
  grpc::ServerUnaryReactor* ListTemplates(grpc::CallbackServerContext* context,
                                          const v1::ListTemplatesRequest* request,
                                          v1::ListTemplatesResponse* response) override;

 private:
  boost::asio::io_context& io_;
  access::Gate& gate_;
  tool::Runs& runs_;
  tool::Sessions& sessions_;
  RunRules rules_;
};

}  // namespace skerry::service
