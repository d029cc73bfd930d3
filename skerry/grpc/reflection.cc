// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/reflection.h"

#include <set>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include "grpc/reflection/v1/reflection.pb.h"
#include "grpc/reflection/v1alpha/reflection.pb.h"

namespace skerry::grpc {
namespace {

namespace pb = google::protobuf;
namespace v1 = ::grpc::reflection::v1;
namespace v1alpha = ::grpc::reflection::v1alpha;
using boost::asio::awaitable;

// Answers that wait for the client before the next question is read.
constexpr std::size_t kMaxWaiting = 1 << 20;
constexpr const char* kUnknownName = "nothing of this name is known";

/// The service in one of its versions, whose messages are alike.
template <typename Request, typename Response>
class Reflection final : public Service {
 public:
  Reflection(const Server& server, const pb::ServiceDescriptor* descriptor)
      : Service(descriptor), server_(server) {
    bidirectional<Request, Response>(
        "ServerReflectionInfo", {.access = Access::kOpen},
        [this](Call& call, Writer<Response>& writer) { return answer(call, writer); });
  }

 private:
  Work answer(Call& call, Writer<Response>& writer) {
    for (;;) {
      Request request;
      auto reading = call.read(request);
      const auto is_there = co_await std::move(reading);
      if (!is_there.ok()) co_return is_there.status();
      if (!*is_there) co_return ok_status();
      writer.send(response_to(request));
      auto draining = writer.drained(kMaxWaiting);
      if (!co_await std::move(draining)) co_return absl::CancelledError("the client has gone");
    }
  }

  Response response_to(const Request& request) const {
    Response response;
    response.set_valid_host(request.host());
    *response.mutable_original_request() = request;
    const auto* pool = pb::DescriptorPool::generated_pool();
    switch (request.message_request_case()) {
      case Request::kFileByFilename:
        add_files(pool->FindFileByName(request.file_by_filename()), response);
        break;
      case Request::kFileContainingSymbol:
        add_files(pool->FindFileContainingSymbol(request.file_containing_symbol()), response);
        break;
      case Request::kListServices:
        for (const Service* each : server_.services()) {
          response.mutable_list_services_response()->add_service()->set_name(each->name());
        }
        break;
      case Request::kFileContainingExtension:
        add_files(file_with(request.file_containing_extension()), response);
        break;
      case Request::kAllExtensionNumbersOfType:
        add_extensions(request.all_extension_numbers_of_type(), response);
        break;
      default:
        add_error(StatusCode::kInvalidArgument, "the request asks for nothing", response);
    }
    return response;
  }

  static void add_error(StatusCode code, const char* why, Response& response) {
    response.mutable_error_response()->set_error_code(static_cast<int>(code));
    response.mutable_error_response()->set_error_message(why);
  }

  /// The file that extends a message so: of ours, those extend options of fields. Null: none does.
  template <typename Extension>
  static const pb::FileDescriptor* file_with(const Extension& extension) {
    const auto* pool = pb::DescriptorPool::generated_pool();
    const auto* type = pool->FindMessageTypeByName(extension.containing_type());
    if (type == nullptr) return nullptr;
    const auto* found = pool->FindExtensionByNumber(type, extension.extension_number());
    return found == nullptr ? nullptr : found->file();
  }

  static void add_extensions(const std::string& name, Response& response) {
    const auto* pool = pb::DescriptorPool::generated_pool();
    const auto* type = pool->FindMessageTypeByName(name);
    if (type == nullptr) {
      add_error(StatusCode::kNotFound, kUnknownName, response);
      return;
    }
    auto& told = *response.mutable_all_extension_numbers_response();
    told.set_base_type_name(name);
    std::vector<const pb::FieldDescriptor*> extensions;
    pool->FindAllExtensions(type, &extensions);
    for (const pb::FieldDescriptor* each : extensions) told.add_extension_number(each->number());
  }

  /// A file, and those that it needs.
  static void add_files(const pb::FileDescriptor* file, Response& response) {
    if (file == nullptr) {
      add_error(StatusCode::kNotFound, kUnknownName, response);
      return;
    }
    std::set<const pb::FileDescriptor*> added;
    add(file, added, *response.mutable_file_descriptor_response());
  }

  template <typename Files>
  static void add(const pb::FileDescriptor* file, std::set<const pb::FileDescriptor*>& added,
                  Files& files) {
    if (!added.insert(file).second) return;
    pb::FileDescriptorProto description;
    file->CopyTo(&description);
    files.add_file_descriptor_proto(description.SerializeAsString());
    for (int i = 0; i < file->dependency_count(); ++i) add(file->dependency(i), added, files);
  }

  const Server& server_;
};

}  // namespace

std::vector<std::unique_ptr<Service>> reflection_services(const Server& server) {
  std::vector<std::unique_ptr<Service>> services;
  services.push_back(
      std::make_unique<Reflection<v1::ServerReflectionRequest, v1::ServerReflectionResponse>>(
          server, v1::ServerReflectionRequest::descriptor()->file()->service(0)));
  services.push_back(
      std::make_unique<
          Reflection<v1alpha::ServerReflectionRequest, v1alpha::ServerReflectionResponse>>(
          server, v1alpha::ServerReflectionRequest::descriptor()->file()->service(0)));
  return services;
}

}  // namespace skerry::grpc
