// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "skerry/grpc/service.h"
#include "skerry/store/session_name.h"
#include "skerry/workspace/file_calls.h"

#include "shannon/sandbox.pb.h"

namespace skerry::shannon {

/// Whose memory a client names. Memory is of people, whose names are shorter than sessions' may be:
/// kInvalidArgument for others.
Result<store::SessionName> user_named(const std::string& text);

/// Files of sessions and simple commands over them: `shannon.sandbox.SandboxService`. NotFound,
/// AlreadyExists and FailedPrecondition are reported in the response; gRPC's codes are for what is
/// not allowed, makes no sense, or exceeds a quota.
class SandboxService final : public grpc::Service {
 public:
  /// The files must outlive it.
  explicit SandboxService(workspace::FileCalls& files);

 private:
  Work file_read(grpc::Call& call, const ::shannon::sandbox::FileReadRequest& request,
                 ::shannon::sandbox::FileReadResponse& response);
  Work file_write(grpc::Call& call, ::shannon::sandbox::FileWriteRequest& request,
                  ::shannon::sandbox::FileWriteResponse& response);
  Work file_list(grpc::Call& call, const ::shannon::sandbox::FileListRequest& request,
                 ::shannon::sandbox::FileListResponse& response);
  Work execute_command(grpc::Call& call, const ::shannon::sandbox::CommandRequest& request,
                       ::shannon::sandbox::CommandResponse& response);
  Work file_search(grpc::Call& call, const ::shannon::sandbox::FileSearchRequest& request,
                   ::shannon::sandbox::FileSearchResponse& response);
  Work file_edit(grpc::Call& call, const ::shannon::sandbox::FileEditRequest& request,
                 ::shannon::sandbox::FileEditResponse& response);
  Work file_delete(grpc::Call& call, const ::shannon::sandbox::FileDeleteRequest& request,
                   ::shannon::sandbox::FileDeleteResponse& response);

  workspace::FileCalls& files_;
};

}  // namespace skerry::shannon
