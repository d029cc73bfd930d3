// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

#include <google/protobuf/descriptor.h>

#include "skerry/base/status.h"

namespace skerry::grpc {

/// Values that a request may have, messages in messages included: as of JSON.
inline constexpr std::size_t kMaxValues = 100'000;

/// Counts the values in `bytes`, a message of `type` that a client sent, before Protobuf builds
/// anything: a value of two bytes may take a hundred once it is parsed. Takes linear time and no
/// memory. kInvalidArgument when there are more than `kMaxValues`, or messages in each other deeper
/// than Protobuf reads; kInternal when it is no message.
Status check_message(std::string_view bytes, const google::protobuf::Descriptor& type);

}  // namespace skerry::grpc
