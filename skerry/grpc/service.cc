// SPDX-License-Identifier: Apache-2.0
#include "skerry/grpc/service.h"

#include <cstdio>
#include <cstdlib>

namespace skerry::grpc {

Service::Work Service::read_one(Call& call, google::protobuf::Message& request) {
  auto reading = call.read(request);
  const auto has_message = co_await std::move(reading);
  if (!has_message.ok()) co_return has_message.status();
  if (!*has_message) co_return absl::InternalError("the call has no message");
  co_return ok_status();
}

void Service::add(const char* name, MethodOptions options,
                  const google::protobuf::Descriptor* request,
                  const google::protobuf::Descriptor* response, std::function<Work(Call&)> handle) {
  const auto* method = descriptor_->FindMethodByName(name);
  if (method == nullptr || method->input_type() != request || method->output_type() != response) {
    // A mistake of ours that the first start finds.
    std::fprintf(stderr, "skerry: %s has no method %s with these messages\n",
                 descriptor_->full_name().c_str(), name);
    std::abort();
  }
  methods_[name] = {.options = options,
                    .streams_requests = method->client_streaming(),
                    .streams_responses = method->server_streaming(),
                    .handle = std::move(handle)};
}

void Service::unimplemented(const char* name, const char* why) {
  const auto* method = descriptor_->FindMethodByName(name);
  if (method == nullptr) std::abort();
  add(name, {.access = Access::kOpen}, method->input_type(), method->output_type(),
      [why](Call&) -> Work { co_return absl::UnimplementedError(why); });
}

}  // namespace skerry::grpc
