// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "skerry/api/run_order.h"
#include "skerry/grpc/service.h"
#include "skerry/session/sessions.h"
#include "skerry/tool/runs.h"
#include "skerry/v1/skerry.pb.h"
#include "skerry/workspace/session_files.h"

namespace skerry::api {

/// Our own service over gRPC: runs with their events, sessions, their files, templates.
class SkerryService final : public grpc::Service {
 public:
  /// All must outlive it.
  SkerryService(tool::Runs& runs, session::Sessions& sessions, workspace::FileCalls& files,
                const RunDecoder& decoder);

 private:
  void add_runs();
  void add_files();
  Work run(grpc::Call& call, v1::RunRequest& request, grpc::Writer<v1::RunEvent>& writer);
  Work run_interactive(grpc::Call& call, grpc::Writer<v1::RunEvent>& writer);
  Work list_sessions(grpc::Call& call, const v1::ListSessionsRequest& request,
                     v1::ListSessionsResponse& response);
  Work get_session(grpc::Call& call, const v1::GetSessionRequest& request, v1::Session& response);
  Work get_session_log(grpc::Call& call, const v1::GetSessionLogRequest& request,
                       v1::SessionLog& response);
  Work clear_sessions(grpc::Call& call, const v1::ClearSessionsRequest& request,
                      v1::ClearSessionsResponse& response);
  Work export_session(grpc::Call& call, const v1::ExportSessionRequest& request,
                      grpc::Writer<v1::ExportPiece>& writer);
  Work import_session(grpc::Call& call, v1::ImportSessionRequest& request, v1::Revision& response);
  Work move_file(grpc::Call& call, const v1::MoveFileRequest& request, v1::StoredFile& response);
  Work archive_files(grpc::Call& call, const v1::ArchiveFilesRequest& request,
                     grpc::Writer<v1::ArchivePiece>& writer);
  Work unpack_files(grpc::Call& call, v1::StoredFile& response);
  Work list_templates(grpc::Call& call, const v1::ListTemplatesRequest& request,
                      v1::ListTemplatesResponse& response);

  tool::Runs& runs_;
  session::Sessions& sessions_;
  workspace::SessionFiles files_;
  const RunDecoder& decoder_;
};

}  // namespace skerry::api
