// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/io_context.hpp>

#include "skerry/access/gate.h"
#include "skerry/workspace/file_calls.h"

#include "shannon/sandbox.grpc.pb.h"

namespace skerry::service {

/// Files of sessions and simple commands over them: `shannon.sandbox.SandboxService`. What is not
/// there, or not of the kind that was asked for, is a good answer that says so; gRPC's codes are
/// for what is not allowed, makes no sense, or comes to a quota.
///
/// gRPC calls it on its threads; the work begins on the loop's. All that it is given must outlive
/// the server.
class SandboxService final : public shannon::sandbox::SandboxService::CallbackService {
 public:
  SandboxService(boost::asio::io_context& io, access::Gate& gate, workspace::FileCalls& files)
      : io_(io), gate_(gate), files_(files) {}

  grpc::ServerUnaryReactor* FileRead(grpc::CallbackServerContext* context,
                                     const shannon::sandbox::FileReadRequest* request,
                                     shannon::sandbox::FileReadResponse* response) override;
  grpc::ServerUnaryReactor* FileWrite(grpc::CallbackServerContext* context,
                                      const shannon::sandbox::FileWriteRequest* request,
                                      shannon::sandbox::FileWriteResponse* response) override;
  grpc::ServerUnaryReactor* FileList(grpc::CallbackServerContext* context,
                                     const shannon::sandbox::FileListRequest* request,
                                     shannon::sandbox::FileListResponse* response) override;
  grpc::ServerUnaryReactor* ExecuteCommand(grpc::CallbackServerContext* context,
                                           const shannon::sandbox::CommandRequest* request,
                                           shannon::sandbox::CommandResponse* response) override;
  grpc::ServerUnaryReactor* FileSearch(grpc::CallbackServerContext* context,
                                       const shannon::sandbox::FileSearchRequest* request,
                                       shannon::sandbox::FileSearchResponse* response) override;
  grpc::ServerUnaryReactor* FileEdit(grpc::CallbackServerContext* context,
                                     const shannon::sandbox::FileEditRequest* request,
                                     shannon::sandbox::FileEditResponse* response) override;
  grpc::ServerUnaryReactor* FileDelete(grpc::CallbackServerContext* context,
                                       const shannon::sandbox::FileDeleteRequest* request,
                                       shannon::sandbox::FileDeleteResponse* response) override;

 private:
  boost::asio::io_context& io_;
  access::Gate& gate_;
  workspace::FileCalls& files_;
};

}  // namespace skerry::service
